import ModelIR
import Quantizing
import TestSupport
import Testing

@Suite("Codes of ggml's blocks")
struct BlockCodesTests {
  static let types = GGMLType.allCases.filter { BlockCodes($0) != nil }

  @Test("Codes are read of all block types that hold a zero, and of no others")
  func heldZeros() {
    #expect(
      Set(Self.types) == [
        .q4_0, .q5_0, .q8_0, .q8_1, .q3_K, .q6_K, .q8_K, .q2_0, .mxfp4, .nvfp4, .tq1_0, .tq2_0,
      ]
    )
  }

  @Test("The golden blocks' codes are zero where ggml's numbers are", arguments: GoldenBlocks.names)
  func golden(name: String) throws {
    let golden = try GoldenBlocks(name)
    guard let codes = BlockCodes(golden.type) else { return }
    let isNonzero = (0..<GoldenBlocks.rows * GoldenBlocks.columns).map { element in
      Float(bitPattern: UInt32(bits(golden.numbers, at: 4 * element, width: 4))) != 0
    }
    var words = [UInt64](repeating: .max, count: isNonzero.count / 64)
    codes.nonzeroBits(golden.blocks, from: 0, blockCount: golden.blockCount, into: &words)
    #expect(isNonzero.indices.map { words[$0 / 64] >> UInt64($0 % 64) & 1 == 1 } == isNonzero)
    let rowBlocks = GoldenBlocks.columns / golden.type.blockElements
    for row in 0..<GoldenBlocks.rows {
      let count = codes.nonzeroCount(
        golden.blocks,
        from: row * rowBlocks * golden.type.blockBytes,
        blockCount: rowBlocks
      )
      #expect(count == isNonzero[(row * GoldenBlocks.columns)...].prefix(GoldenBlocks.columns).count { $0 })
      #expect(row != 2 || count == 0)
    }
    // Row 3 was pruned to 2:4, and these types keep that.
    let row = isNonzero[(3 * GoldenBlocks.columns)...].prefix(GoldenBlocks.columns)
    let groups = stride(from: row.startIndex, to: row.endIndex, by: 4)
    #expect(groups.allSatisfy { start in row[start..<start + 4].count { $0 } <= 2 })
  }

  /// Random blocks of which every third has a scale of 0 or -0 in one of its places.
  static func blocks(_ type: GGMLType, _ count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
    var blocks = generator.bytes(count * type.blockBytes)
    for index in stride(from: 0, to: count, by: 3) {
      let block = index * type.blockBytes
      let sign = UInt8(index % 2) << 7
      switch type {
      case .q3_K:
        // Scale 5 of 16 is 32, which stands for 0.
        blocks[block + 96 + 5] &= 0xF0
        blocks[block + 96 + 9] = blocks[block + 96 + 9] & ~0x0C | 0x08
      case .q6_K: blocks[block + 192 + 7] = 0
      case .nvfp4: (blocks[block], blocks[block + 1], blocks[block + 2]) = (0, 0x7F, 0x80)
      case .q8_K: blocks.replaceSubrange(block..<block + 4, with: [0, 0, 0, sign])
      case .tq1_0: blocks.replaceSubrange(block + 52..<block + 54, with: [0, sign])
      case .tq2_0: blocks.replaceSubrange(block + 64..<block + 66, with: [0, sign])
      case .mxfp4: blocks[block] = 0
      default: blocks.replaceSubrange(block..<block + 2, with: [0, sign])
      }
    }
    return blocks
  }

  @Test(
    "Any blocks' codes are what the formulas say, at any place, and nothing else changes",
    arguments: types
  )
  func anyBlocks(type: GGMLType) throws {
    let codes = try #require(BlockCodes(type))
    try withSeed { generator in
      for (count, start, target) in [(0, 0, 0), (1, 0, 0), (1, 3, 2), (2, 1, 3), (7, 0, 1), (301, 5, 4)] {
        let blocks = generator.bytes(start) + Self.blocks(type, count, &generator)
        let elements = count * type.blockElements
        var expected: [Int8] = []
        for index in 0..<count {
          let first = start + index * type.blockBytes
          let block = NaiveBlock(type: type, bytes: Array(blocks[first..<first + type.blockBytes]))
          for element in 0..<type.blockElements {
            let (code, scale) = block.codeAndScale(element)
            expected.append(scale == 0 ? 0 : Int8(code))
            // A number is 0 if and only if its centred code is.
            let value = block.value(element)
            try #require(!scale.isFinite || (value == 0) == (expected.last == 0))
          }
        }
        var bytes = [UInt8](repeating: 0xA5, count: target + elements + 2)
        codes.centred(blocks, from: start, blockCount: count, into: &bytes, at: target)
        try #require(bytes[..<target].allSatisfy { $0 == 0xA5 } && bytes.suffix(2) == [0xA5, 0xA5])
        try #require(bytes[target..<target + elements].map { Int8(bitPattern: $0) } == expected)

        let wordCount = (elements + 63) / 64
        var words = [UInt64](repeating: 0xA5A5, count: target + wordCount + 2)
        codes.nonzeroBits(blocks, from: start, blockCount: count, into: &words, at: target)
        try #require(words[..<target].allSatisfy { $0 == 0xA5A5 } && words.suffix(2) == [0xA5A5, 0xA5A5])
        for index in 0..<64 * wordCount {
          let bit = words[target + index / 64] >> UInt64(index % 64) & 1
          try #require(bit == (index < elements && expected[index] != 0 ? 1 : 0), "element \(index)")
        }
        let nonzeros = expected.count { $0 != 0 }
        try #require(codes.nonzeroCount(blocks, from: start, blockCount: count) == nonzeros)
      }
    }
  }
}
