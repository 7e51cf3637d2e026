import TestSupport

extension HostileCompressedFolder {
  /// Formats that the library never had.
  static let formats: [Self] = ["os:system", "../../evil.py", ""].flatMap { name in
    [
      config(
        "top-level format \(name)",
        "10",
        "\"format\": \"pack-quantized\",\n    \"global",
        "\"format\": \"\(name)\",\n    \"global",
        names: "quantization_config.format",
        "\"\(name)\""
      ),
      config(
        "format \(name) of a group",
        "10",
        "{\n        \"format\": \"pack-quantized\"",
        "{\n        \"format\": \"\(name)\"",
        names: "config_groups.group_0.format",
        "\"\(name)\""
      ),
      config(
        "sparse format \(name)",
        "01",
        "\"sparse-bitmask\"",
        "\"\(name)\"",
        names: "sparsity_config.format",
        "\"\(name)\""
      ),
    ]
  }

  /// Formats that there are, for weights that are stored otherwise.
  static let otherFormats: [Self] = [
    config(
      "ints as floats",
      "11",
      "int-quantized",
      "float-quantized",
      names: "fc1.weight",
      file: "model.safetensors"
    ),
    config(
      "words as bytes",
      "10",
      "pack-quantized",
      "int-quantized",
      names: "fc1.weight_packed",
      file: "model.safetensors"
    ),
    config(
      "floats as ints",
      "16",
      "nvfp4-pack-quantized",
      "pack-quantized",
      names: "fc1.weight_packed",
      file: "model.safetensors"
    ),
    config(
      "words as marlin's",
      "10",
      "pack-quantized",
      "marlin-24",
      names: "fc1.meta",
      file: "model.safetensors"
    ),
    config(
      "other bits",
      "10",
      "\"num_bits\": 4",
      "\"num_bits\": 5",
      names: "fc1.weight_packed",
      file: "model.safetensors"
    ),
    config(
      "bits that no word holds",
      "10",
      "\"num_bits\": 4",
      "\"num_bits\": 9",
      names: "fc1.weight_packed",
      file: "model.safetensors"
    ),
    config(
      "marlin of other bits",
      "08",
      "\"num_bits\": 4",
      "\"num_bits\": 8",
      names: "fc1.weight_packed",
      file: "model.safetensors"
    ),
    config(
      "marlin of other groups",
      "08",
      "\"group_size\": 128",
      "\"group_size\": 64",
      names: "fc1.scale_packed",
      file: "model.safetensors"
    ),
    config(
      "other groups",
      "10",
      "\"group_size\": 32",
      "\"group_size\": 31",
      names: "fc1.weight_scale",
      file: "model.safetensors"
    ),
    config(
      "other blocks",
      "12",
      "128,\n            128",
      "128,\n            64",
      names: "fc3.weight_scale",
      file: "model.safetensors"
    ),
    config(
      "scales for rows that are for groups",
      "10",
      "\"strategy\": \"group\"",
      "\"strategy\": \"tensor\"",
      names: "fc1.weight_scale",
      file: "model.safetensors"
    ),
  ]

  /// Values of a wrong JSON type or beyond what they may be.
  static let fields: [Self] = [
    config("bits 0", "10", "\"num_bits\": 4", "\"num_bits\": 0", names: "group_0.weights.num_bits"),
    config("bits 33", "10", "\"num_bits\": 4", "\"num_bits\": 33", names: "group_0.weights.num_bits"),
    config("bits as text", "10", "\"num_bits\": 4", "\"num_bits\": \"4\"", names: "group_0.weights.num_bits"),
    config("bits NaN", "10", "\"num_bits\": 4", "\"num_bits\": NaN", names: "group_0.weights.num_bits"),
    config(
      "groups of 0",
      "10",
      "\"group_size\": 32",
      "\"group_size\": 0",
      names: "group_0.weights.group_size"
    ),
    config(
      "groups as a list",
      "10",
      "\"group_size\": 32",
      "\"group_size\": [32]",
      names: "group_0.weights.group_size"
    ),
    config(
      "groups of 2^63",
      "10",
      "\"group_size\": 32",
      "\"group_size\": 9223372036854775808",
      names: "group_0.weights.group_size"
    ),
    config(
      "blocks of 0",
      "12",
      "128,\n            128",
      "0,\n            0",
      names: "group_2.weights.block_structure"
    ),
    config(
      "no blocks",
      "12",
      "[\n            128,\n            128\n          ]",
      "{}",
      names: "group_2.weights.block_structure"
    ),
    config(
      "symmetric 1",
      "10",
      "\"symmetric\": true",
      "\"symmetric\": 1",
      names: "group_1.weights.symmetric"
    ),
    config("type 7", "10", "\"type\": \"int\"", "\"type\": 7", names: "group_0.weights.type"),
    config("type complex", "10", "\"type\": \"int\"", "\"type\": \"complex\"", names: "group_0.weights.type"),
    config(
      "strategy null island",
      "10",
      "\"strategy\": \"group\"",
      "\"strategy\": \"island\"",
      names: "group_0.weights.strategy"
    ),
    config(
      "targets as text",
      "01",
      "[\n        \"Linear\"\n      ]",
      "\"Linear\"",
      names: "sparsity_config.targets"
    ),
    config("a target that is a number", "10", "\"fc1\"", "1", names: "group_0.targets"),
    config(
      "ignore as an object",
      "11",
      "[\n      \"head\"\n    ]",
      "{}",
      names: "quantization_config.ignore"
    ),
    config("version as a number", "10", "\"0.14.0.1\"", "0.14", names: "quantization_config.version"),
    config(
      "status as a list",
      "10",
      "\"compressed\"",
      "[]",
      names: "quantization_config.quantization_status"
    ),
    config(
      "quant_method as null's opposite",
      "10",
      "\"compressed-tensors\"",
      "false",
      names: "quantization_config.quant_method"
    ),
    config(
      "sparsity as text",
      "01",
      "48.23008849557522",
      "\"half\"",
      names: "sparsity_config.global_sparsity"
    ),
    config(
      "structure as a number",
      "01",
      "\"unstructured\"",
      "24",
      names: "sparsity_config.sparsity_structure"
    ),
    config("sparse format null", "01", "\"sparse-bitmask\"", "null", names: "sparsity_config.format"),
    config(
      "a sparse part that is a list",
      "10",
      "\"sparsity_config\": {}",
      "\"sparsity_config\": []",
      names: "quantization_config.sparsity_config"
    ),
    config("a pattern that is none", "10", "\"fc1\"", "\"re:(\"", names: "config_groups.group_0.targets"),
    config(
      "a pattern of sparse modules that is none",
      "01",
      "\"Linear\"",
      "\"re:[\"",
      names: "sparsity_config.targets"
    ),
  ]

  /// A golden folder with another configuration.
  private static func whole(_ description: String, _ golden: String, _ text: String, names named: String...)
    -> Self
  {
    var folder = Self(testDescription: description, golden: golden, named: ["config.json"] + named)
    folder.wholeConfig = text
    return folder
  }

  /// A configuration whose ignore list has these entries.
  static func ignoring(_ entries: [String]) -> String {
    let list = entries.map { "\"\($0)\"" }.joined(separator: ",")
    return #"{"quantization_config": {"quant_method": "compressed-tensors", "ignore": ["# + list + "]}}"
  }

  /// Texts that are no configuration.
  static let texts: [Self] = [
    whole("nothing", "10", ""), whole("half an object", "10", "{\"a\":"), whole("a list", "10", "[]"),
    whole("two objects", "10", "{} {}"), whole("a key twice", "10", "{\"a\": 1, \"a\": 2}", names: "\"a\""),
    whole("the configuration twice", "10", "{\"quantization_config\": {}, \"quantization_config\": {}}"),
    whole(
      "a key of the configuration twice",
      "10",
      "{\"quantization_config\": {\"format\": null, \"format\": null}}"
    ),
    whole(
      "a configuration that is text",
      "10",
      "{\"quantization_config\": \"int8\"}",
      names: "quantization_config"
    ),
    whole("10,000 levels", "10", nested(10_000, in: "a")),
    whole("10,000 levels within", "10", nested(10_000, in: "quantization_config")),
    whole(
      "100 levels in place of an object",
      "10",
      nested(100, in: "quantization_config"),
      names: "quantization_config"
    ),
    whole("20 MB", "10", "{\"a\": \"" + String(repeating: "x", count: 20_000_000) + "\"}", names: "16000000"),
    whole("2,000 patterns", "10", ignoring((0..<2000).map { "re:.*\($0)" }), names: "1000 patterns"),
    whole(
      "a pattern of 100,000 groups",
      "10",
      ignoring(["re:" + String(repeating: "(a*)*", count: 100_000)]),
      names: "ignore"
    ),
    whole(
      "a pattern that repeats without end",
      "10",
      ignoring(["re:((((a{1000}){1000}){1000}){1000})"]),
      names: "ignore"
    ),
    whole("not UTF-8", "10", "{\"quantization_config\": {\"format\": \"\\ud800\"}}"),
  ]

  /// A member whose value is arrays in arrays.
  static func nested(_ levels: Int, in key: String) -> String {
    "{\"\(key)\": " + String(repeating: "[", count: levels) + String(repeating: "]", count: levels) + "}"
  }
}
