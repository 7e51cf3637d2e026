import ModelIR
import Quantizing
import TestSupport
import Testing

@Suite("Encoding of ggml's blocks")
struct EncodingTests {
  /// The blocks of these numbers.
  static func encoded(_ numbers: [Float], _ type: GGMLType) throws -> [UInt8] {
    let encoder = try #require(BlockEncoder(type))
    let blockCount = numbers.count / type.blockElements
    var blocks = [UInt8](repeating: 0xA5, count: blockCount * type.blockBytes)
    try encoder.encode(encodingBytes(numbers), from: 0, blockCount: blockCount, into: &blocks, at: 0)
    return blocks
  }

  @Test("ggml's own blocks come out byte for byte", arguments: NaiveEncoding.types)
  func goldens(type: GGMLType) throws {
    let source = try Fixture.bytes("gguf/types/_source.safetensors")
    let headerLength = source[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = String(decoding: source[8..<8 + headerLength], as: UTF8.self)
    // `"x":{"dtype":"F32","shape":[10,512],"data_offsets":[start,end]}`
    let offset = try #require(
      header.firstMatch(of: /"x":\{"dtype":"F32","shape":\[10, ?512\],"data_offsets":\[(\d+)/)?.1
    )
    let start = 8 + headerLength + (try #require(Int(offset)))
    let encoder = try #require(BlockEncoder(type))
    let blockCount = 5120 / type.blockElements
    var blocks = [UInt8](repeating: 0xA5, count: blockCount * type.blockBytes)
    try encoder.encode(source, from: start, blockCount: blockCount, into: &blocks, at: 0)
    // The only tensor of its file ends it, padded to 32 bytes.
    let name = "\(type)"
    let file = try Fixture.bytes("gguf/types/\(name).gguf")
    let dataStart = file.count - (blocks.count + 31) / 32 * 32
    #expect(blocks == Array(file[dataStart..<dataStart + blocks.count]))
  }

  @Test("Types without an encoder here have none")
  func otherTypes() {
    for type in GGMLType.allCases where !NaiveEncoding.types.contains(type) {
      #expect(BlockEncoder(type) == nil)
    }
  }

  @Test("Blocks are those of the formulas, whatever the numbers", arguments: NaiveEncoding.types)
  func formulas(type: GGMLType) throws {
    try withSeed { generator in
      for kind in EncodingNumbers.allCases {
        for _ in 0..<(type.blockElements == 256 ? 4 : 12) {
          let numbers = kind.draw(type.blockElements, &generator)
          let expected = try NaiveEncoding.block(type, numbers)
          do {
            let blocks = try Self.encoded(numbers, type)
            try #require(blocks == expected, "\(kind): \(numbers)")
          } catch let problem as EncodingProblem {
            // Numbers around 2^-126 need the exponent that stands for NaN, and the sum of wide ones is beyond all halves.
            let isRefused = type == .mxfp4 ? expected[0] == 255 : type == .q8_1 && expected[3] & 0x7C == 0x7C
            try #require(problem == .scaleOutOfRange(at: 0) && isRefused, "\(kind): \(numbers)")
          }
        }
      }
    }
  }

  @Test(
    "Any number of blocks is encoded at any place, and nothing around it is touched",
    arguments: NaiveEncoding.types
  )
  func places(type: GGMLType) throws {
    try withSeed { generator in
      let encoder = try #require(BlockEncoder(type))
      let elements = type.blockElements
      // The last count takes two pieces.
      for blockCount in [0, 1, 2, 7, 4096 / elements + 2] {
        let numbers = EncodingNumbers.plain.draw(blockCount * elements, &generator)
        for (start, target) in blockCount == 7 ? [(0, 0), (3, 1), (4, 2)] : [(5, 3)] {
          let bytes = [UInt8](repeating: 0xFF, count: start) + encodingBytes(numbers)
          let size = blockCount * type.blockBytes
          var blocks = [UInt8](repeating: 0x5A, count: target + size + 5)
          try encoder.encode(bytes, from: start, blockCount: blockCount, into: &blocks, at: target)
          var expected = [UInt8](repeating: 0x5A, count: target)
          for block in 0..<blockCount {
            expected += try Self.encoded(Array(numbers[block * elements..<(block + 1) * elements]), type)
          }
          try #require(blocks == expected + [UInt8](repeating: 0x5A, count: 5))
        }
      }
    }
  }

  @Test("The first NaN or infinity is refused with its index", arguments: NaiveEncoding.types)
  func nonFinite(type: GGMLType) throws {
    let encoder = try #require(BlockEncoder(type))
    let blockCount = 4096 / type.blockElements + 2
    let count = blockCount * type.blockElements
    var blocks = [UInt8](repeating: 0, count: blockCount * type.blockBytes)
    for bad in [Float.nan, .infinity, -.infinity, Float(bitPattern: 0xFF80_0001)] {
      for index in [0, 31, 4095, 4096, count - 1] {
        var numbers = [Float](repeating: 0.5, count: count)
        numbers[index] = bad
        numbers[count - 1] = .nan
        let bytes = [0xFF] + encodingBytes(numbers)
        #expect(throws: EncodingProblem.nonFinite(at: index)) {
          try encoder.encode(bytes, from: 1, blockCount: blockCount, into: &blocks, at: 0)
        }
      }
    }
  }

  @Test(
    "Opposite infinities of one block don't cancel out, and large numbers aren't taken for infinite",
    arguments: [GGMLType.q4_0, .nvfp4]
  )
  func cancelling(type: GGMLType) throws {
    var numbers = [Float](repeating: 1, count: 64)
    numbers[5] = .infinity
    numbers[37] = -.infinity
    #expect(throws: EncodingProblem.nonFinite(at: 5)) { try Self.encoded(numbers, type) }
    numbers = [Float](repeating: .greatestFiniteMagnitude, count: 64)
    if type == .nvfp4 {
      #expect(try Self.encoded(numbers, type) == NaiveEncoding.block(type, numbers))
    } else {
      #expect(throws: EncodingProblem.scaleOutOfRange(at: 0)) { try Self.encoded(numbers, type) }
    }
  }

  @Test(
    "Scales that the type can't store are refused with the block's first element",
    arguments: [
      (.q8_0, 1e7), (.q8_1, 4e6), (.q4_0, 1e6), (.q4_1, 2e6), (.q5_0, 2e6), (.q5_1, 4e6), (.q4_K, 1e8),
      (.q5_K, 2e8), (.q6_K, 1e9), (.q6_K, 1e30), (.tq1_0, 7e4), (.tq2_0, 7e4), (.q2_0, 7e4), (.q1_0, 7e4),
      (.mxfp4, 0x1p-126),
    ] as [(GGMLType, Float)]
  )
  func scales(type: GGMLType, size: Float) throws {
    let fitting = [Float](repeating: 1, count: 3 * type.blockElements)
    let large = (0..<type.blockElements).map { $0 % 3 == 1 ? -size : size }
    #expect(throws: EncodingProblem.scaleOutOfRange(at: fitting.count)) {
      try Self.encoded(fitting + large + large, type)
    }
  }
}
