internal import CKernels
internal import ModelIR

/// Which values of a tensor are not zero, a run of bits for each place on one axis: for small tensors whose places
/// are to be put in another order.
///
/// Memory: a bit for each element.
public struct NonzeroColumns: Sendable {
  /// How many places there are.
  public let columns: Int
  /// How many rows: all elements across the axis.
  public let rows: Int
  /// The words of one column.
  public let wordsPerColumn: Int
  /// The bits, column by column; row 0 is the lowest bit of a column's first word.
  public private(set) var words: [UInt64]

  /// The bits of a tensor along one of its axes.
  /// - Precondition: the view is of the reader's tensor, whose elements can be scanned.
  /// - Throws: what reading throws.
  public init(_ view: AxisView, reader: DenseReader) throws {
    guard let scanType = ScanType(reader.tensor.elementType), let lanes = LaneWidth(reader.tensor.elementType)
    else { preconditionFailure("\(reader.tensor.elementType.name) elements cannot be scanned") }
    let columns = Int(view.extent)
    rows = Int(view.outer * view.inner)
    let wordsPerColumn = (rows + 63) / 64
    var words = [UInt64](repeating: 0, count: columns * wordsPerColumn)
    var workspace = DenseReader.Workspace()
    var buffer: [UInt8] = []
    let inner = Int(view.inner)
    let width = lanes.rawValue
    let magnitude = scanType.kernel.magnitude
    let outerStride = Int(view.extent) * inner
    // One outer index at a time, and of that some slices.
    let slices = max(1, min(Int(view.extent), Self.elementsAtOnce / inner))
    for outer in 0..<Int(view.outer) {
      var slice = 0
      while slice < columns {
        let count = min(slices, columns - slice)
        let start = UInt64(outer * outerStride + slice * inner)
        try reader.readElements(at: start, count: count * inner, &workspace, into: &buffer)
        buffer.withUnsafeBytes { bytes in
          for index in 0..<count * inner {
            var bits: UInt64 = 0
            for byte in 0..<width { bits |= UInt64(bytes[index &* width &+ byte]) &<< UInt64(8 &* byte) }
            guard bits & magnitude != 0 || !scanType.hasZero else { continue }
            let (place, column) = index.quotientAndRemainder(dividingBy: inner)
            let row = outer &* inner &+ column
            words[(slice &+ place) &* wordsPerColumn &+ row &>> 6] |= 1 &<< UInt64(row & 63)
          }
        }
        slice += count
      }
    }
    self.columns = columns
    self.wordsPerColumn = wordsPerColumn
    self.words = words
  }

  private static let elementsAtOnce = 65_536

  /// How many values of each row are not zero, at most.
  public func nonzerosOfFullestRow() -> (row: Int, count: Int) {
    var counts = [Int](repeating: 0, count: rows)
    for column in 0..<columns {
      for word in 0..<wordsPerColumn {
        var bits = words[column * wordsPerColumn + word]
        while bits != 0 {
          counts[word * 64 + bits.trailingZeroBitCount] += 1
          bits &= bits - 1
        }
      }
    }
    let row = counts.indices.max { counts[$0] < counts[$1] } ?? 0
    return (row, counts.isEmpty ? 0 : counts[row])
  }
}
