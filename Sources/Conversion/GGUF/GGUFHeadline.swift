internal import GGUF
internal import ModelIR

/// What a GGUF file's metadata say of the model in a few words.
struct GGUFHeadline {
  /// Architecture, name, file type, versions and sizes, as far as they are there.
  private(set) var words: [String] = []

  /// The headline of a file.
  init(_ header: GGUFHeader) {
    /// The value of a key.
    func value(_ key: String) -> MetadataValue? { header.entry(forKey: key)?.value }
    /// The text of a key.
    func text(_ key: String) -> String? {
      if case .string(let text)? = value(key), !text.isEmpty { text } else { nil }
    }
    /// The integer of a key.
    func number(_ key: String) -> UInt64? {
      switch value(key) {
      case .unsigned(let number, _)?: number
      case .signed(let number, _)?: UInt64(exactly: number)
      default: nil
      }
    }
    let base = text(GGUFDialect.baseArchitectureKey)
    if let own = text(GGUFDialect.architectureKey) { words.append(base.map { "\(own) (\($0))" } ?? own) }
    let architecture = base ?? text(GGUFDialect.architectureKey)
    if let name = text("general.name") { words.append(name) }
    if let type = number("general.file_type") {
      words.append(Self.fileTypes[type].map { "mostly \($0)" } ?? "file type \(type)")
    }
    if let version = number("general.quantization_version") {
      words.append("quantization version \(version)")
    }
    guard let architecture else { return }
    for (key, label) in Self.sizes {
      if let size = number("\(architecture).\(key)") { words.append("\(label) \(size)") }
    }
  }

  private static let sizes = [
    ("block_count", "blocks"), ("context_length", "context"), ("embedding_length", "embedding"),
    ("expert_count", "experts"),
  ]

  /// The names of `general.file_type`. (llama.cpp, `include/llama.h`, `llama_ftype`.)
  private static let fileTypes: [UInt64: String] = [
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S",
    12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K",
    19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL",
    26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0",
    37: "TQ2_0", 38: "MXFP4",
  ]
}
