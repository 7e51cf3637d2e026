internal import SparseCoding

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// Whole commands that only look, on a model of the full size, against reading and adding up the same file with as many
/// threads.
struct ReadingBenchmarks {
  private static let threads = 2
  private static let blockBytes = 1 << 20
  private let setting: Setting

  init(_ setting: Setting) { self.setting = setting }

  /// A command that is measured.
  private struct Contender {
    var name: String
    var arguments: [String]
    var bar: Double?
  }

  func run() throws -> [Row] {
    let scratch = setting.scratch
    let names = ["half", "pairs", "dense"].map { "\($0).safetensors" }
    let (half, pairs, dense) = (scratch.file(names[0]), scratch.file(names[1]), scratch.file(names[2]))
    defer { for name in names { scratch.remove(name) } }
    let tensors = Checkpoint.matrices(byteCount: setting.dataBytes)
    try Checkpoint.write(tensors, Weights(.bf16, .percent(50)), to: half)
    try Checkpoint.write(tensors, Weights(.bf16, .twoOfFour), to: pairs)
    try Checkpoint.write(tensors, Weights(.bf16, .percent(0)), to: dense)
    let byteCount = try ScratchFolder.byteCount(of: half)
    let contenders = [
      Contender(name: "inspect, 50 % zeros", arguments: ["inspect", half], bar: 0.4),
      Contender(name: "inspect --deep, 50 % zeros", arguments: ["inspect", "--deep", half], bar: 0.1),
      Contender(
        name: "validate --pattern 2:4, 2:4",
        arguments: ["validate", "--pattern", "2:4", pairs],
        bar: 0.5
      ),
      Contender(name: "validate --for torch, 2:4", arguments: ["validate", "--for", "torch", pairs]),
      Contender(
        name: "validate --pattern 2:4, violating",
        arguments: ["validate", "--pattern", "2:4", dense],
        bar: 0.5
      ),
      Contender(
        name: "validate --pattern 2:4, 50 % zeros",
        arguments: ["validate", "--pattern", "2:4", half]
      ),
    ]
    var peaks = [Int](repeating: 0, count: contenders.count)
    let reading: () throws -> Double = { try Interleaved.seconds { try Self.readAndAdd(half, byteCount) } }
    let samples = try Interleaved.measure(
      rounds: setting.isQuick ? 3 : 7,
      [reading]
        + contenders.indices.map { place in
          {
            let command =
              [setting.lacuna] + contenders[place].arguments + ["--threads", "\(Self.threads)", "--quiet"]
            // A violation is an answer, too.
            let figures = try ProcessMeter.run(command, codes: [0, 1])
            peaks[place] = max(peaks[place], figures.peakBytes)
            return figures.seconds
          }
        }
    )
    return contenders.enumerated().map { place, contender in
      var row = Row.throughput(
        .reading,
        contender.name,
        bytes: byteCount,
        samples[place + 1],
        against: samples[0],
        named: "pread and sum",
        bar: contender.bar.map { .ratioAtLeast($0) }
      )
      row.peakBytes = peaks[place]
      return row
    }
  }

  /// Reads a file block by block into reused buffers, and adds up its 64-bit words.
  private static func readAndAdd(_ path: String, _ byteCount: Int) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw ScratchFailure("open", path) }
    defer { close(descriptor) }
    let blocks = (byteCount + blockBytes - 1) / blockBytes
    try ChunkPool(threads: threads).forEach(blocks) {
      [UInt64](repeating: 0, count: blockBytes / 8)
    } _: { block, words in
      let wanted = min(blockBytes, byteCount - block * blockBytes)
      let got = words.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress, wanted, off_t(block * blockBytes))
      }
      if got != wanted { throw ScratchFailure("read", path) }
      var sum = SIMD8<UInt64>(repeating: 0)
      words.withUnsafeBytes { bytes in
        var place = 0
        while place &+ 64 <= wanted {
          sum &+= bytes.loadUnaligned(fromByteOffset: place, as: SIMD8<UInt64>.self)
          place &+= 64
        }
      }
      // Kept, so that the sum is made.
      words[0] = sum[0] &+ sum[1] &+ sum[2] &+ sum[3] &+ sum[4] &+ sum[5] &+ sum[6] &+ sum[7]
    }
  }
}
