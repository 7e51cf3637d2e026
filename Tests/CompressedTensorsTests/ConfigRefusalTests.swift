import CompressedTensors
import ModelIR
import TestSupport
import Testing

@Suite("Configurations that are refused")
struct ConfigRefusalTests {
  /// A wrong value, and the field that is named.
  static let wrongFields: [(text: String, field: String)] = [
    (#""x""#, "quantization_config"), ("[]", "quantization_config"), ("7", "quantization_config"),
    (#"{"quant_method": 1}"#, "quantization_config.quant_method"),
    (#"{"quant_method": "compressed-tensors", "version": 1}"#, "quantization_config.version"),
    (#"{"quant_method": "compressed-tensors", "format": []}"#, "quantization_config.format"),
    (
      #"{"quant_method": "compressed-tensors", "quantization_status": {}}"#,
      "quantization_config.quantization_status"
    ),
    (#"{"quant_method": "compressed-tensors", "ignore": "lm_head"}"#, "quantization_config.ignore"),
    (#"{"quant_method": "compressed-tensors", "ignore": [1]}"#, "quantization_config.ignore"),
    (#"{"config_groups": []}"#, "quantization_config.config_groups"),
    (#"{"config_groups": {"g": 1}}"#, "quantization_config.config_groups.g"),
    (#"{"config_groups": {"W4A16": [null]}}"#, "quantization_config.config_groups.W4A16"),
    (#"{"config_groups": {"g": {"targets": "Linear"}}}"#, "quantization_config.config_groups.g.targets"),
    (#"{"config_groups": {"g": {"format": 1}}}"#, "quantization_config.config_groups.g.format"),
    (#"{"config_groups": {"g": {"weights": 1}}}"#, "quantization_config.config_groups.g.weights"),
    (
      #"{"config_groups": {"g": {"weights": {"num_bits": "8"}}}}"#,
      "quantization_config.config_groups.g.weights.num_bits"
    ),
    (
      #"{"config_groups": {"g": {"weights": {"num_bits": 0}}}}"#,
      "quantization_config.config_groups.g.weights.num_bits"
    ),
    (
      #"{"config_groups": {"g": {"weights": {"num_bits": 33}}}}"#,
      "quantization_config.config_groups.g.weights.num_bits"
    ),
    (
      #"{"config_groups": {"g": {"weights": {"num_bits": 8.5}}}}"#,
      "quantization_config.config_groups.g.weights.num_bits"
    ),
    (
      #"{"config_groups": {"g": {"weights": {"num_bits": 99999999999999999999}}}}"#,
      "quantization_config.config_groups.g.weights.num_bits"
    ),
    (
      #"{"config_groups": {"g": {"weights": {"num_bits": NaN}}}}"#,
      "quantization_config.config_groups.g.weights.num_bits"
    ),
    (
      #"{"config_groups": {"g": {"weights": {"type": "complex"}}}}"#,
      "quantization_config.config_groups.g.weights.type"
    ),
    (
      #"{"config_groups": {"g": {"weights": {"type": 1}}}}"#,
      "quantization_config.config_groups.g.weights.type"
    ),
    (
      #"{"config_groups": {"g": {"weights": {"symmetric": 1}}}}"#,
      "quantization_config.config_groups.g.weights.symmetric"
    ),
    (
      #"{"config_groups": {"g": {"weights": {"group_size": 0}}}}"#,
      "quantization_config.config_groups.g.weights.group_size"
    ),
    (
      #"{"config_groups": {"g": {"weights": {"group_size": -2}}}}"#,
      "quantization_config.config_groups.g.weights.group_size"
    ),
    (
      #"{"config_groups": {"g": {"weights": {"group_size": true}}}}"#,
      "quantization_config.config_groups.g.weights.group_size"
    ),
    (
      #"{"config_groups": {"g": {"weights": {"strategy": "row"}}}}"#,
      "quantization_config.config_groups.g.weights.strategy"
    ),
    (
      #"{"config_groups": {"g": {"weights": {"strategy": []}}}}"#,
      "quantization_config.config_groups.g.weights.strategy"
    ),
    (
      #"{"config_groups": {"g": {"weights": {"strategy": "block"}}}}"#,
      "quantization_config.config_groups.g.weights.block_structure"
    ),
    (
      #"{"config_groups": {"g": {"weights": {"block_structure": [0, 0]}}}}"#,
      "quantization_config.config_groups.g.weights.block_structure"
    ),
    (
      #"{"config_groups": {"g": {"weights": {"block_structure": [1, 2, 3]}}}}"#,
      "quantization_config.config_groups.g.weights.block_structure"
    ),
    (
      #"{"config_groups": {"g": {"weights": {"block_structure": "128"}}}}"#,
      "quantization_config.config_groups.g.weights.block_structure"
    ),
    (
      #"{"config_groups": {"g": {"weights": {"block_structure": "-1x4"}}}}"#,
      "quantization_config.config_groups.g.weights.block_structure"
    ),
    (
      #"{"config_groups": {"g": {"weights": {"block_structure": "4294967296x4"}}}}"#,
      "quantization_config.config_groups.g.weights.block_structure"
    ),
    (
      #"{"config_groups": {"g": {"weights": {"block_structure": 128}}}}"#,
      "quantization_config.config_groups.g.weights.block_structure"
    ),
    (#"{"sparsity_config": []}"#, "quantization_config.sparsity_config"),
    (#"{"sparsity_config": {"format": null}}"#, "quantization_config.sparsity_config.format"),
    (#"{"sparsity_config": {"targets": []}}"#, "quantization_config.sparsity_config.format"),
    (#"{"sparsity_config": {"format": "pack-quantized"}}"#, "quantization_config.sparsity_config.format"),
    (
      #"{"sparsity_config": {"format": "dense", "targets": {}}}"#,
      "quantization_config.sparsity_config.targets"
    ),
    (
      #"{"sparsity_config": {"format": "dense", "ignore": "x"}}"#,
      "quantization_config.sparsity_config.ignore"
    ),
    (
      #"{"sparsity_config": {"format": "dense", "global_sparsity": "50"}}"#,
      "quantization_config.sparsity_config.global_sparsity"
    ),
    (
      #"{"sparsity_config": {"format": "dense", "sparsity_structure": 24}}"#,
      "quantization_config.sparsity_config.sparsity_structure"
    ),
  ]

  /// A tensor that the configuration may say something about: without one it is another's.
  private static let parts = [SafetensorsBuilder.Entry("m.row_offsets", "I64", [1], elements: [0])]

  @Test("a configuration of a model without compressed parts is nobody's business but a warning's")
  func withoutParts() throws {
    for text in ["{\"quantization_config\": 7}", "{", "[]", "{\"a\": 1, \"a\": 2}"] {
      let resolved = try ResolvedModel([], config: text)
      #expect(resolved.model.warnings.count == 1, "\(text)")
      #expect(throws: ConfigFault.self, "\(text)") { try ResolvedModel(Self.parts, config: text) }
    }
  }

  @Test("a wrong value is refused by its field's name", arguments: wrongFields.indices)
  func wrongField(_ index: Int) throws {
    let (text, field) = Self.wrongFields[index]
    let whole = "{\"a\": 1, \"quantization_config\": \(text)}"
    let fault = #expect(throws: ConfigFault.self) { _ = try ResolvedModel(Self.parts, config: whole) }
    guard case .wrongField(let found, _)? = fault?.rule else {
      Issue.record("\(text): \(String(describing: fault))")
      return
    }
    #expect(found == field)
    #expect(fault?.offset == UInt64(whole.utf8.count - text.utf8.count - 1))
    #expect(fault?.diagnosis.file == "config.json")
    #expect(fault?.diagnosis.kind == .badData)
  }

  @Test(
    "a format that the library never had is refused, wherever it is named",
    arguments: ["sparse-bitmask-2", "Dense", "", "x:y", "/etc/passwd", "my.module:Compressor", "café"],
    ["format", "config_groups.g.format", "sparsity_config.format"]
  )
  func unknownFormat(_ name: String, _ field: String) throws {
    let text =
      switch field {
      case "format": "{\"config_groups\": {}, \"format\": \"\(name)\"}"
      case "sparsity_config.format": "{\"sparsity_config\": {\"format\": \"\(name)\"}}"
      default: "{\"config_groups\": {\"g\": {\"format\": \"\(name)\"}}}"
      }
    for key in ["quantization_config", "compression_config"] {
      let fault = #expect(throws: ConfigFault.self) {
        _ = try ResolvedModel(Self.parts, config: "{\"\(key)\": \(text)}")
      }
      #expect(fault?.rule == .unknownFormat(field: "\(key).\(field)", name: name))
      #expect(fault?.diagnosis.expected?.contains("sparse-24-bitmask") == true)
    }
  }

  @Test(
    "what is no JSON object is refused, keys twice too",
    arguments: [
      "", "{", "[]", "1", "{\"a\": 1,}", "{} x", "{\"a\": 01}", "{\"a\": 1, \"a\": 2}",
      "{\"quantization_config\": null, \"quantization_config\": {}}",
      "{\"quantization_config\": {\"format\": null, \"format\": null}}",
      "{\"quantization_config\": {\"x\": {\"y\": 1, \"y\": 1}}}", "{\"b\": {\"y\": 1, \"y\": 1}}",
    ]
  )
  func noJSON(_ text: String) throws {
    let fault = #expect(throws: ConfigFault.self) { _ = try ResolvedModel(Self.parts, config: text) }
    guard case .json? = fault?.rule else {
      Issue.record("\(text): \(String(describing: fault))")
      return
    }
  }

  @Test("patterns that cannot be matched are refused by the field that has them")
  func badPatterns() throws {
    let entries: [SafetensorsBuilder.Entry] = [
      .init("a.weight", "I8", [1, 1], [1]), .init("a.weight_scale", "BF16", [1], [0, 0]),
    ]
    for (text, field) in [
      (#"{"config_groups": {"g": {"targets": ["re:("], "weights": {}}}}"#, "config_groups.g.targets"),
      (#"{"config_groups": {"g": {"targets": ["x"], "weights": {}}}, "ignore": ["a", "re:*"]}"#, "ignore"),
      (#"{"sparsity_config": {"format": "dense", "targets": ["re:[z-a]"]}}"#, "sparsity_config.targets"),
      (#"{"sparsity_config": {"format": "dense", "ignore": ["re:\\"]}}"#, "sparsity_config.ignore"),
    ] {
      let whole = "{\"quantization_config\": \(text)}"
      let fault = #expect(throws: ConfigFault.self) { _ = try ResolvedModel(entries, config: whole) }
      guard case .badPattern(let found, _)? = fault?.rule else {
        Issue.record("\(text): \(String(describing: fault))")
        continue
      }
      #expect(found == "quantization_config." + field)
    }
  }
}
