import Lossless
import ModelIR
import TestSupport
import Testing

/// All kinds of content.
let everyKind: [ContentKind] =
  ElementType.allCases.map { .elements($0) } + GGMLType.allCases.map { .blocks($0) }

@Suite("Chunks come back bit for bit")
struct ChunkRoundTripTests {
  @Test("of every kind, whatever is in them", arguments: CompressionLevel.allCases)
  func everyKindComesBack(level: CompressionLevel) throws {
    try withSeed { generator in
      var encoder = ChunkEncoder(level: level)
      var decoder = ChunkDecoder()
      for kind in everyKind {
        for sample in ChunkSample.allCases {
          for units in [0, 1, 2, 3, 5, 31, 33, 64, 129, 700, level == .max ? 1500 : 6001]
          where units < 7000 / kind.unitBytes {
            let bytes = sample.bytes(kind, units: units, &generator)
            let chunk = CodedChunk(bytes, as: kind, by: &encoder)
            try #require(chunk.frames.count <= bytes.count + 12, "\(kind) \(sample) \(units)")
            try #require(try chunk.decoded(by: &decoder) == bytes, "\(kind) \(sample) \(units)")
          }
        }
      }
    }
  }

  @Test(
    "of the usual sizes",
    arguments: [ElementType.bfloat16, .float32, .float16, .float64, .int8, .uint8, .int64, .float8E4M3],
    [ChunkSample.gaussian, .sparse50, .sparse90, .escaping, .narrowBFloat16, .narrowFloat16, .random]
  )
  func largeChunksComeBack(type: ElementType, sample: ChunkSample) throws {
    try withSeed { generator in
      var decoder = ChunkDecoder()
      let kind = ContentKind.elements(type)
      let bytes = sample.bytes(kind, units: 140_001, &generator)
      let chunk = CodedChunk(bytes, as: kind)
      try #require(try chunk.decoded(by: &decoder) == bytes)
    }
  }

  @Test("where a range is no whole number of elements") func oddRangesComeBack() throws {
    var decoder = ChunkDecoder()
    for kind in everyKind {
      for count in [1, 3, 7, 1001] {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 / 3) }
        #expect(try CodedChunk(bytes, as: kind).decoded(by: &decoder) == bytes)
      }
    }
  }

  @Test("and are the same from an encoder that was used before", arguments: CompressionLevel.allCases)
  func codingIsAFunctionOfTheChunk(level: CompressionLevel) throws {
    try withSeed { generator in
      var used = ChunkEncoder(level: level)
      for kind: ContentKind in [.elements(.bfloat16), .elements(.float32), .elements(.uint8), .blocks(.q4_0)]
      {
        for sample in [ChunkSample.gaussian, .sparse90, .random] {
          let bytes = sample.bytes(kind, units: 3000 / kind.unitBytes, &generator)
          let first = CodedChunk(bytes, as: kind, by: &used)
          let second = CodedChunk(bytes, as: kind, level: level)
          try #require(first.frames == second.frames && first.record == second.record)
        }
      }
    }
  }

  @Test("by either way to Huffman's code, in nearly the same bytes") func bothWaysAgree() throws {
    try withSeed { generator in
      var first = ChunkEncoder(level: .default)
      var second = ChunkEncoder(level: .default, usesSequences: true)
      var decoder = ChunkDecoder()
      for sample in [ChunkSample.gaussian, .sparse50, .twoOfFour] {
        let bytes = sample.bytes(.elements(.bfloat16), units: 150_000, &generator)
        let one = CodedChunk(bytes, as: .elements(.bfloat16), by: &first)
        let other = CodedChunk(bytes, as: .elements(.bfloat16), by: &second)
        try #require(try other.decoded(by: &decoder) == bytes)
        try #require(abs(one.frames.count - other.frames.count) < one.frames.count / 200)
      }
    }
  }

  @Test("in about the bytes that their entropy asks for")
  func ratios() throws {
    try withSeed { generator in
      let cases: [(ElementType, ChunkSample, CompressionLevel, Double)] = [
        (.bfloat16, .gaussian, .default, 0.68), (.bfloat16, .gaussian, .fast, 0.69),
        (.bfloat16, .sparse90, .default, 0.10), (.bfloat16, .sparse50, .default, 0.40),
        (.bfloat16, .twoOfFour, .default, 0.39), (.float32, .gaussian, .default, 0.85),
        (.float16, .gaussian, .default, 0.88), (.float32, .narrowBFloat16, .default, 0.51),
        (.float32, .narrowFloat16, .default, 0.51), (.int64, .ramp, .default, 0.05),
        (.bfloat16, .equal, .default, 0.001), (.float32, .zero, .fast, 0.001),
        (.float64, .gaussian, .default, 0.92), (.bfloat16, .sparse99, .default, 0.02),
      ]
      for (type, sample, level, most) in cases {
        let bytes = sample.bytes(.elements(type), units: 65_536, &generator)
        let chunk = CodedChunk(bytes, as: .elements(type), level: level)
        let ratio = Double(chunk.frames.count) / Double(bytes.count)
        try #require(ratio <= most, "\(type) \(sample): \(ratio)")
      }
    }
  }
}
