internal import ModelIR
internal import Quantizing

/// Numbers of single precision to blocks, in memory.
struct BlockEncodingBenchmarks {
  private static let bars: [(type: GGMLType, gigaelements: Double)] = [(.q8_0, 1), (.q4_0, 1.5)]
  private static let scalarBar = 3.0
  private static let searching: [GGMLType] = [.q4_K, .q5_K, .q6_K]
  private let setting: Setting

  init(_ setting: Setting) { self.setting = setting }

  func run() throws -> [Row] {
    let barred = Self.bars.map(\.type)
    let others = GGMLType.blocked.filter { !barred.contains($0) && !Self.searching.contains($0) }
    let data = BlockData(byteCount: setting.bufferBytes, .percent(0))
    // A search takes so long that the caches matter no more.
    let few = BlockData(byteCount: min(setting.bufferBytes, 1 << (setting.isQuick ? 22 : 24)), .percent(0))
    return try (barred + others).compactMap { try plain($0, data) } + againstScalar(few)
      + Self.searching.dropFirst().compactMap { try plain($0, few) }
  }

  private func plain(_ type: GGMLType, _ data: BlockData) throws -> Row? {
    guard let encoder = BlockEncoder(type) else { return nil }
    var blocks = try data.blocks(type)
    let bar = Self.bars.first { $0.type == type }?.gigaelements
    let samples = try Interleaved.measure(
      rounds: setting.isQuick || bar == nil ? 5 : 15,
      [{ try Interleaved.seconds { try encode(data, encoder, into: &blocks) } }]
    )
    return Row(
      group: .gguf,
      name: "encode \(type.name)",
      unit: .gigaelementsPerSecond,
      value: samples[0].gigabytesPerSecond(of: data.count),
      bar: bar.map { .valueAtLeast($0) },
      seconds: samples[0].seconds
    )
  }

  private func encode(_ data: BlockData, _ encoder: BlockEncoder, into blocks: inout [UInt8]) throws {
    let count = data.blockCount(encoder.type)
    try encoder.encode(data.numbers, from: 0, blockCount: count, into: &blocks, at: 0)
    Blackhole.take(UInt64(blocks[blocks.count - 1]))
  }

  /// Q4_K beside the loop that takes number by number, which has to come to the same bytes.
  private func againstScalar(_ data: BlockData) throws -> [Row] {
    guard let encoder = BlockEncoder(.q4_K) else { return [] }
    let count = data.blockCount(.q4_K)
    var blocks = [UInt8](repeating: 0xA5, count: count * GGMLType.q4_K.blockBytes)
    var expected = [UInt8](repeating: 0x5A, count: blocks.count)
    let samples = try Interleaved.measure(
      rounds: setting.isQuick ? 3 : 7,
      [
        {
          Interleaved.seconds {
            ScalarQ4K.encode(data.numbers, blockCount: count, into: &expected)
            Blackhole.take(UInt64(expected[0]))
          }
        },
        { try Interleaved.seconds { try encode(data, encoder, into: &blocks) } },
      ]
    )
    guard blocks == expected else {
      throw WrongResult(description: "Q4_K: the encoder and the scalar loop differ")
    }
    return [
      Row(
        group: .gguf,
        name: "encode Q4_K",
        unit: .gigaelementsPerSecond,
        value: samples[1].gigabytesPerSecond(of: data.count),
        baseline: Baseline(
          name: "scalar loop",
          value: samples[0].gigabytesPerSecond(of: data.count),
          ratio: samples[0].medianRatio(to: samples[1])
        ),
        bar: .ratioAtLeast(Self.scalarBar),
        seconds: samples[1].seconds
      )
    ]
  }
}
