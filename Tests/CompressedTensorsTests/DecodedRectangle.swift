import TestSupport

/// A choice of consecutive rows and units of columns, and where in a buffer they go.
struct DecodedRectangle {
  let rows: Range<Int>
  let units: Range<Int>
  let start: Int
  let rowStride: Int

  /// These rows and units, at the start of a buffer.
  init(rows: Range<Int>, units: Range<Int>, rowStride: Int) {
    self.rows = rows
    self.units = units
    self.rowStride = rowStride
    start = 0
  }

  /// A random one, neither side empty, whose rows of `unitBytes` a unit are up to 50 bytes apart.
  init(rows: Int, units: Int, unitBytes: Int, using generator: inout SeededGenerator) {
    let firstRow = Int.random(in: 0..<rows, using: &generator)
    self.rows = firstRow..<Int.random(in: (firstRow + 1)...rows, using: &generator)
    let firstUnit = Int.random(in: 0..<units, using: &generator)
    self.units = firstUnit..<Int.random(in: (firstUnit + 1)...units, using: &generator)
    start = Int.random(in: 0..<50, using: &generator)
    rowStride = self.units.count * unitBytes + Int.random(in: 0..<50, using: &generator)
  }

  /// What was in the buffer before.
  static let filler: UInt8 = 0xA5

  /// A buffer with room for the rectangle and a bit more.
  var buffer: [UInt8] { [UInt8](repeating: Self.filler, count: start + rows.count * rowStride + 100) }

  /// The buffer after these bytes of a whole matrix were put into it.
  func expected(of whole: [UInt8], units: Int, unitBytes: Int) -> [UInt8] {
    var expected = buffer
    for (index, row) in rows.enumerated() {
      let source = (row * units + self.units.lowerBound) * unitBytes
      let target = start + index * rowStride
      for byte in 0..<(self.units.count * unitBytes) { expected[target + byte] = whole[source + byte] }
    }
    return expected
  }
}
