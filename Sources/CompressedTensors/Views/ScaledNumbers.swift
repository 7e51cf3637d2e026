internal import ModelIR

/// Single-precision numbers times one factor.
struct ScaledNumbers: RowDecoding {
  private let numbers: any RowDecoding
  private let factor: Float
  var rows: UInt64 { numbers.rows }
  var columns: UInt64 { numbers.columns }
  var elementBytes: Int { 4 }

  /// `numbers`, single-precision ones, times `factor`.
  init(_ numbers: any RowDecoding, by factor: Float) {
    precondition(numbers.elementBytes == 4, "numbers are of single precision")
    self.numbers = numbers
    self.factor = factor
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    try numbers.decode(rows, columns, into: &buffer, startingAt: start)
    for place in stride(from: start, to: start + rows.count * columns.count * 4, by: 4) {
      let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(buffer[place + $1]) << UInt32($1 * 8) }
      let product = (Float(bitPattern: bits) * factor).bitPattern
      for byte in 0..<4 { buffer[place + byte] = UInt8(truncatingIfNeeded: product >> UInt32(byte * 8)) }
    }
  }
}
