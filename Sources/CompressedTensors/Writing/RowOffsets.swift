public import ModelIR

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
          offsets(of: Int(count), mask, at: offset, fromRow: row, &sums),
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
    _ sums: inout [UInt64]
  ) throws -> [UInt8] {
    let rows = indices * sums.count
    var bytes = [UInt8](repeating: 0, count: rows * 8)
    var next = row
    var place = 0
    // Long rows are read a few at a time.
    let rowsPerRead = max(1, (1 << 18) / maskBytesPerRow)
    while place < rows {
      let count = min(rowsPerRead, UInt64(rows - place))
      let counts = try populations(mask, at: offset, fromRow: next, count: Int(count))
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
    count: Int
  ) throws -> [UInt64] {
    var counts = [UInt64](repeating: 0, count: count)
    let piece = UInt64(1 << 18)
    var buffer: [UInt8] = []
    if maskBytesPerRow > piece {
      var start: UInt64 = 0
      while start < maskBytesPerRow {
        let length = Int(min(piece, maskBytesPerRow - start))
        buffer = [UInt8](repeating: 0, count: length)
        try mask.read(length, at: offset + row * maskBytesPerRow + start, into: &buffer, startingAt: 0)
        for byte in buffer { counts[0] += UInt64(byte.nonzeroBitCount) }
        start += UInt64(length)
      }
      return counts
    }
    let stride = Int(maskBytesPerRow)
    buffer = [UInt8](repeating: 0, count: count * stride)
    try mask.read(buffer.count, at: offset + row * maskBytesPerRow, into: &buffer, startingAt: 0)
    var place = 0
    for index in 0..<count {
      var sum = 0
      let end = place + stride
      while place < end {
        sum &+= buffer[place].nonzeroBitCount
        place &+= 1
      }
      counts[index] = UInt64(sum)
    }
    return counts
  }
}
