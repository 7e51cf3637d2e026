import Conversion
import Inspection
import ModelIR
import TestSupport
import Testing

@Suite("What files say of an architecture")
struct ArchitectureFactsTests {
  /// A config.json, and what it says: hidden size, heads, heads of keys and values, features of a head, experts.
  static let configs: [(text: String, expected: [UInt64?])] = [
    (
      #"{"model_type": "llama", "hidden_size": 4096, "num_attention_heads": 32, "num_key_value_heads": 8}"#,
      [4096, 32, 8, 128, nil]
    ),
    (#"{"model_type": "gpt2", "n_embd": 768, "n_head": 12}"#, [768, 12, nil, 64, nil]),
    // A head that is said counts before the share of the hidden size; floats and texts are no counts.
    (#"{"hidden_size": 3072, "num_attention_heads": 16, "head_dim": 256}"#, [3072, 16, nil, 256, nil]),
    (#"{"hidden_size": 64.5, "num_attention_heads": "8", "d_model": 32}"#, [32, nil, nil, nil, nil]),
    (#"{"hidden_size": -1, "num_attention_heads": 99999999999999999999}"#, [nil, nil, nil, nil, nil]),
    (#"{"num_local_experts": 8, "num_experts_per_tok": 2}"#, [nil, nil, nil, nil, 8]),
    (
      #"{"n_routed_experts": 64, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64}"#, [nil, nil, nil, 192, 64]
    ),
    // The text part of a model of text and images; what the outer object says comes first, wherever it stands.
    (
      #"{"text_config": {"hidden_size": 32, "num_attention_heads": 4}, "vision_config": {"n_head": 7}, "hidden_size": 64}"#,
      [64, 4, nil, 16, nil]
    ),
    // Encoder and decoder differ.
    (
      #"{"d_model": 64, "encoder_attention_heads": 4, "decoder_attention_heads": 8}"#,
      [64, nil, nil, nil, nil]
    ),
    (#"{"d_model": 64, "encoder_attention_heads": 4, "decoder_attention_heads": 4}"#, [64, 4, nil, 16, nil]),
    (#"{"hidden_size": 65, "num_attention_heads": 0}"#, [65, 0, nil, nil, nil]),
    (#"{"hidden_size": 65, "num_attention_heads": 4}"#, [65, 4, nil, nil, nil]),
  ]

  private static func list(_ facts: ArchitectureFacts) -> [UInt64?] {
    [facts.hiddenSize, facts.headCount, facts.keyValueHeadCount, facts.headExtent, facts.expertCount]
  }

  @Test("is read from config.json", arguments: configs)
  func config(_ text: String, _ expected: [UInt64?]) throws {
    let folder = try TemporaryFolder()
    let file = SafetensorsBuilder([.init("w", "F32", [1], [0, 0, 0, 0])])
    _ = try folder.write(file.bytes, to: "model.safetensors")
    _ = try folder.write(text, to: "config.json")
    #expect(Self.list(try OpenedModel(folder.path).architecture) == expected)
    // Beside a single file may lie another model's.
    #expect(try OpenedModel(folder.path("model.safetensors")).architecture == ArchitectureFacts())
  }

  @Test("is read from GGUF's metadata, under the name of the architecture")
  func metadata() throws {
    var file = GGUFBuilder()
    file.add("general.architecture", type: 8, file.form.text("qwen3moe"))
    for (key, value) in [
      ("embedding_length", 2048), ("attention.head_count", 32), ("attention.head_count_kv", 4),
      ("attention.key_length", 128), ("expert_count", 128),
    ] as [(String, UInt32)] {
      file.add("qwen3moe.\(key)", u32: value)
    }
    file.add("llama.expert_count", u32: 7)
    let folder = try TemporaryFolder()
    let path = try folder.write(file.bytes, to: "m.gguf")
    let facts = try OpenedModel(path).architecture
    #expect(facts.name == "qwen3moe")
    #expect(Self.list(facts) == [2048, 32, 4, 128, 128])
  }
}
