import CompressedTensors
import ModelIR
import TestSupport
import Testing

@Suite("Row offsets")
struct RowOffsetsTests {
  @Test(
    "sums along the first axis alone, for any rank, however many rows and however long",
    arguments: [
      [], [1], [9], [70], [1, 1], [5, 3], [3, 8], [40, 17], [1, 6, 9], [4, 1, 9], [7, 3, 9], [3, 2, 2, 5],
      [2, 1, 1, 1, 3], [3, 40_000, 3], [40_000, 1], [2, 33_000, 1, 9], [2, 2_200_000],
    ] as [[UInt64]]
  )
  func sums(_ extents: [UInt64]) throws {
    try withSeed { generator in
      let shape = try #require(Shape(extents))
      let (columns, rows) = (Int(shape.columns), Int(shape.rows))
      let stride = (columns + 7) / 8
      var mask = [UInt8](repeating: 0, count: rows * stride)
      var counts = [UInt64](repeating: 0, count: rows)
      for row in 0..<rows {
        for _ in 0..<Int(generator.next() % 4) {
          let column = Int(generator.next() % UInt64(columns))
          let place = row * stride + column / 8
          if mask[place] >> UInt8(column % 8) & 1 == 0 { counts[row] += 1 }
          mask[place] |= 1 << UInt8(column % 8)
        }
      }
      // Before each row: the rows of the same inner index under smaller indices of the first axis.
      let inner = extents.count < 2 ? 1 : rows / Int(extents[0])
      var sums = [UInt64](repeating: 0, count: inner)
      var expected: [UInt64] = []
      for row in 0..<rows {
        expected.append(sums[row % inner])
        sums[row % inner] += counts[row]
      }
      var found = [UInt8](repeating: 0xA5, count: rows * 8)
      let source = MemorySource([1, 2, 3] + mask, named: "mask")
      try RowOffsets(shape).write(mask: source, at: 3) { bytes, offset in
        found.replaceSubrange(Int(offset)..<Int(offset) + bytes.count, with: bytes)
      }
      try #require(SafetensorsBuilder.Entry("", "I64", [], found).elements == expected)
    }
  }
}
