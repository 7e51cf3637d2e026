internal import ModelIR

/// Opening a GGUF file with a large vocabulary, whose strings nobody asked for.
struct VocabularyBenchmarks {
  private static let tokenCount = 152_000
  private static let mergeCount = 151_000
  private static let milliseconds = 20.0
  private static let megabytes = 30.0
  private let setting: Setting

  init(_ setting: Setting) { self.setting = setting }

  func run() throws -> [Row] {
    let path = setting.scratch.file("vocabulary.gguf")
    defer { setting.scratch.remove("vocabulary.gguf") }
    try write(to: path)
    var peakBytes = 0
    let samples = try Interleaved.measure(
      rounds: setting.isQuick ? 5 : 20,
      [
        {
          let figures = try ProcessMeter.run([setting.lacuna, "inspect", "--headers-only", path])
          peakBytes = max(peakBytes, figures.peakBytes)
          return figures.seconds
        }
      ]
    )
    return [
      Row(
        group: .gguf,
        name: "inspect --headers-only, \(Self.tokenCount) tokens",
        unit: .milliseconds,
        value: samples[0].median * 1000,
        bar: .valueAtMost(Self.milliseconds),
        seconds: samples[0].seconds,
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

  /// As a model of 7 billion weights has it: tokens, merges, kinds of tokens, 339 tensors.
  private func write(to path: String) throws {
    var file = GGUFFile(architecture: "qwen2")
    let tokens = (0..<Self.tokenCount).map { "\(String($0 &* 2_654_435_761 % 9_999_991, radix: 36))ing" }
    file.add(key: "tokenizer.ggml.tokens", texts: tokens)
    file.add(key: "tokenizer.ggml.token_type", integers: [Int32](repeating: 1, count: Self.tokenCount))
    file.add(
      key: "tokenizer.ggml.merges",
      texts: tokens.prefix(Self.mergeCount).map { "Ġ\($0.prefix(3)) \($0)" }
    )
    let parts = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"]
    let norms = ["attn_norm", "ffn_norm", "attn_q.bias", "attn_k.bias", "attn_v.bias"]
    let tensors = (0..<28).flatMap { layer in
      parts.map { GGUFFile.Tensor(name: "blk.\(layer).\($0).weight", type: .q4_K, dims: [3584, 3584]) }
        + norms.map { GGUFFile.Tensor(name: "blk.\(layer).\($0)", type: .f32, dims: [3584]) }
    }
    let ends = ["token_embd.weight", "output.weight", "output_norm.weight"]
    try file.writeHollow(
      tensors + ends.map { GGUFFile.Tensor(name: $0, type: .q6_K, dims: [3584, 1024]) },
      to: path
    )
  }
}
