/// The peak memory of conversions, which must not grow with the model.
struct MemoryBenchmarks {
  private static let megabytes = 64.0
  private let setting: Setting

  init(_ setting: Setting) { self.setting = setting }

  func run() throws -> [Row] {
    let size = setting.dataBytes
    let full = Checkpoint.matrices(byteCount: size)
    let inputs = [
      Input(name: "\(full.count) tensors", tensors: full, dataPerTensor: nil),
      Input(
        name: "8 tensors",
        tensors: Checkpoint.matrices(byteCount: 8 * size, bytesEach: size),
        dataPerTensor: Self.dataBytes
      ),
      Input(
        name: "1 tensor",
        tensors: Checkpoint.matrices(byteCount: 4 * size, bytesEach: 4 * size),
        dataPerTensor: Self.dataBytes
      ),
    ]
    let weights = Weights(.bf16, .percent(50))
    return try inputs.flatMap { input in try measure(input, weights) }
  }

  /// Holes behind so many bytes of each tensor let models be larger than the scratch folder.
  private static let dataBytes = 1 << 26

  private struct Input {
    var name: String
    var tensors: [PlannedTensor]
    var dataPerTensor: Int?

    var byteCount: Int { tensors.reduce(0) { $0 + $1.byteCount } }

    /// The bytes that the input and its bitmask form take.
    var neededBytes: Int {
      2 * tensors.reduce(0) { $0 + min(dataPerTensor ?? .max, $1.byteCount) } + byteCount / 16
    }
  }

  private func measure(_ input: Input, _ weights: Weights) throws -> [Row] {
    let scratch = setting.scratch
    let text = "\(Decimal.figure(Double(input.byteCount) / 1e9)) GB in \(input.name)"
    guard scratch.freeBytes > input.neededBytes else {
      print("convert, \(text): left out, the scratch folder has no room")
      return []
    }
    let (source, output) = (scratch.file("source.safetensors"), scratch.file("output.safetensors"))
    defer { scratch.remove("source.safetensors") }
    try Checkpoint.write(input.tensors, weights, dataPerTensor: input.dataPerTensor, to: source)
    return try ["bitmask", "auto"].map { layout in
      defer { scratch.remove("output.safetensors") }
      let figures = try ProcessMeter.run([setting.lacuna, "convert", source, output, "--layout", layout])
      return Row(
        group: .memory,
        name: "convert to \(layout), \(text)",
        unit: .megabytes,
        value: Double(figures.peakBytes) / 1e6,
        bar: .valueAtMost(Self.megabytes),
        seconds: [figures.seconds]
      )
    }
  }
}
