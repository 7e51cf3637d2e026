internal import ModelIR

/// Numbers that no file holds, as words of 1 to 8 bytes.
struct ConstantRow: RowDecoding {
  private let numbers: [UInt64]
  let elementBytes: Int
  var rows: UInt64 { 1 }
  var columns: UInt64 { UInt64(numbers.count) }

  /// The low bytes of these numbers, so many of each.
  init(_ numbers: [UInt64], elementBytes: Int = 8) {
    self.numbers = numbers
    self.elementBytes = elementBytes
  }

  /// A single-precision number.
  init(_ number: Float) { self.init([UInt64(number.bitPattern)], elementBytes: 4) }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    for (index, column) in columns.enumerated() {
      for byte in 0..<elementBytes {
        let bits = UInt8(truncatingIfNeeded: numbers[Int(column)] >> (byte * 8))
        buffer[start + index * elementBytes + byte] = bits
      }
    }
  }
}
