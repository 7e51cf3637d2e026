import CompressedTensors
import ModelIR
import TestSupport
import Testing

@Suite("What becomes of config.json")
struct ConfigTextTests {
  /// How the members of an object are set off.
  struct Layout: CustomTestStringConvertible, Sendable {
    var testDescription: String
    /// Between the brace and the first member, between members, behind the last.
    var start: String
    var between: String
    var end: String

    static let all = [
      Layout(testDescription: "compact", start: "", between: ",", end: ""),
      Layout(testDescription: "indented", start: "\n  ", between: ",\n  ", end: "\n"),
      Layout(testDescription: "CRLF", start: "\r\n\t", between: ",\r\n\t", end: "\r\n"),
      Layout(testDescription: "commas first", start: "\n ", between: "\n ,", end: "\n"),
      Layout(testDescription: "blanks", start: " ", between: " , ", end: "  "),
    ]

    func object(_ members: [String]) -> String {
      members.isEmpty ? "{}" : "{" + start + members.joined(separator: between) + end + "}"
    }

    /// The object with the member at `index` cut: with the comma before it, or the one behind the first.
    func cut(_ members: [String], at index: Int) -> String {
      var rest = members
      rest.remove(at: index)
      if index > 0 || rest.isEmpty { return object(rest) }
      let behindComma = between.unicodeScalars.drop { $0 != "," }.dropFirst()
      return "{\(String(behindComma))\(rest.joined(separator: between))\(end)}"
    }
  }

  /// Members that have nothing to do with compression, and what a careless rewrite would change in them.
  static let others = [
    #""a": [NaN, -Infinity, Infinity, 1e5, 1.50, -0.0]"#, #""café\u00e9\/": "日本 \uD83D\uDE00""#,
    #""nested": {"quantization_config": {"sparsity_config": {"format": "dense"}}, "sparsity_config": 1}"#,
    #""z":null"#,
  ]

  static let quantized =
    #""config_groups": {"g": {"targets": ["Linear"], "format": "int-quantized", "weights": {"num_bits": 8, "strategy": "channel"}}}"#

  /// One int8 weight, which the configuration above describes.
  static let entries: [SafetensorsBuilder.Entry] = [
    .init("fc.weight", "I8", [2, 4], [UInt8](repeating: 1, count: 8)),
    .init("fc.weight_scale", "BF16", [2, 1], [0, 1, 2, 3]),
  ]

  /// What a text becomes where weights of these parts are restored.
  static func restored(
    _ text: String,
    _ entries: [SafetensorsBuilder.Entry] = [],
    removesQuantization: Bool = false
  ) throws -> String? {
    let checkpoint = try ResolvedModel(entries, config: text).checkpoint
    return try ConfigText.restored(
      Array(text.utf8),
      try #require(checkpoint.config),
      facts: checkpoint.facts,
      removesQuantization: removesQuantization
    ).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test("the compression is cut where it stands, and nothing else changes", arguments: Layout.all, 0...4)
  func cutsMember(_ layout: Layout, _ place: Int) throws {
    for key in ["quantization_config", "compression_config"] {
      let member = "\"\(key)\" : " + #"{"sparsity_config": {"format": "sparse-bitmask"}, "x": "}, \" {"}"#
      var members = Self.others
      members.insert(member, at: place)
      for end in ["", "\n", "\r\n \n"] {
        #expect(try Self.restored(layout.object(members) + end) == layout.cut(members, at: place) + end)
      }
      #expect(try Self.restored(layout.object([member]) + "\n") == "{}\n")
    }
  }

  @Test("weights that are plain numbers now leave nothing of the quantization", arguments: Layout.all)
  func cutsQuantization(_ layout: Layout) throws {
    let member = #""quantization_config": {"quant_method": "compressed-tensors", "# + Self.quantized + "}"
    let members = [Self.others[0], member, Self.others[1]]
    let text = try Self.restored(layout.object(members), Self.entries, removesQuantization: true)
    #expect(text == layout.cut(members, at: 1))
  }

  @Test(
    "the sparse part is cut from a quantized model's, and nothing else changes",
    arguments: Layout.all,
    0...4
  )
  func cutsSparsity(_ layout: Layout, _ place: Int) throws {
    var inner = [
      Self.quantized, #""format": "int-quantized""#, #""quantization_status": "compressed""#,
      #""x": {"sparsity_config": {}}"#,
    ]
    inner.insert(#""sparsity_config": {"format": "dense", "targets": ["}"]}"#, at: place)
    let outer = [Self.others[0], #""quantization_config": "# + layout.object(inner), Self.others[1]]
    let cut = [Self.others[0], #""quantization_config": "# + layout.cut(inner, at: place), Self.others[1]]
    let text = layout.object(outer)
    #expect(try Self.restored(text, Self.entries) == layout.object(cut))
    let repaired = try ConfigText.repaired(Array(text.utf8), file: "config.json")
    #expect(String(decoding: repaired, as: UTF8.self) == layout.object(cut))
  }

  @Test("a configuration without groups still tells by which version codes are read")
  func noGroups() throws {
    // 70 codes of 3 bits: both layouts take 7 words.
    let entries = PackedLayoutTests.module([Int](repeating: 1, count: 70), rows: 1, bits: 3, isPadded: true)
    let text = #"{"quantization_config": {"version": "0.14.0", "config_groups": {}}}"#
    let before = try ResolvedModel(entries, config: text)
    let after = try #require(try Self.restored(text, entries))
    #expect(after.contains("\"version\": \"0.20.0\""))
    let packed = try before.read("m.weight_packed")
    let restored = [packed] + entries.filter { $0.name != packed.name }
    #expect(try ResolvedModel(restored, config: after).read("m.weight_packed").data == packed.data)
    #expect(packed.data != entries[0].data)
  }

  @Test("what today's loaders read stays as it is")
  func complete() throws {
    let text = #"{"quantization_config": {"format": "int-quantized", "quantization_status": "compressed", "#
    #expect(try Self.restored(text + Self.quantized + "}}", Self.entries) == nil)
    #expect(try Self.restored(text + Self.quantized + #", "sparsity_config": {}}}"#, Self.entries) == nil)
  }

  @Test("the older key is renamed in its place, and what loaders miss is filled in", arguments: [0, 1, 2])
  func renames(_ place: Int) throws {
    let old = """
      "compression_config" :  {"format": "int-quantized", "quantization_status": "frozen", "config_groups": {"g": \
      {"targets": ["Linear"], "weights": {"num_bits": 8}}, "h": {"targets": [], "weights": null}}, "ignore": ["é"], \
      "sparsity_config": {"format": "dense"}}
      """
    let new = """
      "quantization_config" :  {
          "format": "int-quantized",
          "quantization_status": "compressed",
          "config_groups": {
            "g": {
              "targets": [
                "Linear"
              ],
              "weights": {
                "num_bits": 8
              },
              "format": "int-quantized"
            },
            "h": {
              "targets": [],
              "weights": null
            }
          },
          "ignore": [
            "\\u00e9"
          ],
          "quant_method": "compressed-tensors"
        }
      """
    var (before, after) = (Array(Self.others[..<2]), Array(Self.others[..<2]))
    before.insert(old, at: place)
    after.insert(new, at: place)
    for layout in Layout.all {
      #expect(try Self.restored(layout.object(before), Self.entries) == layout.object(after))
    }
  }

  @Test(
    "weights that are still floats are never said to be compressed",
    arguments: ["frozen", "initialized", "calibration"]
  )
  func floats(_ status: String) throws {
    let entries: [SafetensorsBuilder.Entry] = [
      .init("fc.weight", "BF16", [2, 4], [UInt8](repeating: 1, count: 16)),
      .init("fc.weight_scale", "BF16", [2, 1], [0, 1, 2, 3]),
    ]
    let status = #""quantization_status": "\#(status)""#
    let text = #"{"quantization_config": {"#
    #expect(try Self.restored(text + Self.quantized + ", \(status)}}", entries) == nil)
    let cut = try Self.restored(
      text + Self.quantized + #", "sparsity_config": {"format": "sparse-bitmask"}, \#(status)}}"#,
      entries
    )
    #expect(cut == text + Self.quantized + ", \(status)}}")
    // The older key is read by nobody, so it is renamed all the same.
    let renamed = try Self.restored(
      #"{"compression_config": {"format": "int-quantized", "# + Self.quantized + ", \(status)}}",
      entries
    )
    #expect(renamed?.contains(status) == true)
    #expect(renamed?.contains("\"quantization_config\"") == true)
  }

  @Test("a sparse part is cut only where it stops a loader: where weights are dense")
  func repaired() throws {
    func repaired(_ text: String) throws -> String {
      String(decoding: try ConfigText.repaired(Array(text.utf8), file: "x/config.json"), as: UTF8.self)
    }
    #expect(
      try repaired(
        #"{"b":[NaN],"quantization_config":{"sparsity_config":{"format":"dense","targets":["Linear"]}}}"#
      )
        == #"{"b":[NaN]}"#
    )
    #expect(try repaired(#"{"compression_config": {"sparsity_config":{"format":"dense"}}}"#) == "{}\n")
    #expect(
      try repaired(#"{"quantization_config":{"kv_cache_scheme":{},"sparsity_config":{"format":"dense"}}}"#)
        == #"{"quantization_config":{"kv_cache_scheme":{}}}"#
    )
    for text in [
      "{}", #"{"quantization_config": null}"#, #"{"quantization_config": {"quant_method": "gptq"}}"#,
      #"{"quantization_config":{"sparsity_config":{}, "config_groups": {}}}"#,
    ] {
      let fault = #expect(throws: ConfigFault.self) { try repaired(text) }
      #expect(fault?.rule == .nothingToRepair)
      #expect(fault?.file == "x/config.json")
    }
    for format in ["sparse-bitmask", "sparse-24-bitmask", "marlin-24"] {
      let text = #"{"quantization_config":{"sparsity_config":{"format":"\#(format)"}}}"#
      let fault = #expect(throws: ConfigFault.self) { try repaired(text) }
      #expect(fault?.rule == .isSparse(format))
    }
    let marlin = #"{"quantization_config":{"format": "marlin-24", "sparsity_config":{"format":"dense"}}}"#
    let fault = #expect(throws: ConfigFault.self) { try repaired(marlin) }
    #expect(fault?.rule == .isSparse("marlin-24"))
  }

  @Test("a sparse model's text is as Python writes it: sorted, indented, nothing but ASCII")
  func sparse() throws {
    let sparsity = ConfigText.Sparsity(
      format: .sparseBitmask,
      elements: 8,
      zeros: 3,
      targets: ["Linear"],
      ignore: ["head", "é"],
      version: "0.14.0.1"
    )
    let expected = """
      {
        "a": [
          NaN,
          1e5
        ],
        "quantization_config": {
          "quant_method": "compressed-tensors",
          "sparsity_config": {
            "format": "sparse-bitmask",
            "global_sparsity": 37.5,
            "ignore": [
              "head",
              "\\u00e9"
            ],
            "registry_requires_subclass": false,
            "sparsity_structure": "unstructured",
            "targets": [
              "Linear"
            ]
          },
          "transform_config": {},
          "version": "0.14.0.1"
        },
        "z\\ud83d\\ude00": {}
      }
      """
    for text in [
      #"{"z😀": {}, "a": [NaN, 1e5]}"#,
      #"{"z😀": {}, "a": [NaN, 1e5], "compression_config": {"sparsity_config": {"format": "dense"}}}"#,
      #"{"quantization_config": {"version": "0.7"}, "z\ud83d\ude00": {}, "a": [NaN, 1e5]}"#,
    ] {
      let written = try ConfigText.sparse(Array(text.utf8), sparsity, file: "config.json")
      #expect(String(decoding: written, as: UTF8.self) == expected)
    }
    #expect(throws: ConfigFault.self) { try ConfigText.sparse(Array("[]".utf8), sparsity, file: "") }
    #expect(throws: ConfigFault.self) { try ConfigText.sparse(Array("{".utf8), sparsity, file: "") }
  }
}
