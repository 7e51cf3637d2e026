internal import ModelIR

/// 6-bit floats with an entry each, read as the bytes that `raw_data` would have: a stream of bits, the lowest
/// first, four elements in three bytes.
struct SixBitElements: RowDecoding {
  private let entries: VarintElements
  var rows: UInt64 { 1 }
  let columns: UInt64
  var elementBytes: Int { 1 }

  /// The elements that `entries` hold, one in each.
  init(_ entries: VarintElements) {
    self.entries = entries
    columns = ONNXDataType.float6E2M3.byteCount(ofElements: entries.columns) ?? 0
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    guard !rows.isEmpty, !columns.isEmpty else { return }
    // Whole groups of three bytes, so that nothing has to be carried.
    let groups = columns.lowerBound / 3..<(columns.upperBound - 1) / 3 + 1
    let elements = groups.lowerBound * 4..<min(groups.upperBound * 4, entries.columns)
    let codes = try entries.decoded(0..<1, elements)
    let skip = Int(columns.lowerBound - groups.lowerBound * 3)
    for index in 0..<columns.count {
      // Bytes start at bit 0, 2 or 4 of an element, so two elements reach over each.
      let bit = (index + skip) * 8
      let (low, shift) = (bit / 6, bit % 6)
      var byte = UInt32(codes[low]) >> UInt32(shift)
      if low + 1 < codes.count { byte |= UInt32(codes[low + 1]) << UInt32(6 - shift) }
      buffer[start + index] = UInt8(truncatingIfNeeded: byte)
    }
  }
}
