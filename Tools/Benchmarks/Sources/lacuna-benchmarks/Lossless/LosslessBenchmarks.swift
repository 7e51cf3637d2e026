internal import Lossless
internal import ModelIR
internal import SparseCoding

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// The codec of compressed exports in memory: sizes, and GB of the dense form per CPU-second of one thread, the best
/// of the rounds; beside ZipNN where it is there.
///
/// Hash and self-check are told apart from the coding: decoding proves the hash, so that what the hash alone takes
/// is taken off both.
struct LosslessBenchmarks {
  private let setting: Setting

  init(_ setting: Setting) { self.setting = setting }

  func run() throws -> [Row] {
    var rows: [Row] = []
    for input in try inputs() { rows += try measure(input) }
    return rows
  }

  private func inputs() throws -> [LosslessInput] {
    let bytes = setting.isQuick ? 16 << 20 : 64 << 20
    let prunings: [(Pruning, String)] = [
      (.percent(0), "dense"), (.percent(50), "50"), (.percent(90), "90"), (.twoOfFour, "2of4"),
    ]
    let generated = ["bf16", "f32", "f16"].flatMap { type in
      prunings.filter { type == "bf16" || $0.1 == "dense" }.map { pruning, name in
        LosslessInput(generated: type, pruning, name, byteCount: bytes)
      }
    }
    guard let folder = setting.models else { return generated }
    let names = ScratchFolder.files(in: folder).filter { $0.hasSuffix(".safetensors") }.sorted()
    return try names.compactMap { try LosslessInput(file: folder + "/" + $0) } + generated
  }

  /// What an input is to reach; nil where nothing is asked.
  private struct Bars {
    var share: Double?
    var compressing: Double?
    var decompressing: Double?

    init(_ input: LosslessInput, _ level: CompressionLevel) {
      let isSparse = !input.name.hasSuffix("dense")
      switch level {
      case .default:
        share =
          [
            "bf16-dense": 0.662, "bf16-50": 0.348, "bf16-90": 0.082, "bf16-2of4": 0.347, "f32-dense": 0.819,
            "f16-dense": 0.849,
          ][input.name]
        (compressing, decompressing) = isSparse ? (1.8, 2) : (1.2, 1)
      case .fast:
        share = input.name == "bf16-dense" ? 0.667 : nil
        if input.type == "bf16", !isSparse { (compressing, decompressing) = (1.8, 1.3) }
      case .max: break
      }
    }
  }

  private func measure(_ input: LosslessInput) throws -> [Row] {
    var zipnn: [ZipNN.Figures] = []
    var results: [CompressionLevel: Coded] = [:]
    let levels: [CompressionLevel] = setting.isQuick ? [.fast, .default] : [.fast, .default, .max]
    // Twice in turn, so that what disturbs one of them once does not decide.
    for pass in 0..<2 {
      if let figures = try ZipNN(setting)?.measure(input, rounds: 4) { zipnn.append(figures) }
      for level in levels where level != .max || pass == 0 {
        let coded = try code(input, level, rounds: level == .max ? 1 : 4)
        results[level] = results[level].map { $0.better(of: coded) } ?? coded
      }
    }
    let share = zipnn.first?.share
    let compressing = zipnn.map(\.compressing).max()
    let decompressing = zipnn.map(\.decompressing).max()
    var rows: [Row] = []
    for level in levels {
      guard let coded = results[level] else { continue }
      let bars = Bars(input, level)
      let count = Double(input.bytes.count)
      func row(_ what: String, _ unit: Unit, _ value: Double, _ other: Double?, _ bar: Bar?) -> Row {
        let baseline = other.map { Baseline(name: "ZipNN", value: $0, ratio: value / $0) }
        return Row(
          group: .lossless,
          name: "\(input.name), \(level.rawValue), \(what)",
          unit: unit,
          value: value,
          baseline: baseline,
          bar: baseline == nil && unit != .share ? nil : bar
        )
      }
      rows += [
        row("size", .share, Double(coded.size) / count, share, bars.share.map(Bar.valueAtMost)),
        row(
          "compress",
          .gigabytesPerSecond,
          count / coded.encoding / 1e9,
          compressing,
          bars.compressing.map(Bar.ratioAtLeast)
        ),
        row(
          "decompress",
          .gigabytesPerSecond,
          count / coded.decoding / 1e9,
          decompressing,
          bars.decompressing.map(Bar.ratioAtLeast)
        ),
      ]
      if level == .default {
        rows += [
          row("xxh64", .gigabytesPerSecond, count / coded.hashing / 1e9, nil, nil),
          row(
            "compress, hash and self-check",
            .gigabytesPerSecond,
            count / (coded.encoding + coded.decoding + 2 * coded.hashing) / 1e9,
            nil,
            nil
          ),
          try threads(input, level),
        ]
      }
    }
    return rows
  }

  /// What coding an input took, in CPU-seconds, hash taken off.
  private struct Coded {
    var size = 0
    var encoding = Double.infinity
    var decoding = Double.infinity
    var hashing = Double.infinity

    func better(of other: Coded) -> Coded {
      Coded(
        size: size,
        encoding: min(encoding, other.encoding),
        decoding: min(decoding, other.decoding),
        hashing: min(hashing, other.hashing)
      )
    }
  }

  private static func seconds(_ body: () throws -> Void) rethrows -> Double {
    func now() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
    let start = now()
    try body()
    return now() - start
  }

  private func code(_ input: LosslessInput, _ level: CompressionLevel, rounds: Int) throws -> Coded {
    var encoder = ChunkEncoder(level: level)
    var decoder = ChunkDecoder()
    let chunks = input.chunks
    let room = chunks.reduce(0) { $0 + ChunkEncoder.mostBytes(forChunkOf: $1.count) }
    var frames = [UInt8](repeating: 0, count: room)
    var restored = [UInt8](repeating: 0xFF, count: input.bytes.count)
    var records: [ChunkRecord] = []
    var best = Coded()
    var (encoding, decoding) = (Double.infinity, Double.infinity)
    for _ in 0..<rounds {
      var used = 0
      records.removeAll(keepingCapacity: true)
      encoding = min(
        encoding,
        Self.seconds {
          for chunk in chunks {
            let record = encoder.encode(input.bytes, chunk, as: input.kind, into: &frames, startingAt: used)
            used += Int(record.byteCount)
            records.append(record)
          }
        }
      )
      best.size = used + input.indexBytes
      decoding = min(
        decoding,
        try Self.seconds {
          var start = 0
          for (chunk, record) in zip(chunks, records) {
            try decoder.decode(
              frames,
              start..<(start + Int(record.byteCount)),
              record,
              as: input.kind,
              count: chunk.count,
              into: &restored,
              startingAt: chunk.lowerBound
            )
            start += Int(record.byteCount)
          }
        }
      )
      best.hashing = min(
        best.hashing,
        Self.seconds { for chunk in chunks { Blackhole.take(Checksum.of(input.bytes, chunk)) } }
      )
    }
    guard restored == input.bytes else { throw WrongResult(description: "\(input.name) does not come back") }
    (best.encoding, best.decoding) = (encoding - best.hashing, decoding - best.hashing)
    return best
  }

  /// An encoder and where its frames go, as one thread has them.
  private final class Workspace {
    private var encoder: ChunkEncoder
    private var frames: [UInt8] = []

    init(_ level: CompressionLevel) { encoder = ChunkEncoder(level: level) }

    func encode(_ input: LosslessInput, _ chunk: Range<Int>) -> UInt64 {
      let most = ChunkEncoder.mostBytes(forChunkOf: chunk.count)
      if frames.count < most { frames = [UInt8](repeating: 0, count: most) }
      return encoder.encode(input.bytes, chunk, as: input.kind, into: &frames, startingAt: 0).byteCount
    }
  }

  /// Wall time of two threads against one.
  private func threads(_ input: LosslessInput, _ level: CompressionLevel) throws -> Row {
    let chunks = input.chunks
    func contender(_ threads: Int) -> () throws -> Double {
      let pool = ChunkPool(threads: threads)
      return {
        try Interleaved.seconds {
          try pool.forEach(chunks.count) {
            Workspace(level)
          } _: { index, workspace in
            Blackhole.take(workspace.encode(input, chunks[index]))
          }
        }
      }
    }
    let samples = try Interleaved.measure(rounds: setting.isQuick ? 3 : 5, [contender(1), contender(2)])
    return .throughput(
      .lossless,
      "\(input.name), two threads",
      bytes: input.bytes.count,
      samples[1],
      against: samples[0],
      named: "one thread"
    )
  }
}
