internal import CompressedTensors
internal import GGUF
internal import Inspection
internal import ModelIR
internal import StrictJSON

/// What config.json or the metadata say of a model's layers.
extension OpenedModel {
  /// Notes the axes of layers that do not sum over the usual one.
  static func noteAxes(of model: inout Model, _ facts: ArchitectureFacts) {
    guard let name = facts.name, ReductionAxis.hasTransposedLayers(architecture: name) else { return }
    for index in model.tensors.indices where model.tensors[index].reduction == nil {
      model.tensors[index].reduction = ReductionAxis.byArchitecture(name, model.tensors[index])
    }
  }

  /// What the config.json of a folder says.
  ///
  /// Only that of a folder that was opened as a model is asked: beside a single file may lie another model's.
  /// - Throws: what reading throws; nothing for a text that is no JSON, whose other readers say so.
  static func architecture(_ origin: Origin) throws -> ArchitectureFacts {
    guard case .folder(let folder, _) = origin,
      let text = try CompressedCheckpoint.configText(in: folder)
    else { return ArchitectureFacts() }
    var found: [String: ConfigValue] = [:]
    var reader = JSONReader(text)
    reader.takesNonFinite = true
    do {
      try read(&reader, into: &found, isNested: false)
    } catch {
      return ArchitectureFacts()
    }
    return ArchitectureFacts(config: found)
  }

  fileprivate enum ConfigValue {
    case text(String)
    case number(UInt64)
  }

  /// Models of text and images keep the facts of the text part in an object of these names.
  private static let nestedKeys: Set<String> = ["text_config", "llm_config", "language_config", "ffn_config"]

  /// Takes the texts and whole numbers of an object; those of an inner one where the outer does not say.
  private static func read(
    _ reader: inout JSONReader,
    into found: inout [String: ConfigValue],
    isNested: Bool
  ) throws {
    var inner: [String: ConfigValue] = [:]
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch try reader.peekKind() {
      case .string where key == "model_type": found[key] = .text(try reader.readString())
      case .number:
        if let number = UInt64(try reader.readNumberText()) { found[key] = .number(number) }
      case .object where !isNested && nestedKeys.contains(key):
        try read(&reader, into: &inner, isNested: true)
      default: try reader.skipValue()
      }
    }
    if !isNested { found.merge(inner) { outer, _ in outer } }
  }
}

extension ArchitectureFacts {
  /// The facts of a config.json, in the spellings of transformers' models.
  fileprivate init(config: [String: OpenedModel.ConfigValue]) {
    self.init()
    /// The number of a key.
    func number(_ key: String) -> UInt64? {
      if case .number(let number)? = config[key] { number } else { nil }
    }
    /// The number of the first key that has one.
    func first(_ keys: String...) -> UInt64? { keys.lazy.compactMap(number).first }
    if case .text(let text)? = config["model_type"] { name = text }
    hiddenSize = first("hidden_size", "n_embd", "d_model", "dim")
    headCount = first("num_attention_heads", "n_head", "n_heads", "num_heads", "encoder_attention_heads")
    keyValueHeadCount = first("num_key_value_heads", "n_head_kv", "num_kv_heads")
    headDimension = first("head_dim", "d_kv", "kv_channels")
    valueHeadDimension = first("v_head_dim")
    expertCount = first("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")
    // Encoder and decoder may have heads of their own, and a head's features may be in two parts.
    if let decoder = number("decoder_attention_heads"), decoder != headCount { headCount = nil }
    if let plain = number("qk_nope_head_dim"), let rotated = number("qk_rope_head_dim") {
      let (sum, overflow) = plain.addingReportingOverflow(rotated)
      headDimension = overflow ? nil : sum
    }
  }

  /// The facts of a GGUF file's metadata. (ggml, `docs/gguf.md`, "LLM".)
  init(_ header: GGUFHeader) {
    self.init()
    let names = [GGUFDialect.baseArchitectureKey, GGUFDialect.architectureKey].compactMap { key -> String? in
      if case .string(let text)? = header.entry(forKey: key)?.value, !text.isEmpty { text } else { nil }
    }
    guard let architecture = names.first else { return }
    name = architecture
    /// The integer of a key.
    func number(_ key: String) -> UInt64? {
      switch header.entry(forKey: "\(architecture).\(key)")?.value {
      case .unsigned(let number, _)?: number
      case .signed(let number, _)?: UInt64(exactly: number)
      default: nil
      }
    }
    hiddenSize = number("embedding_length")
    headCount = number("attention.head_count")
    keyValueHeadCount = number("attention.head_count_kv")
    headDimension = number("attention.key_length")
    valueHeadDimension = number("attention.value_length")
    expertCount = number("expert_count")
  }
}
