internal import ModelIR
internal import Quantizing

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// Blocks to numbers of single precision, in memory, against memcpy of the numbers.
struct BlockDecodingBenchmarks {
  private static let bar = 0.5
  private static let barred: [GGMLType] = [.q4_0, .q8_0, .q4_K]
  private let setting: Setting

  init(_ setting: Setting) { self.setting = setting }

  func run() throws -> [Row] {
    let data = BlockData(byteCount: setting.bufferBytes, .percent(0))
    let copy = Buffer(byteCount: data.numbers.count)
    defer { copy.free() }
    var numbers = [UInt8](repeating: 1, count: data.numbers.count)
    let others = GGMLType.blocked.filter { !Self.barred.contains($0) }
    return try (Self.barred + others).map { type in
      guard let decoder = BlockDecoder(type) else {
        throw WrongResult(description: "\(type.name) has no decoder")
      }
      let blocks = try data.blocks(type)
      let isBarred = Self.barred.contains(type)
      let samples = try Interleaved.measure(
        rounds: setting.isQuick || !isBarred ? 5 : 15,
        [
          {
            Interleaved.seconds {
              numbers.withUnsafeMutableBytes { numbers in
                if let target = numbers.baseAddress { memcpy(target, copy.start, numbers.count) }
              }
              Blackhole.take(UInt64(numbers[0]))
            }
          },
          {
            Interleaved.seconds {
              let count = data.blockCount(type)
              decoder.decode(blocks, from: 0, blockCount: count, into: &numbers, at: 0)
              Blackhole.take(UInt64(numbers[numbers.count - 1]))
            }
          },
        ]
      )
      return .throughput(
        .gguf,
        "decode \(type.name)",
        bytes: data.numbers.count,
        samples[1],
        against: samples[0],
        named: "memcpy",
        bar: isBarred ? .ratioAtLeast(Self.bar) : nil
      )
    }
  }
}
