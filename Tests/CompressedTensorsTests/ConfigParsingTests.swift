import CompressedTensors
import ModelIR
import TestSupport
import Testing

@Suite("Configurations of every era")
struct ConfigParsingTests {
  /// A config.json, and what it says in short; nil where it says nothing of this library.
  struct Row: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var text: String
    var says: String?

    init(_ name: String, _ text: String, _ says: String?) {
      (testDescription, self.text, self.says) = (name, text, says)
    }
  }

  /// What a configuration says, in short.
  static func summary(_ config: CompressionConfig) -> String {
    var lines = ["\(config.key.rawValue) \(config.version?.text ?? "-")"]
    lines.append("\(config.format?.rawValue ?? "-") \(config.status ?? "-")")
    for group in config.groups {
      var text = "\(group.name)[\(group.targets.joined(separator: ","))] \(group.format?.rawValue ?? "-")"
      if let weights = group.weights {
        text += " \(weights.kind.rawValue)\(weights.bits)"
        text += " \(weights.strategy?.rawValue ?? "-") \(weights.groupSize.map(String.init) ?? "-")"
        text += weights.isSymmetric ? "" : " asymmetric"
        text += weights.block.map { " \($0[0])x\($0[1])" } ?? ""
      }
      lines.append(text + (group.quantizesActivations ? " activations" : ""))
    }
    if !config.ignore.isEmpty { lines.append("ignore " + config.ignore.joined(separator: ",")) }
    if let sparsity = config.sparsity {
      let share = sparsity.globalSparsity.map { "\($0)" } ?? "-"
      let targets = sparsity.targets.map { $0.joined(separator: ",") } ?? "all"
      lines.append(
        "\(sparsity.format.rawValue) \(share) \(sparsity.structure ?? "-") [\(targets)] [\(sparsity.ignore.joined(separator: ","))]"
      )
    }
    if config.quantizesCache { lines.append("cache") }
    if config.hasTransforms { lines.append("transforms") }
    return lines.joined(separator: "; ")
  }

  static let rows: [Row] = [
    Row(
      "0.4: flattened fields and a sparse part under the older key",
      """
      {"compression_config": {"format": "int-quantized", "quantization_status": "frozen",
       "config_groups": {"group_0": {"targets": ["Linear"], "input_activations": null,
        "weights": {"num_bits": 8, "type": "int", "symmetric": true, "strategy": "channel"}}},
       "ignore": ["lm_head"], "sparsity_config": {"format": "sparse-bitmask", "global_sparsity": 48.05,
        "sparsity_structure": "2:4", "registry_requires_subclass": false}}}
      """,
      "compression_config -; int-quantized frozen; group_0[Linear] - int8 channel -; ignore lm_head; sparse-bitmask 0.4805 2:4 [all] []"
    ),
    Row(
      "0.5: the sparse part alone",
      #"{"compression_config": {"sparsity_config": {"format": "sparse-bitmask", "global_sparsity": 0.5}}}"#,
      "compression_config -; - -; sparse-bitmask 0.5 - [all] []"
    ),
    Row(
      "0.7 to 0.10: quantized, without a version",
      """
      {"quantization_config": {"quant_method": "compressed-tensors", "format": "pack-quantized",
       "quantization_status": "compressed", "global_compression_ratio": 1.2, "kv_cache_scheme": null,
       "config_groups": {"group_0": {"targets": ["Linear"], "weights": {"num_bits": 4, "type": "int",
        "group_size": 128, "actorder": null, "block_structure": null, "observer_kwargs": {}}}}}}
      """,
      "quantization_config -; pack-quantized compressed; group_0[Linear] - int4 group 128"
    ),
    Row(
      "group_size -1 means rows",
      #"{"quantization_config": {"config_groups": {"g": {"targets": ["a", "b"], "weights": {"num_bits": 4, "group_size": -1, "symmetric": false}}}}}"#,
      "quantization_config -; - -; g[a,b] - int4 channel - asymmetric"
    ),
    Row(
      "bits and symmetry as the library has them where they are left out",
      #"{"quantization_config": {"config_groups": {"g": {"weights": {}}}}}"#,
      "quantization_config -; - -; g[] - int8 - -"
    ),
    Row(
      "0.14: every field, null where there is nothing",
      """
      {"quantization_config": {"version": "0.14.0.1", "quant_method": "compressed-tensors",
       "format": "float-quantized", "quantization_status": "compressed", "ignore": null, "config_groups":
       {"group_0": {"targets": ["Linear"], "format": null, "output_activations": null, "input_activations":
        {"num_bits": 8}, "weights": {"num_bits": 8, "type": "float", "symmetric": null, "group_size": null,
        "strategy": "block", "block_structure": [128, 64], "dynamic": false, "zp_dtype": null}},
        "group_1": {"targets": null, "weights": null}},
       "sparsity_config": {}, "transform_config": {}, "kv_cache_scheme": {"num_bits": 8}}}
      """,
      "quantization_config 0.14.0.1; float-quantized compressed; group_0[Linear] - float8 block - 128x64 activations; group_1[] -; cache"
    ),
    Row(
      "block_structure as text",
      #"{"quantization_config": {"config_groups": {"g": {"weights": {"strategy": "BLOCK", "type": "FLOAT", "block_structure": "128x64"}}}}}"#,
      "quantization_config -; - -; g[] - float8 block - 128x64"
    ),
    Row(
      "presets as lists of targets",
      """
      {"quantization_config": {"quant_method": "sparseml", "config_groups": {"W4A16": ["Linear"],
       "w8a8": [], "FP8_BLOCK": ["re:.*"], "NVFP4": ["a"], "UNHEARD": ["b"]}}}
      """,
      "quantization_config -; - -; W4A16[Linear] - int4 group 128; w8a8[] - int8 channel -; "
        + "FP8_BLOCK[re:.*] - float8 block - 128x128; NVFP4[a] - float4 tensor_group 16; UNHEARD[b] -"
    ),
    Row(
      "sparsity as a share",
      #"{"quantization_config": {"sparsity_config": {"format": "sparse-24-bitmask", "global_sparsity": 0.25, "targets": ["Linear"], "ignore": ["lm_head"], "sparsity_structure": null}}}"#,
      "quantization_config -; - -; sparse-24-bitmask 0.25 - [Linear] [lm_head]"
    ),
    Row(
      "sparsity as a percentage, and none",
      #"{"quantization_config": {"sparsity_config": {"format": "dense", "global_sparsity": 1.5, "ignore": null}}}"#,
      "quantization_config -; - -; dense 0.015 - [all] []"
    ),
    Row(
      "transforms, and the empty groups that the library writes where there are none",
      """
      {"quantization_config": {"quant_method": "compressed-tensors", "transform_config": {"config_groups":
       {"u": {"type": "hadamard", "apply": [{"targets": ["Linear"], "location": "input"}]}}}}}
      """,
      "quantization_config -; - -; transforms"
    ),
    Row(
      "no transforms",
      #"{"quantization_config": {"quant_method": "compressed-tensors", "transform_config": {"config_groups": {}}, "version": "0.20.1a3"}}"#,
      "quantization_config 0.20.1a3; - -"
    ),
    Row(
      "the newer key wins, wherever it stands",
      """
      {"compression_config": {"sparsity_config": {"format": "dense"}},
       "quantization_config": {"quant_method": "compressed-tensors", "format": "mixed-precision"}}
      """,
      "quantization_config -; mixed-precision -"
    ),
    Row(
      "the older key counts where the newer is another library's",
      #"{"quantization_config": {"quant_method": "gptq"}, "compression_config": {"sparsity_config": {"format": "dense"}}}"#,
      "compression_config -; - -; dense - - [all] []"
    ),
    Row(
      "NaN beside it",
      #"{"a": [NaN, -Infinity], "quantization_config": {"quant_method": "compressed-tensors"}, "b": Infinity}"#,
      "quantization_config -; - -"
    ),
    Row("null", #"{"quantization_config": null, "compression_config": null}"#, nil),
    Row("nothing", "{}", nil),
    Row("nothing in it", #"{"quantization_config": {}}"#, nil),
    Row(
      "another library's",
      #"{"quantization_config": {"quant_method": "gptq", "bits": 4, "format": 7}}"#,
      nil
    ),
    Row("another library's without a name", #"{"quantization_config": {"load_in_4bit": true}}"#, nil),
    Row(
      "a member of another object",
      #"{"text_config": {"quantization_config": {"quant_method": "compressed-tensors"}}}"#,
      nil
    ),
  ]

  @Test("what they say", arguments: rows)
  func says(_ row: Row) throws {
    let config = try ResolvedModel([], config: row.text).checkpoint.config
    #expect(config.map(Self.summary) == row.says)
  }

  @Test(
    "the library's own files",
    arguments: [
      (
        "01-sparse-bitmask-f32",
        "quantization_config 0.14.0.1; - -; sparse-bitmask 0.4823008849557522 unstructured [Linear] [head]"
      ),
      (
        "12-float-quantized",
        "quantization_config 0.20.0; float-quantized compressed; group_0[fc1] float-quantized float8 tensor - activations; group_1[fc2] float-quantized float8 channel - activations; group_2[re:fc[3-9]] float-quantized float8 block - 128x128 activations"
      ),
      (
        "16-nvfp4-pack-quantized",
        "quantization_config 0.20.0; nvfp4-pack-quantized compressed; group_0[Linear] nvfp4-pack-quantized float4 tensor_group 16 activations; ignore head"
      ),
      (
        "22-sparse-bitmask-old-naming-0.8.1",
        "quantization_config 0.8.1; - -; sparse-bitmask 0.5 unstructured [all] []"
      ),
    ]
  )
  func golden(_ folder: String, _ says: String) throws {
    let text = try Fixture.bytes("compressed-tensors/\(folder)/config.json")
    let config = try ResolvedModel([], config: String(decoding: text, as: UTF8.self)).checkpoint.config
    #expect(config.map(Self.summary) == says)
  }

  @Test(
    "versions count by their numbers",
    arguments: [
      ("0.9", "0.10", true), ("0.14.0", "0.14.0.1", true), ("0.14", "0.14.0.0", false),
      ("0.12.3a2", "0.12.3", false), ("0.12.3a2", "0.12.4", true), ("1", "0.99", false),
    ] as [(String, String, Bool)]
  )
  func versions(_ first: String, _ second: String, _ isLess: Bool) throws {
    let (left, right) = (try #require(LibraryVersion(first)), try #require(LibraryVersion(second)))
    #expect((left < right) == isLess)
  }

  @Test("what starts with no number is no version", arguments: ["", "x", ".1", "v0.14", "-1"])
  func noVersions(_ text: String) { #expect(LibraryVersion(text) == nil) }
}
