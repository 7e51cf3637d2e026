import Lossless
import ModelIR
import TestSupport
import Testing

/// Chunks of all modes, small enough to be broken at every byte.
private func smallChunks(_ generator: inout SeededGenerator) -> [CodedChunk] {
  let cases: [(ContentKind, ChunkSample, CompressionLevel)] = [
    (.elements(.bfloat16), .gaussian, .fast), (.elements(.bfloat16), .escaping, .default),
    (.elements(.bfloat16), .sparse50, .default), (.elements(.bfloat16), .sparse90, .default),
    (.elements(.bfloat16), .sparse99, .fast), (.elements(.float32), .gaussian, .default),
    (.elements(.float32), .sparse90, .fast), (.elements(.float32), .narrowFloat16, .default),
    (.elements(.float32), .narrowBFloat16, .default), (.elements(.float16), .gaussian, .default),
    (.elements(.float16), .sparse80, .default), (.elements(.float64), .sparse50, .default),
    (.elements(.int8), .sparse90, .default), (.elements(.int32), .ramp, .default),
    (.elements(.uint8), .ramp, .default), (.elements(.bfloat16), .equal, .default),
    (.blocks(.q4_0), .gaussian, .default), (.blocks(.q3_K), .sparse50, .default),
  ]
  return cases.map { kind, sample, level in
    CodedChunk(sample.bytes(kind, units: 1400 / kind.unitBytes, &generator), as: kind, level: level)
  }
}

@Suite("Broken chunks")
struct HostileChunkTests {
  @Test("A changed byte is found, or changes nothing") func flips() throws {
    try withSeed { generator in
      var decoder = ChunkDecoder()
      for chunk in smallChunks(&generator) {
        for place in chunk.frames.indices {
          for change: UInt8 in [1, 0x80, 0xFF] {
            var broken = chunk
            broken.frames[place] ^= change
            let restored = try? broken.decoded(by: &decoder)
            try #require(restored == nil || restored == chunk.bytes, "byte \(place) of \(chunk.record)")
          }
        }
        try #require(try chunk.decoded(by: &decoder) == chunk.bytes)
      }
    }
  }

  @Test("A record that lies is found, or leads to the right bytes") func records() throws {
    try withSeed { generator in
      var decoder = ChunkDecoder()
      for chunk in smallChunks(&generator) {
        func expectSafe(_ record: ChunkRecord, _ kind: ContentKind) throws {
          var broken = chunk
          broken.record = record
          let restored = try? broken.decoded(by: &decoder)
          try #require(restored == nil || restored == chunk.bytes, "\(record)")
        }
        for mode in 0...UInt8.max {
          guard let mode = ChunkMode(rawValue: mode) else { continue }
          var record = chunk.record
          record.mode = mode
          for kind in everyKind { try expectSafe(record, kind) }
        }
        let numbers: [UInt32] = [0, 1, 2, 3, 699, 700, 701, 1399, 1400, 1401, 0x7FFF_FFFF, .max]
        for number in numbers {
          var record = chunk.record
          record.nonzeroCount = number
          try expectSafe(record, chunk.kind)
          for place in 0..<8 {
            record = chunk.record
            record.planeBytes[place] = number
            try expectSafe(record, chunk.kind)
            // The total stays right.
            for other in 0..<8 where other != place {
              record = chunk.record
              record.planeBytes[place] &-= number
              record.planeBytes[other] &+= number
              try expectSafe(record, chunk.kind)
            }
          }
        }
        for byte in 0...UInt8.max {
          var record = chunk.record
          record.window = byte
          try expectSafe(record, chunk.kind)
          record = chunk.record
          record.base = UInt16(byte)
          try expectSafe(record, chunk.kind)
          record.base = UInt16(byte) << 8 | 0xFF
          try expectSafe(record, chunk.kind)
        }
        var record = chunk.record
        record.hash ^= 1
        var broken = chunk
        broken.record = record
        #expect(throws: ChunkFault(rule: .hash)) { try broken.decoded(by: &decoder) }
      }
    }
  }

  @Test("Frames cut short or longer are refused") func lengths() throws {
    try withSeed { generator in
      var decoder = ChunkDecoder()
      for chunk in smallChunks(&generator) {
        guard let last = (0..<8).last(where: { chunk.record.planeBytes[$0] > 0 }) else { continue }
        for change in [-9, -1, 1, 9] where Int(chunk.record.planeBytes[last]) + change >= 0 {
          var broken = chunk
          broken.record.planeBytes[last] = UInt32(Int(chunk.record.planeBytes[last]) + change)
          broken.frames =
            change < 0
            ? broken.frames.dropLast(-change) : broken.frames + [UInt8](repeating: 0, count: change)
          try #require(throws: ChunkFault.self) { try broken.decoded(by: &decoder) }
        }
      }
    }
  }

  /// A frame of blocks that repeat a byte: what it says of itself, and what is in it.
  private static func frame(
    descriptor: UInt8,
    _ header: [UInt8],
    runs: [Int],
    trailing: [UInt8] = []
  ) -> [UInt8] {
    var frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, descriptor] + header
    for (place, run) in runs.enumerated() {
      let block = run << 3 | 2 | (place == runs.count - 1 ? 1 : 0)
      frame += [UInt8(block & 0xFF), UInt8(block >> 8 & 0xFF), UInt8(block >> 16), 7]
    }
    return frame + trailing
  }

  /// The name of a frame, the frame, and whether it holds 100 bytes of 7 as it should.
  static let frames: [(String, [UInt8], Bool)] = [
    ("as it should be", frame(descriptor: 0xA0, [100, 0, 0, 0], runs: [100]), true),
    ("in two blocks", frame(descriptor: 0xA0, [100, 0, 0, 0], runs: [60, 40]), true),
    ("says 100, holds more", frame(descriptor: 0xA0, [100, 0, 0, 0], runs: [131_072, 131_072]), false),
    ("says 100, holds fewer", frame(descriptor: 0xA0, [100, 0, 0, 0], runs: [99]), false),
    ("says more", frame(descriptor: 0xA0, [101, 0, 0, 0], runs: [101]), false),
    ("says 1", frame(descriptor: 0xA0, [1, 0, 0, 0], runs: [100]), false),
    ("says 4 GB", frame(descriptor: 0xA0, [0xFF, 0xFF, 0xFF, 0xFF], runs: [100]), false),
    ("says 2^63", frame(descriptor: 0xE0, [0, 0, 0, 0, 0, 0, 0, 0x80], runs: [100]), false),
    ("says 2^64 - 1", frame(descriptor: 0xE0, [UInt8](repeating: 0xFF, count: 8), runs: [100]), false),
    ("says no size", frame(descriptor: 0x00, [0x38], runs: [100]), false),
    ("a window of 2 GB, no size", frame(descriptor: 0x00, [0xA8], runs: [100]), false),
    ("a dictionary", frame(descriptor: 0xA1, [5, 100, 0, 0, 0], runs: [100]), false),
    ("reserved bit", frame(descriptor: 0xA8, [100, 0, 0, 0], runs: [100]), false),
    ("a checksum that is missing", frame(descriptor: 0xA4, [100, 0, 0, 0], runs: [100]), false),
    (
      "a wrong checksum", frame(descriptor: 0xA4, [100, 0, 0, 0], runs: [100], trailing: [1, 2, 3, 4]), false
    ),
    ("trailing bytes", frame(descriptor: 0xA0, [100, 0, 0, 0], runs: [100], trailing: [0]), false),
    (
      "two frames",
      frame(descriptor: 0xA0, [50, 0, 0, 0], runs: [50])
        + frame(descriptor: 0xA0, [50, 0, 0, 0], runs: [50]), false
    ),
    (
      "a frame behind it that is empty",
      frame(descriptor: 0xA0, [100, 0, 0, 0], runs: [100])
        + frame(descriptor: 0xA0, [0, 0, 0, 0], runs: [0]), false
    ),
    (
      "a skippable frame behind it",
      frame(descriptor: 0xA0, [100, 0, 0, 0], runs: [100]) + [0x50, 0x2A, 0x4D, 0x18, 1, 0, 0, 0, 9], false
    ),
    (
      "a skippable frame before it",
      [0x50, 0x2A, 0x4D, 0x18, 1, 0, 0, 0, 9] + frame(descriptor: 0xA0, [100, 0, 0, 0], runs: [100]), false
    ),
    ("only a skippable frame", [0x50, 0x2A, 0x4D, 0x18, 1, 0, 0, 0, 9], false),
    ("empty", frame(descriptor: 0xA0, [0, 0, 0, 0], runs: [0]), false),
    ("nothing", [], false),
    ("only a magic number", [0x28, 0xB5, 0x2F, 0xFD], false),
    ("the magic number of zstd 0.7", [0x27, 0xB5, 0x2F, 0xFD, 0xA0, 100, 0, 0, 0, 0x23, 3, 0, 7], false),
  ]

  @Test("A plane is one frame of its bytes", arguments: frames)
  func framesAreStrict(name: String, frame: [UInt8], isRight: Bool) throws {
    var decoder = ChunkDecoder()
    let bytes = [UInt8](repeating: 7, count: 100)
    var chunk = CodedChunk(bytes, as: .elements(.uint8))
    let hash = chunk.record.hash
    chunk.frames = frame
    // As the chunk's bytes, and as the lower bytes of elements, whose upper ones follow.
    chunk.record = ChunkRecord(
      mode: .raw,
      planeBytes: [UInt32(frame.count), 0, 0, 0, 0, 0, 0, 0],
      hash: hash
    )
    if isRight {
      #expect(try chunk.decoded(by: &decoder) == bytes)
    } else {
      #expect(throws: ChunkFault(rule: .frame)) { try chunk.decoded(by: &decoder) }
    }
    let upper = [0x28, 0xB5, 0x2F, 0xFD, 0xA0, 100, 0, 0, 0, 0x23, 3, 0, 0] as [UInt8]
    let expected: [UInt8] = (0..<100).flatMap { _ in [3, 0x80] as [UInt8] }
    var other = CodedChunk(expected, as: .elements(.bfloat16))
    other.frames = frame + upper
    other.record = ChunkRecord(
      mode: ChunkMode(.rotated),
      planeBytes: [UInt32(frame.count), UInt32(upper.count), 0, 0, 0, 0, 0, 0],
      hash: other.record.hash
    )
    if isRight {
      #expect(try other.decoded(by: &decoder) == expected)
    } else {
      #expect(throws: ChunkFault(rule: .frame)) { try other.decoded(by: &decoder) }
    }
  }
}
