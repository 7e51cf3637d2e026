internal import ModelIR
internal import Synchronization

/// A matrix with its axes swapped, made while it is read.
///
/// Memory: one strip of the matrix of at most 8 MB, or a row if that is more, which stays for the reads that follow.
final class TransposedMatrix: RowDecoding {
  private let source: any ByteSource
  private let start: UInt64
  let rows: UInt64
  let columns: UInt64
  let elementBytes: Int
  private let rowsAtATime: UInt64

  private struct Strip {
    var rows: Range<UInt64> = 0..<0
    var bytes: [UInt8] = []
    var scratch: [UInt8] = []
  }
  private let strip = Mutex(Strip())

  private static let stripBytes: UInt64 = 8 << 20

  /// The transpose of the matrix of `shape`, two axes, that lies in a region of `source`.
  init(of shape: Shape, elementBytes: Int, at offset: UInt64, in source: any ByteSource) {
    precondition(shape.rank == 2, "a matrix has two axes")
    self.source = source
    self.elementBytes = elementBytes
    start = offset
    rows = shape.columns
    columns = shape.rows
    rowsAtATime = max(1, Self.stripBytes / max(1, columns * UInt64(elementBytes)))
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    let rowBytes = Int(self.columns) * elementBytes
    try strip.withLock { strip in
      var target = start
      for row in rows {
        if !strip.rows.contains(row) { try fill(&strip, row / rowsAtATime * rowsAtATime) }
        let first = Int(row - strip.rows.lowerBound) * rowBytes + Int(columns.lowerBound) * elementBytes
        let count = columns.count * elementBytes
        buffer.replaceSubrange(target..<target + count, with: strip.bytes[first..<first + count])
        target += count
      }
    }
  }

  /// Reads the columns of the matrix that are the rows from `first` on.
  private func fill(_ strip: inout Strip, _ first: UInt64) throws {
    let end = min(rows, first + rowsAtATime)
    let width = Int(end - first)
    let (height, size) = (Int(columns), elementBytes)
    strip.rows = 0..<0
    if strip.bytes.count < width * height * size { strip.bytes = [UInt8](repeating: 0, count: width * height * size) }
    if strip.scratch.count < width * size { strip.scratch = [UInt8](repeating: 0, count: width * size) }
    var scratch: [UInt8] = []
    swap(&scratch, &strip.scratch)
    defer { swap(&scratch, &strip.scratch) }
    for row in 0..<height {
      let offset = start + (UInt64(row) * rows + first) * UInt64(size)
      try source.read(width * size, at: offset, into: &scratch, startingAt: 0)
      let stored = scratch.span
      var bytes = strip.bytes.mutableSpan
      for column in 0..<width {
        let target = (column &* height &+ row) &* size
        for byte in 0..<size { bytes[target &+ byte] = stored[column &* size &+ byte] }
      }
    }
    strip.rows = first..<end
  }
}
