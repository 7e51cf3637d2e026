internal import ModelIR
internal import Quantizing

/// Whole commands on GGUF files of the full size.
struct GGUFCommandBenchmarks {
  private static let megabytes = 64.0
  private static let columns = 4096
  /// What the command exits with where it does not take its arguments.
  private static let usageStatus: Int32 = 64
  private let setting: Setting

  init(_ setting: Setting) { self.setting = setting }

  func run() throws -> [Row] { try inspect() + convert() }

  /// Matrices of about so many bytes.
  private func tensors(_ type: GGMLType, byteCount: Int) -> [GGUFFile.Tensor] {
    let rowBytes = Self.columns / type.blockElements * type.blockBytes
    let rows = min(1 << 25, byteCount) / rowBytes
    return (0..<max(1, byteCount / (rows * rowBytes))).map { layer in
      GGUFFile.Tensor(
        name: "blk.\(layer).attn_output.weight",
        type: type,
        dims: [UInt64(Self.columns), UInt64(rows)]
      )
    }
  }

  private func inspect() throws -> [Row] {
    let scratch = setting.scratch
    let (input, output) = (scratch.file("blocks.gguf"), scratch.file("output.gguf"))
    defer { for name in ["blocks.gguf", "output.gguf"] { scratch.remove(name) } }
    let tensors = tensors(.q4_0, byteCount: setting.dataBytes)
    let tile = BlockData(byteCount: 4 * Weights.tileElements, .percent(50))
    try GGUFFile.write(tensors, pattern: try tile.blocks(.q4_0), to: input)
    let byteCount = tensors.reduce(0) { $0 + $1.byteCount }
    var peakBytes = 0
    let samples = try Interleaved.measure(
      rounds: setting.isQuick ? 3 : 7,
      [["cp", input, output], [setting.lacuna, "inspect", input]].map { command in
        {
          scratch.remove("output.gguf")
          let figures = try ProcessMeter.run(command)
          if command[0] == setting.lacuna { peakBytes = max(peakBytes, figures.peakBytes) }
          return figures.seconds
        }
      }
    )
    return [
      Row(
        group: .gguf,
        name: "inspect Q4_0, 50 % zeros",
        unit: .gigabytesPerSecond,
        value: samples[1].gigabytesPerSecond(of: byteCount),
        baseline: Baseline(
          name: "cp",
          value: samples[0].gigabytesPerSecond(of: byteCount),
          ratio: samples[1].medianRatio(to: samples[0])
        ),
        seconds: samples[1].seconds,
        peakBytes: peakBytes
      )
    ]
  }

  private func convert() throws -> [Row] {
    let scratch = setting.scratch
    let (input, output) = (scratch.file("half.gguf"), scratch.file("output.gguf"))
    defer { for name in ["half.gguf", "output.gguf"] { scratch.remove(name) } }
    let tensors = tensors(.f16, byteCount: setting.dataBytes)
    let byteCount = tensors.reduce(0) { $0 + $1.byteCount }
    let name = "convert F16 to Q8_0"
    guard scratch.freeBytes > 2 * byteCount else {
      print("\(name): left out, the scratch folder has no room")
      return []
    }
    try GGUFFile.write(tensors, pattern: HalfWeights.tile(), to: input)
    let command = [setting.lacuna, "convert", input, output, "--type", "q8_0"]
    do {
      _ = try ProcessMeter.run(command)
    } catch let failure as ProcessFailure where failure.exitStatus == Self.usageStatus {
      print("\(name): left out, the command does not take --type q8_0 here")
      return []
    }
    let blockBytes = tensors.reduce(0) { $0 + Int($1.dims.reduce(1, *)) / 32 * 34 }
    let written = try ScratchFolder.byteCount(of: output)
    guard (blockBytes..<blockBytes + 1 << 20).contains(written) else {
      throw WrongResult(description: "\(name): \(written) bytes were written, not \(blockBytes) and a header")
    }
    var peakBytes = 0
    let samples = try Interleaved.measure(
      rounds: setting.isQuick ? 3 : 5,
      [["cp", input, output], command].map { command in
        {
          scratch.remove("output.gguf")
          let figures = try ProcessMeter.run(command)
          if command[0] == setting.lacuna { peakBytes = max(peakBytes, figures.peakBytes) }
          return figures.seconds
        }
      }
    )
    return [
      Row(
        group: .gguf,
        name: name,
        unit: .gigabytesPerSecond,
        value: samples[1].gigabytesPerSecond(of: byteCount),
        baseline: Baseline(
          name: "cp",
          value: samples[0].gigabytesPerSecond(of: byteCount),
          ratio: samples[1].medianRatio(to: samples[0])
        ),
        seconds: samples[1].seconds,
        peakBytes: peakBytes
      ),
      Row(
        group: .gguf,
        name: "  its peak memory",
        unit: .megabytes,
        value: Double(peakBytes) / 1e6,
        bar: .valueAtMost(Self.megabytes)
      ),
    ]
  }
}

/// Weights in half precision.
private enum HalfWeights {
  /// A tile of weights, cut rather than rounded; what is smaller than all normal numbers becomes 0.
  static func tile() -> [UInt8] {
    let weights = Weights(.f32, .percent(0)).tile
    var bytes: [UInt8] = []
    bytes.reserveCapacity(weights.count / 2)
    for start in stride(from: 0, to: weights.count, by: 4) {
      let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(weights[start + $1]) << UInt32(8 * $1) }
      let magnitude = bits & 0x7FFF_FFFF
      let half = magnitude < 113 << 23 ? 0 : (magnitude - 112 << 23) >> 13
      let signed = UInt16(truncatingIfNeeded: half | bits >> 16 & 0x8000)
      bytes.append(UInt8(truncatingIfNeeded: signed))
      bytes.append(UInt8(truncatingIfNeeded: signed >> 8))
    }
    return bytes
  }
}
