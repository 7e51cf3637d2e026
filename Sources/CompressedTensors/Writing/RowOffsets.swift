public import ModelIR
internal import SparseCoding

/// Makes the `row_offsets` part of sparse-bitmask from its mask.
///
/// Offsets are summed along the first axis alone, so beyond two axes they are no places in the values; the
/// library writes them and never reads them (compressed-tensors 0.14, `sparse_bitmask.py`, `bitmask_compress`).
public struct RowOffsets: Sendable {
  private let outer: UInt64
  /// The rows of one index of the first axis.
  private let inner: UInt64
  private let maskBytesPerRow: UInt64

  /// The most rows that are summed side by side.
  private static let block: UInt64 = 1 << 15
  /// The most mask bytes that are read at once.
  private static let readBytes = 1 << 18

  /// The offsets of a tensor of this shape, which has an element.
  public init(_ shape: Shape) {
    outer = shape.rank >= 2 ? shape.extents[0] : 1
    inner = shape.rank >= 2 ? shape.rows / max(outer, 1) : 1
    maskBytesPerRow = shape.columns / 8 + (shape.columns % 8 == 0 ? 0 : 1)
  }

  /// Writes all offsets. Memory: the mask and the offsets of some 32,768 rows.
  /// - Parameters:
  ///   - mask: where the mask's bytes are.
  ///   - offset: where they start.
  ///   - write: takes bytes of the part, and where they start in it.
  /// - Throws: what reading and writing throw.
  public func write(
    mask: any ByteSource,
    at offset: UInt64,
    _ write: (_ bytes: [UInt8], _ offset: UInt64) throws -> Void
  ) throws {
    var buffer: [UInt8] = []
    var first: UInt64 = 0
    while first < inner {
      let width = min(Self.block, inner - first)
      // Stripes that are narrower than the rows of an index come one index at a time.
      let indices = width == inner ? max(1, Self.block / inner) : 1
      var sums = [UInt64](repeating: 0, count: Int(width))
      var index: UInt64 = 0
      while index < outer {
        let count = min(indices, outer - index)
        let row = index * inner + first
        try write(
          offsets(of: Int(count), mask, at: offset, fromRow: row, &sums, &buffer),
          row * 8
        )
        index += count
      }
      first += width
    }
  }

  private func offsets(
    of indices: Int,
    _ mask: any ByteSource,
    at offset: UInt64,
    fromRow row: UInt64,
    _ sums: inout [UInt64],
    _ buffer: inout [UInt8]
  ) throws -> [UInt8] {
    let rows = indices * sums.count
    var bytes = [UInt8](repeating: 0, count: rows * 8)
    var next = row
    var place = 0
    // Long rows are read a few at a time.
    let rowsPerRead = max(1, UInt64(Self.readBytes) / maskBytesPerRow)
    while place < rows {
      let count = min(rowsPerRead, UInt64(rows - place))
      let counts = try populations(mask, at: offset, fromRow: next, count: Int(count), &buffer)
      for count in counts {
        let column = place % sums.count
        for byte in 0..<8 { bytes[place * 8 + byte] = UInt8(truncatingIfNeeded: sums[column] >> (byte * 8)) }
        sums[column] += count
        place += 1
      }
      next += count
    }
    return bytes
  }

  /// The set bits of each of some rows.
  private func populations(
    _ mask: any ByteSource,
    at offset: UInt64,
    fromRow row: UInt64,
    count: Int,
    _ buffer: inout [UInt8]
  ) throws -> [UInt64] {
    let start = offset + row * maskBytesPerRow
    /// The set bits of each of `rows` rows, `first` bytes behind the start.
    func counts(inRows rows: Int, of bytesPerRow: Int, _ first: UInt64) throws -> [UInt64] {
      let byteCount = rows * bytesPerRow
      if buffer.count < byteCount { buffer = [UInt8](repeating: 0, count: byteCount) }
      try mask.read(byteCount, at: start + first, into: &buffer, startingAt: 0)
      return SetBits.counts(inRowsOf: buffer, bytesPerRow: bytesPerRow, rows: rows)
    }
    let piece = UInt64(Self.readBytes)
    if maskBytesPerRow <= piece { return try counts(inRows: count, of: Int(maskBytesPerRow), 0) }
    var sum: UInt64 = 0
    for first in stride(from: 0, to: maskBytesPerRow, by: Self.readBytes) {
      sum += try counts(inRows: 1, of: Int(min(piece, maskBytesPerRow - first)), first)[0]
    }
    return [sum]
  }
}
