import ModelIR
import SparseCoding
import Testing

/// Two bits set of every four.
@Suite("Two of four")
struct PairTests {
  /// As compressed-tensors sets them.
  private static let filled: [UInt8] = [12, 5, 10, 3, 12, 5, 6, 3, 12, 9, 10, 3, 12, 3, 3, 3]

  /// The masks of fours and the elements that they stand for, one four after the other.
  private static func naive(_ sample: DenseSample) -> (masks: [UInt8], values: [UInt64]) {
    var masks: [UInt8] = []
    var values: [UInt64] = []
    for start in stride(from: 0, to: sample.elements.count, by: 4) {
      let four = sample.elements[start..<start + 4]
      let stored = four.enumerated().reduce(0) { $0 | ($1.element == 0 ? 0 : 1 << $1.offset) }
      let bits = filled[stored]
      masks.append(bits)
      values += four.enumerated().filter { bits >> UInt8($0.offset) & 1 == 1 }.map(\.element)
    }
    return (masks, values)
  }

  private static let shapes: [Shape] = [
    .of(1, 4), .of(3, 4), .of(5, 8), .of(7, 12), .of(2, 20), .of(3, 60), .of(2, 64), .of(4, 132), .of(9, 512),
  ]

  @Test(
    "Fours with fewer elements are filled up by the table, and the elements of all are collected in order",
    arguments: [8, 16, 32, 64],
    shapes
  )
  func collecting(bits: Int, shape: Shape) throws {
    var generator = SeededGenerator(stream: "pairs \(bits) \(shape)")
    for percentage in [0, 20, 60, 100] {
      let sample = DenseSample(
        type: generator.pick(ElementType.ofWidth(bits)),
        shape: shape,
        percentage: percentage,
        complyingWith: NMPattern(kept: 2, group: 4),
        using: &generator
      )
      let grid = ChunkGrid(shape: shape, elementBytes: bits / 8, chunkBytes: 1 << 20)
      let coder = try #require(ChunkCoder(layout: .bitmask, elementType: sample.type, grid: grid))
      var encoded = EncodedChunk()
      var proof: [UInt8] = []
      _ = try coder.encode(sample.bytes, grid[0], before: 0, into: &encoded)
      coder.collectPairs(sample.bytes, grid[0], PairTable(filled: Self.filled), into: &encoded)
      let expected = Self.naive(sample)
      let columns = Int(shape.columns)
      var masks: [UInt8] = []
      for row in 0..<Int(shape.rows) {
        for group in 0..<columns / 4 {
          let byte: UInt8 = encoded.structure[row * ((columns + 7) / 8) + group / 2]
          masks.append(group % 2 == 0 ? byte & 15 : byte >> 4)
        }
      }
      #expect(masks == expected.masks, "\(sample)")
      let values = Array(encoded.values[..<encoded.valueByteCount])
      #expect(littleEndianNumbers(values, width: bits / 8) == expected.values, "\(sample)")
      #expect(coder.countPairs(encoded, grid[0]).areExact, "\(sample)")
      #expect(
        coder.proves(
          encoded,
          grid[0],
          count: expected.values.count,
          before: 0,
          equals: sample.bytes,
          scratch: &proof
        ),
        "\(sample)"
      )
    }
  }

  @Test("Fours with more than two are counted, and fewer than two are noticed", arguments: shapes)
  func counting(shape: Shape) throws {
    var generator = SeededGenerator(stream: "pair counts \(shape)")
    for percentage in [0, 30, 50, 70, 100] {
      let sample = DenseSample(type: .bfloat16, shape: shape, percentage: percentage, using: &generator)
      let grid = ChunkGrid(shape: shape, elementBytes: 2, chunkBytes: 1 << 20)
      let coder = try #require(ChunkCoder(layout: .bitmask, elementType: .bfloat16, grid: grid))
      var encoded = EncodedChunk()
      _ = try coder.encode(sample.bytes, grid[0], before: 0, into: &encoded)
      let counts = stride(from: 0, to: sample.elements.count, by: 4).map { start in
        sample.elements[start..<start + 4].count { $0 != 0 }
      }
      let found = coder.countPairs(encoded, grid[0])
      #expect(found.violations == counts.count { $0 > 2 }, "\(sample)")
      #expect(found.areExact == counts.allSatisfy { $0 == 2 }, "\(sample)")
    }
  }

  @Test("The set bits of rows of any length are counted", arguments: [0, 1, 3, 7, 8, 9, 16, 31, 40, 100])
  func rows(bytesPerRow: Int) {
    var generator = SeededGenerator(stream: "row bits \(bytesPerRow)")
    let mask = (0..<bytesPerRow * 9).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let expected = (0..<9).map { row in
      mask[row * bytesPerRow..<(row + 1) * bytesPerRow].reduce(UInt64(0)) { $0 + UInt64($1.nonzeroBitCount) }
    }
    #expect(SetBits.counts(inRowsOf: mask, bytesPerRow: bytesPerRow, rows: 9) == expected)
  }
}
