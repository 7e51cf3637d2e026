internal import ModelIR

/// Whole numbers that no file holds, as 64-bit integers.
struct ConstantRow: RowDecoding {
  private let numbers: [UInt64]
  var rows: UInt64 { 1 }
  var columns: UInt64 { UInt64(numbers.count) }
  var elementBytes: Int { 8 }

  /// These numbers.
  init(_ numbers: [UInt64]) { self.numbers = numbers }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    for (index, column) in columns.enumerated() {
      for byte in 0..<8 {
        buffer[start + index * 8 + byte] = UInt8(truncatingIfNeeded: numbers[Int(column)] >> (byte * 8))
      }
    }
  }
}
