import Foundation
import TestSupport
import Testing

@Suite("validate on the command line")
struct ValidateCommandTests {
  let temporary: TemporaryFolder

  init() throws { temporary = try TemporaryFolder() }

  func run(_ arguments: String...) throws -> LacunaProcess.Result {
    try LacunaProcess.run(["validate"] + arguments, in: temporary.path)
  }

  /// The tensor `w` of a JSON report, or the first one.
  static func tensor(_ result: LacunaProcess.Result) throws -> [String: Any] {
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
    )
    let tensors = try #require(document["tensors"] as? [[String: Any]])
    return try #require(tensors.first { $0["name"] as? String == "w" } ?? tensors.first)
  }

  @Test(
    "TensorRT's rules on graphs: axis of each operator, whole groups, types, storage",
    arguments: [
      ("nm24_conv", "compliant", 0, nil), ("nm24_conv_group", "compliant", 0, nil),
      ("nm24_gemm", "compliant", 0, nil),
      ("nm24_gemm_transB", "compliant", 0, nil), ("nm24_matmul", "compliant", 0, nil),
      ("nm24_matmul_batched", "ineligible", 1, "layer"), ("nm24_matmul_k18", "ineligible", 1, "size"),
      ("nm24_matmul_one_violation", "violating", 1, nil), ("nm24_matmul_wrong_axis", "violating", 1, nil),
      ("nm48_matmul", "violating", 1, nil), ("nm14_matmul", "compliant", 0, nil),
      ("qdq_int8_perchannel_matmul_24", "compliant", 0, nil),
      ("qdq_int8_perchannel_conv_24", "compliant", 0, nil),
      ("qdq_uint8_zp128_matmul_24", "ineligible", 1, "type"), ("qlinearconv_int8", "ineligible", 1, "layer"),
      ("qdq_fp8_matmul", "ineligible", 1, "type"), ("constant_sparse_weight_f32", "ineligible", 1, "storage"),
      ("bitmask_selfexpanding", "ineligible", 1, "storage"), ("gather_embedding", "skipped", 1, nil),
    ] as [(String, String, Int32, String?)]
  )
  func tensorrt(_ file: String, _ status: String, _ code: Int32, _ rule: String?) throws {
    let result = try run("--for", "tensorrt", "--json", Fixture.path("onnx/\(file).onnx"))
    #expect(result.code == code, "\(result.errors)")
    let tensor = try Self.tensor(result)
    #expect(tensor["status"] as? String == status)
    let obstacles = tensor["obstacles"] as? [[String: Any]] ?? []
    #expect(obstacles.first?["rule"] as? String == rule)
    #expect(tensor["eligible"] as? Bool == (status == "skipped" ? nil : rule == nil))
  }

  @Test("a weight that is 2:4 along the wrong axis is told so")
  func wrongAxis() throws {
    let path = Fixture.path("onnx/nm24_matmul_wrong_axis.onnx")
    let text = try run("--pattern", "2:4", path)
    #expect(text.code == 1)
    #expect(
      text.output.contains("2:4 holds along axis 1, not along axis 0, which MatMul sums over"),
      "\(text.output)"
    )
    #expect(text.output.contains("of the L1 norm"), "\(text.output)")
    let others = try #require(
      try Self.tensor(run("--pattern", "2:4", "--json", path))["other_axes"] as? [[String: Any]]
    )
    #expect(others.count == 1)
    #expect(others[0]["axes"] as? [Int] == [1])
    #expect(others[0]["compliant"] as? Bool == true)
  }

  @Test("a sparse weight is compliant but not eligible, and eligible once it is dense")
  func storage() throws {
    let path = Fixture.path("onnx/constant_sparse_weight_f32.onnx")
    let sparse = try run("--for", "tensorrt", path)
    #expect(sparse.code == 1)
    #expect(sparse.output.contains("compliant but not eligible: stored sparse"), "\(sparse.output)")
    #expect(sparse.output.contains("FAILED: no weight is eligible for TensorRT"))
    let converted = try LacunaProcess.run(
      ["convert", path, "dense.onnx", "--layout", "dense"],
      in: temporary.path
    )
    #expect(converted.code == 0, "\(converted.errors)")
    let dense = try run("--for", "tensorrt", "dense.onnx")
    #expect(dense.code == 0, "\(dense.output)")
    #expect(dense.output.contains("ok: 1 eligible tensor is 2:4"), "\(dense.output)")
  }

  /// A matrix of BF16: nonzero where `isNonzero` says so.
  static func matrix(_ rows: Int, _ columns: Int, _ isNonzero: (Int, Int) -> Bool) -> [UInt8] {
    (0..<rows * columns).flatMap {
      isNonzero($0 / columns, $0 % columns) ? [0x80, 0x3F] : [0, 0] as [UInt8]
    }
  }

  /// Writes a model folder with one matrix.
  func writeFolder(_ type: String, _ name: String) throws -> String {
    try temporary.createFolder(type)
    let bytes = Self.matrix(8, 12) { row, _ in row % 2 == 0 }
    let builder = SafetensorsBuilder([.init(name, "BF16", [8, 12], bytes)], metadata: [])
    try temporary.write(builder.bytes, to: "\(type)/model.safetensors")
    try temporary.write(
      #"{"a": [1, {"model_type": "no"}], "model_type": "\#(type)"}"#,
      to: "\(type)/config.json"
    )
    return type
  }

  @Test(
    "config.json tells which layers store [in, out]: groups run along axis 0 there",
    arguments: [
      ("gpt2", "h.0.attn.c_attn.weight", 0, 0), ("gpt_bigcode", "h.0.attn.c_attn.weight", 1, 1),
      ("gpt2", "h.0.attn.other.weight", 1, 1),
    ] as [(String, String, Int32, Int)]
  )
  func architecture(_ type: String, _ name: String, _ code: Int32, _ axis: Int) throws {
    let folder = try writeFolder(type, name)
    let result = try run("--pattern", "2:4", "--json", folder)
    #expect(result.code == code)
    let tensor = try Self.tensor(result)
    #expect(tensor["axis"] as? Int == axis)
    #expect(tensor["axis_evidence"] as? String == "convention")
    // Beside a single file may lie another model's config.json.
    let single = try run("--pattern", "2:4", "--json", "\(folder)/model.safetensors")
    #expect(try Self.tensor(single)["axis"] as? Int == 1)
  }

  @Test(
    "options that contradict each other, or say nothing, are refused",
    arguments: [
      [], ["--pattern", "2:4", "--for", "torch"], ["--for", "torch", "--axis", "0"],
      ["--for", "torch", "--tail", "pad"],
      ["--for", "torch", "--zeros"], ["--for", "pytorch"], ["--pattern", "2:4", "--json", "--format", "md"],
      ["--pattern", "2:4", "--plain", "--format", "json"], ["--pattern", "2:4", "--format", "yaml"],
    ]
  )
  func refused(_ options: [String]) throws {
    let path = Fixture.path("onnx/nm24_matmul.onnx")
    let result = try LacunaProcess.run(["validate"] + options + [path], in: temporary.path)
    #expect(result.code == 64, "\(result.errors)")
    #expect(result.output.isEmpty)
  }

  @Test("--format gives what --json and --plain give")
  func formats() throws {
    let path = Fixture.path("onnx/nm24_matmul_one_violation.onnx")
    for (form, flag) in [("json", "--json"), ("plain", "--plain")] {
      let result = try run("--pattern", "2:4", "--format", form, path)
      #expect(result.output == (try run("--pattern", "2:4", flag, path).output))
    }
    let markdown = try run("--pattern", "2:4", "--format", "md", path)
    #expect(markdown.code == 1)
    #expect(
      markdown.output.contains("| tensor | type | shape | axis | zeros | violating groups | verdict |\n")
    )
    #expect(markdown.output.contains("\n| `w` | F32 | 16 × 12 | 0 | "), "\(markdown.output)")
  }

  @Test("--sarif writes one result for each violating tensor with its bytes, and overwrites only when told")
  func sarif() throws {
    let source = Fixture.path("onnx/nm24_matmul_one_violation.onnx")
    let bytes = try [UInt8](Data(contentsOf: URL(filePath: source)))
    try temporary.write(bytes, to: "a b.onnx")
    let result = try run("--for", "tensorrt", "--sarif", "out.sarif", "a b.onnx")
    #expect(result.code == 1, "\(result.errors)")
    #expect(result.output.contains("FAILED"), "the results are shown as ever")
    let path = URL(filePath: temporary.path).appending(path: "out.sarif")
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: path)) as? [String: Any]
    )
    #expect(document["version"] as? String == "2.1.0")
    let run = try #require((document["runs"] as? [[String: Any]])?.first)
    let results = try #require(run["results"] as? [[String: Any]])
    #expect(results.count == 1)
    let first = try #require(results.first)
    #expect(first["ruleId"] as? String == "nm-pattern")
    #expect(first["level"] as? String == "error")
    let driver = try #require((run["tool"] as? [String: [String: Any]])?["driver"])
    let rules = try #require(driver["rules"] as? [[String: Any]])
    let index = try #require(first["ruleIndex"] as? Int)
    #expect(rules[index]["id"] as? String == "nm-pattern")
    let location = try #require(
      (first["locations"] as? [[String: Any]])?.first?["physicalLocation"] as? [String: Any]
    )
    #expect((location["artifactLocation"] as? [String: Any])?["uri"] as? String == "a%20b.onnx")
    let region = try #require(location["region"] as? [String: Int])
    #expect(region["byteLength"] == 16 * 12 * 4)
    let offset = try #require(region["byteOffset"])
    #expect(offset + 16 * 12 * 4 <= bytes.count)

    let again = try self.run("--for", "tensorrt", "--sarif", "out.sarif", "a b.onnx")
    #expect(again.code == 73)
    #expect(again.output.isEmpty, "it is refused before the work")
    #expect(try self.run("--for", "tensorrt", "--sarif", "out.sarif", "--force", "a b.onnx").code == 1)
    #expect(try self.run("--for", "tensorrt", "--sarif", "a b.onnx", "--force", "a b.onnx").code == 73)
    #expect(try [UInt8](Data(contentsOf: URL(filePath: temporary.path).appending(path: "a b.onnx"))) == bytes)
  }

  @Test("--permutations says that channels in another order would comply")
  func permutations() throws {
    // Rows are nonzero in the first half of the columns: interleaving the halves makes it 2:4.
    let bytes = Self.matrix(8, 16) { _, column in column < 8 }
    let builder = SafetensorsBuilder([.init("a.weight", "BF16", [8, 16], bytes)], metadata: [])
    try temporary.write(builder.bytes, to: "m.safetensors")
    let result = try run("--pattern", "2:4", "--permutations", "m.safetensors")
    #expect(result.code == 1)
    #expect(
      result.output.contains("2:4 holds once the places of axis 1 are put in another order"),
      "\(result.output)"
    )
    let without = try run("--pattern", "2:4", "m.safetensors")
    #expect(!without.output.contains("another order"))
  }

  @Test("names from files stay within their cells and messages", arguments: ["md", "sarif"])
  func hostileNames(_ form: String) throws {
    let name = "a|b`c\\|[x](http://y){0}@z<b>\u{202E}\n.weight"
    let bytes = Self.matrix(1, 4) { _, _ in true }
    let escaped = #"a|b`c\\|[x](http://y){0}@z<b>\u202E\n.weight"#
    let header = #"{"\#(escaped)":{"dtype":"BF16","shape":[1,4],"data_offsets":[0,8]}}"#
    let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: padded.utf8.count >> (8 * $0)) }
    try temporary.write(length + Array(padded.utf8) + bytes, to: "m.safetensors")
    let result = try run("--pattern", "2:4", "--format", form, "m.safetensors")
    #expect(result.code == 1, "\(result.errors)")
    #expect(!result.output.unicodeScalars.contains("\u{202E}") || form == "sarif")
    if form == "md" {
      let row = try #require(result.output.split(separator: "\n").first { $0.contains("weight") })
      #expect(row.hasPrefix("| `` a\\|b`c\\\\\\|[x]"), "\(row)")
      // What divides cells are bars behind an even number of backslashes.
      var bars = 0
      var backslashes = 0
      for character in row {
        if character == "|" && backslashes % 2 == 0 { bars += 1 }
        backslashes = character == "\\" ? backslashes + 1 : 0
      }
      #expect(bars == 8, "\(row)")
    } else {
      let document = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
      let results = (document?["runs"] as? [[String: Any]])?.first?["results"] as? [[String: Any]]
      let first = try #require(results?.first)
      let message = try #require((first["message"] as? [String: String])?["text"])
      #expect(message.contains("{{0}}"))
      #expect(message.contains("\\[x\\](http"))
      #expect(!message.unicodeScalars.contains("\u{202E}"))
      let logical =
        (first["locations"] as? [[String: Any]])?.first?["logicalLocations"] as? [[String: String]]
      #expect(logical?.first?["fullyQualifiedName"] == name)
    }
  }
}
