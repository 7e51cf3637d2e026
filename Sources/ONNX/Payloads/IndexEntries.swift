internal import ModelIR

/// The indices of a sparse tensor, in any range, as rows and columns of the matrix whose rows are all axes but
/// the last.
///
/// Every read checks that they are within the shape and ascend, from the value read before on: a pass over all of
/// them leaves nothing unchecked, and a file that changed since does no harm.
struct IndexEntries: Sendable {
  /// How many values there are.
  let nnz: UInt64
  /// The extents of the tensor; the last one is the length of a row. Rank 0 counts as `[1]`.
  private let extents: [UInt64]
  private let elementCount: UInt64
  private let areCoordinates: Bool
  private let entries: any RowDecoding
  private let place: PayloadPlace
  /// How many values' indices are found together: those of one cost as much as those of so many.
  let grain: UInt64

  /// The columns of the matrix.
  var columns: UInt64 { extents[extents.count - 1] }

  /// The integers of an index: 1, or the rank for coordinates.
  private var width: Int { areCoordinates ? extents.count : 1 }

  /// Indices that lie in `entries`, one row of 64-bit integers.
  ///
  /// - Parameters:
  ///   - shape: has an element.
  ///   - grain: how many entries are found together.
  init(
    _ entries: any RowDecoding,
    nnz: UInt64,
    areCoordinates: Bool,
    shape: Shape,
    grain: UInt64,
    _ place: PayloadPlace
  ) {
    self.entries = entries
    self.nnz = nnz
    self.areCoordinates = areCoordinates
    self.place = place
    extents = shape.rank == 0 ? [1] : shape.extents
    elementCount = shape.elementCount
    self.grain = max(64, grain / UInt64(areCoordinates ? max(1, shape.rank) : 1))
  }

  /// The most indices that are read at once, so that 64 KiB hold them if the rank leaves a choice.
  var block: Int { max(1, (1 << 13) / width) }

  /// Buffers that are used again.
  struct Workspace {
    fileprivate var bytes: [UInt8] = []
    /// The row of each index.
    fileprivate(set) var rows: [UInt64] = []
    /// The column of each index.
    fileprivate(set) var columns: [UInt64] = []
    /// The value that was read last.
    fileprivate var last: (position: UInt64, row: UInt64, column: UInt64)?
  }

  /// Reads the indices of up to ``block`` values to a workspace.
  /// - Throws: ``PayloadFault`` where one is not within the shape, or not above the one before it; the first of the
  ///   range is compared if the workspace was used for the value before it.
  func read(_ range: Range<UInt64>, _ workspace: inout Workspace) throws {
    let count = range.count
    precondition(count > 0 && count <= block && range.upperBound <= nnz)
    let byteCount = count * width * 8
    if workspace.bytes.count < byteCount { workspace.bytes = [UInt8](repeating: 0, count: byteCount) }
    if workspace.rows.count < count {
      workspace.rows = [UInt64](repeating: 0, count: count)
      workspace.columns = workspace.rows
    }
    let first = range.lowerBound * UInt64(width)
    try entries.decode(0..<1, first..<(first + UInt64(count * width)), into: &workspace.bytes, startingAt: 0)
    var before: (row: UInt64, column: UInt64)?
    if let last = workspace.last, last.position &+ 1 == range.lowerBound { before = (last.row, last.column) }
    workspace.last = nil
    let problem =
      areCoordinates
      ? split(coordinates: workspace.bytes, count, after: before, &workspace.rows, &workspace.columns)
      : split(linear: workspace.bytes, count, after: before, &workspace.rows, &workspace.columns)
    switch problem {
    case nil: break
    case .notAscending(let position):
      throw place.fault(.indicesNotAscending(position: range.lowerBound + UInt64(position)))
    case .outOfRange(let position, let index, let limit):
      throw place.fault(
        .indexOutOfRange(position: range.lowerBound + UInt64(position), index: index, limit: limit)
      )
    }
    workspace.last = (range.upperBound - 1, workspace.rows[count - 1], workspace.columns[count - 1])
  }

  /// What is wrong with the index at a position of a block.
  private enum Problem {
    case notAscending(position: Int)
    case outOfRange(position: Int, index: UInt64, limit: UInt64)
  }

  private func split(
    linear bytes: [UInt8],
    _ count: Int,
    after before: (row: UInt64, column: UInt64)?,
    _ rows: inout [UInt64],
    _ columns: inout [UInt64]
  ) -> Problem? {
    let bytes = bytes.span
    var rows = rows.mutableSpan
    var columns = columns.mutableSpan
    let length = self.columns
    var (row, start): (UInt64, UInt64) = (0, 0)
    // Within the shape, whose elements are counted in 64 bits.
    var least = before.map { $0.row &* length &+ $0.column &+ 1 } ?? 0
    var number = 0
    while number < count {
      let index = bytes.word(at: number &* 8)
      if index >= elementCount { return .outOfRange(position: number, index: index, limit: elementCount) }
      if index < least { return .notAscending(position: number) }
      least = index &+ 1
      // Divisions are slow, and one is enough for a row.
      if index &- start >= length {
        row = index / length
        start = row &* length
      }
      rows[number] = row
      columns[number] = index &- start
      number &+= 1
    }
    return nil
  }

  private func split(
    coordinates bytes: [UInt8],
    _ count: Int,
    after before: (row: UInt64, column: UInt64)?,
    _ rows: inout [UInt64],
    _ columns: inout [UInt64]
  ) -> Problem? {
    let bytes = bytes.span
    var rows = rows.mutableSpan
    var columns = columns.mutableSpan
    let rank = width
    var before = before
    var number = 0
    while number < count {
      var (row, column): (UInt64, UInt64) = (0, 0)
      var axis = 0
      while axis < rank {
        let coordinate = bytes.word(at: (number &* rank &+ axis) &* 8)
        if coordinate >= extents[axis] {
          return .outOfRange(position: number, index: coordinate, limit: extents[axis])
        }
        // Within the shape, whose elements are counted in 64 bits.
        if axis == rank &- 1 {
          column = coordinate
        } else {
          row = row &* extents[axis] &+ coordinate
        }
        axis &+= 1
      }
      if let before, row < before.row || row == before.row && column <= before.column {
        return .notAscending(position: number)
      }
      rows[number] = row
      columns[number] = column
      before = (row, column)
      number &+= 1
    }
    return nil
  }
}

extension Span where Element == UInt8 {
  /// The 64-bit integer whose lowest byte is at `index`.
  @inline(__always)
  func word(at index: Int) -> UInt64 {
    // Unsafe for other types, of which not all bits may mean something; the bounds are checked.
    UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
  }
}
