public import ModelIR

/// A piece of a tensor's matrix: whole rows, or a run of one row.
public struct Chunk: Sendable, Hashable {
  /// The first row.
  public var firstRow: UInt64
  /// How many rows; 1 if the rows are split.
  public var rowCount: Int
  /// The first column: 0 unless the rows are split.
  public var firstColumn: UInt64
  /// How many columns: all of them unless the rows are split.
  public var columnCount: Int

  /// How many elements.
  public var elementCount: Int { rowCount * columnCount }
}

/// How a tensor is cut into chunks: the same for every pass over it, so that what one pass counts tells the
/// next where to write.
///
/// Chunks hold whole rows where a row fits; longer rows are split at multiples of ``alignment`` elements.
/// The last column is the tensor's innermost axis; rank 0 counts as `[1]`.
public struct ChunkGrid: Sendable {
  /// The rows of the matrix.
  public let rows: UInt64
  /// The elements of a row.
  public let columns: UInt64
  /// The bytes of an element.
  public let elementBytes: Int
  /// Where rows may be split: at multiples of this many elements.
  public let alignment: Int
  /// The chunks of one row, more than 1 only if rows are split.
  public let chunksPerRow: UInt64
  /// The rows of one chunk but the last.
  private let rowsPerChunk: UInt64
  /// The columns of one chunk but the last of a row.
  private let columnsPerChunk: UInt64
  /// How many chunks there are.
  public let count: Int

  /// Splits at multiples of 64 elements satisfy bitmask bytes and the common patterns.
  private static let baseAlignment = 64

  /// A grid over a tensor of this shape whose elements take `elementBytes`, cut to chunks of at most
  /// `chunkBytes` dense bytes (or one alignment's worth, if that is more).
  /// - Parameter group: the group of an N:M layout that must not be split.
  public init(shape: Shape, elementBytes: Int, chunkBytes: Int, group: Int = 1) {
    let alignment = Self.baseAlignment * group
    let target = UInt64(max(chunkBytes / elementBytes, alignment))
    self.alignment = alignment
    self.elementBytes = elementBytes
    let isEmpty = shape.elementCount == 0
    rows = isEmpty ? 0 : shape.rows
    columns = isEmpty ? 0 : shape.columns
    if isEmpty {
      (rowsPerChunk, columnsPerChunk, chunksPerRow, count) = (1, 1, 1, 0)
    } else if columns <= target {
      rowsPerChunk = target / columns
      columnsPerChunk = columns
      chunksPerRow = 1
      count = Int((rows - 1) / rowsPerChunk + 1)
    } else {
      rowsPerChunk = 1
      columnsPerChunk = target / UInt64(alignment) * UInt64(alignment)
      chunksPerRow = (columns - 1) / columnsPerChunk + 1
      // Cannot overflow: there are fewer chunks than elements, and those are counted in 64 bits.
      count = Int(rows * chunksPerRow)
    }
  }

  /// Whether rows are split over several chunks.
  public var splitsRows: Bool { chunksPerRow > 1 }

  /// The most elements that a chunk has.
  public var largestChunk: Int { Int(min(rowsPerChunk, max(rows, 1)) * columnsPerChunk) }

  /// The chunk at `index`.
  public subscript(index: Int) -> Chunk {
    precondition(index >= 0 && index < count, "no such chunk")
    let index = UInt64(index)
    if splitsRows {
      let (row, piece) = index.quotientAndRemainder(dividingBy: chunksPerRow)
      let first = piece * columnsPerChunk
      return Chunk(
        firstRow: row,
        rowCount: 1,
        firstColumn: first,
        columnCount: Int(min(columnsPerChunk, columns - first))
      )
    }
    let first = index * rowsPerChunk
    return Chunk(
      firstRow: first,
      rowCount: Int(min(rowsPerChunk, rows - first)),
      firstColumn: 0,
      columnCount: Int(columns)
    )
  }

  /// The chunk that holds the element at `position` of the row-major order.
  public func chunk(holding position: UInt64) -> Int {
    let (row, column) = position.quotientAndRemainder(dividingBy: columns)
    return splitsRows ? Int(row * chunksPerRow + column / columnsPerChunk) : Int(row / rowsPerChunk)
  }

  /// Where a chunk's elements start in the row-major order.
  public func firstElement(of chunk: Chunk) -> UInt64 { chunk.firstRow * columns + chunk.firstColumn }
}
