import ModelIR
import Quantizing
import TestSupport
import Testing

@Suite("Decoding ggml's blocks")
struct BlockDecoderTests {
  static let types = GGMLType.allCases.filter { $0.elementType == nil }

  @Test("The golden blocks become the bits that ggml makes of them", arguments: GoldenBlocks.names)
  func golden(name: String) throws {
    let golden = try GoldenBlocks(name)
    let decoder = try #require(BlockDecoder(golden.type))
    var numbers = [UInt8](repeating: 0xA5, count: golden.numbers.count)
    decoder.decode(golden.blocks, from: 0, blockCount: golden.blockCount, into: &numbers, at: 0)
    #expect(numbers == golden.numbers)
    #expect(decoder.firstInvalidBlock(golden.blocks, from: 0, blockCount: golden.blockCount) == nil)
  }

  @Test("The golden files are of every block type")
  func goldenTypes() throws {
    #expect(try Set(GoldenBlocks.names.map { try GoldenBlocks($0).type }) == Set(Self.types))
  }

  @Test("Any blocks become what the formulas say, at any place, and nothing else changes", arguments: types)
  func anyBlocks(type: GGMLType) throws {
    let decoder = try #require(BlockDecoder(type))
    try withSeed { generator in
      for (count, start, target) in [(0, 0, 0), (1, 0, 0), (1, 3, 2), (2, 1, 5), (7, 0, 1), (32, 5, 4)] {
        let blocks = generator.bytes(start + count * type.blockBytes)
        let length = 4 * count * type.blockElements
        var numbers = [UInt8](repeating: 0xA5, count: target + length + 3)
        decoder.decode(blocks, from: start, blockCount: count, into: &numbers, at: target)
        let untouched = numbers[..<target] + numbers.suffix(3)
        try #require(untouched == ArraySlice(repeating: 0xA5, count: target + 3))
        for index in 0..<count {
          let first = start + index * type.blockBytes
          let block = NaiveBlock(type: type, bytes: Array(blocks[first..<first + type.blockBytes]))
          for element in 0..<type.blockElements {
            let expected = block.value(element)
            let place = target + 4 * (index * type.blockElements + element)
            let number = Float(bitPattern: UInt32(bits(numbers, at: place, width: 4)))
            try #require(
              number.bitPattern == expected.bitPattern || number.isNaN && expected.isNaN,
              "element \(element) of block \(index) of \(block.bytes)"
            )
          }
        }
      }
    }
  }

  @Test("Types without blocks have no decoder")
  func plainTypes() {
    for type in GGMLType.allCases {
      #expect((BlockDecoder(type) == nil) == (type.elementType != nil))
    }
  }

  /// The places of a type's half-precision scales and minimums.
  static func halves(_ type: GGMLType) -> [Int] {
    switch type {
    case .q4_1, .q5_1, .q8_1, .q4_K, .q5_K: [0, 2]
    case .q2_K: [80, 82]
    case .q3_K: [108]
    case .q6_K: [208]
    case .tq1_0: [52]
    case .tq2_0: [64]
    case .q8_K, .iq1_M, .mxfp4, .nvfp4: []
    default: [0]
    }
  }

  @Test("A block with an infinite or NaN scale or minimum is the first invalid one", arguments: types)
  func invalidScales(type: GGMLType) throws {
    let decoder = try #require(BlockDecoder(type))
    for place in Self.halves(type) {
      for (half, isValid) in [
        (0x7C00, false), (0xFC00, false), (0x7E01, false), (0xFC01, false), (0xFBFF, true),
      ] {
        var blocks = [UInt8](repeating: 0, count: 1 + 4 * type.blockBytes)
        for index in [2, 3] {
          blocks.replaceSubrange(
            (1 + index * type.blockBytes + place)...,
            with: littleEndian(UInt64(half), width: 2)
              + blocks[(1 + index * type.blockBytes + place + 2)...]
          )
        }
        #expect(decoder.firstInvalidBlock(blocks, from: 1, blockCount: 4) == (isValid ? nil : 2))
        #expect(decoder.firstInvalidBlock(blocks, from: 1, blockCount: 2) == nil)
        #expect(decoder.firstInvalidBlock(blocks, from: 1, blockCount: 0) == nil)
      }
    }
  }

  @Test(
    "What else makes a block invalid",
    arguments: [
      (.q8_K, [0: 0x00, 1: 0x00, 2: 0x80, 3: 0x7F], false), (.q8_K, [2: 0x7F, 3: 0x7F], true),
      (.q8_K, [0: 1, 2: 0x80, 3: 0xFF], false),
      (.mxfp4, [0: 0xFF], false), (.mxfp4, [0: 0xFE, 1: 0xFF], true),
      (.iq1_M, [49: 0x00, 51: 0x00, 53: 0xC0, 55: 0x70], false), (.iq1_M, [53: 0xB0, 55: 0x70], true),
      (.iq1_M, [49: 0x10, 53: 0xC0, 55: 0xF0], false), (.iq1_M, [0: 0xFF, 48: 0xFF, 54: 0xFF], true),
      (.nvfp4, [0: 0x7F, 1: 0xFF, 2: 0x7E], true),
    ] as [(GGMLType, [Int: UInt8], Bool)]
  )
  func otherScales(type: GGMLType, changes: [Int: UInt8], isValid: Bool) throws {
    let decoder = try #require(BlockDecoder(type))
    var blocks = [UInt8](repeating: 0, count: 2 * type.blockBytes)
    for (place, byte) in changes { blocks[type.blockBytes + place] = byte }
    #expect(decoder.firstInvalidBlock(blocks, from: 0, blockCount: 2) == (isValid ? nil : 1))
  }
}
