internal import ModelIR

/// A mask whose bits stand without gaps, read as one whose rows start a byte each; spare bits are 0.
struct RowAlignedMask: RowDecoding {
  private let bits: any RowDecoding
  private let rowBits: UInt64
  private let elementCount: UInt64
  let rows: UInt64
  let columns: UInt64
  var elementBytes: Int { 1 }

  /// The mask of a tensor of this shape; `bits` has a byte for every eight elements of it.
  init(_ bits: any RowDecoding, _ shape: Shape) {
    self.bits = bits
    rowBits = shape.columns
    elementCount = shape.elementCount
    rows = shape.rows
    columns = shape.columns.dividedUp(by: 8)
  }

  /// About how many bytes are read at once.
  private static let block: UInt64 = 1 << 16

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    guard !rows.isEmpty, !columns.isEmpty else { return }
    // Short rows are read together, and long ones only where they are asked for.
    let together = columns.lowerBound == 0 && columns.upperBound == self.columns
    let group = together ? max(1, Self.block * 8 / rowBits) : 1
    var (row, target) = (rows.lowerBound, start)
    while row < rows.upperBound {
      let end = min(row + group, rows.upperBound)
      let first = row * rowBits + columns.lowerBound * 8
      let last = min(first + UInt64(columns.count) * 8, (row + 1) * rowBits) + (end - row - 1) * rowBits
      let flat = try bits.decoded(0..<1, first / 8..<last.dividedUp(by: 8))
      for line in row..<end {
        let place = Int(line * rowBits + columns.lowerBound * 8 - first / 8 * 8)
        let count = min(UInt64(columns.count) * 8, rowBits - columns.lowerBound * 8)
        Self.align(flat, from: place, Int(count), into: &buffer, startingAt: target)
        target += columns.count
      }
      row = end
    }
  }

  /// Copies `count` bits from bit `place` on to whole bytes.
  private static func align(
    _ flat: [UInt8],
    from place: Int,
    _ count: Int,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) {
    let flat = flat.span
    var output = buffer.mutableSpan
    let shift = UInt16(place % 8)
    var (index, left, target) = (place / 8, count, start)
    while left > 0 {
      var pair = UInt16(flat[index])
      if index &+ 1 < flat.count { pair |= UInt16(flat[index &+ 1]) &<< 8 }
      let byte = UInt8(truncatingIfNeeded: pair &>> shift)
      output[target] = left >= 8 ? byte : byte & (1 &<< UInt8(left) &- 1)
      index &+= 1
      left &-= 8
      target &+= 1
    }
  }
}
