import TestSupport
import Testing

@Suite("diff")
struct DiffCommandTests {
  let temporary: TemporaryFolder

  init() throws { temporary = try TemporaryFolder() }

  /// Single precision.
  private func floats(_ values: [Float]) -> [UInt8] {
    values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * $0)) } }
  }

  private func write(_ name: String, _ values: [Float], _ metadata: [(key: String, value: String)]? = nil)
    throws
  {
    let entry = SafetensorsBuilder.Entry(
      "layer.weight",
      "F32",
      [2, UInt64(values.count / 2)],
      floats(values)
    )
    try temporary.write(SafetensorsBuilder([entry], metadata: metadata).bytes, to: name)
  }

  @Test("of two folders config.json counts as metadata, whatever its blanks")
  func config() throws {
    let file = SafetensorsBuilder([.init("w", "F32", [1], [0, 0, 0, 0])])
    let texts = [
      "a": #"{"layers": 4, "name": "x\" y", "same": [1, 2]}"#,
      "b": #"{"name":"x\" y","layers":5,"same":[1,2]}"#,
      "c": "no JSON",
    ]
    for (name, text) in texts {
      _ = try temporary.createFolder(name)
      _ = try temporary.write(file.bytes, to: "\(name)/model.safetensors")
      _ = try temporary.write(text, to: "\(name)/config.json")
    }
    for (options, code) in [([], 0), (["--metadata"], 1)] as [([String], Int32)] {
      let result = try LacunaProcess.run(["diff", "a", "b"] + options, in: temporary.path)
      #expect(result.code == code)
      #expect(result.output.contains("config.json: layers  4  →  5"), "\(result.output)")
      #expect(!result.output.contains("same:  ") && !result.output.contains("config.json: name"))
    }
    #expect(try LacunaProcess.run(["diff", "a", "c", "--metadata"], in: temporary.path).code == 0)
  }

  @Test("of values that differ it says how many, by how much, and what became of the zeros")
  func values() throws {
    try write("a", [0, 1, 2, 3, 0, 5, 6, 7])
    try write("b", [0, 1, 0, 3, 4, 5, 6.5, 7])
    let result = try LacunaProcess.run(["diff", "a", "b"], in: temporary.path)
    #expect(result.code == 1)
    #expect(result.output.contains("3 elements, the first at 2"), "\(result.output)")
    #expect(result.output.contains("37.5% of the numbers"))
    #expect(result.output.contains("at most 4.0 (at 4), 0.813 in the mean"))
    #expect(result.output.contains("zeros 25.0% → 25.0%: 5 weights kept, 1 newly pruned, 1 regrown"))
    for (member, value) in [("changed", "3"), ("kept", "5"), ("max_element", "4"), ("zeros_first", "2")] {
      let json = try LacunaProcess.run(["diff", "a", "b", "--json"], in: temporary.path)
      #expect(json.output.contains("\"\(member)\": \(value)"), "\(json.output)")
    }
  }

  @Test("as numbers, types and quantizations do not matter")
  func numbers() throws {
    let values = (0..<128).map { Float($0 % 16) - 8 }
    try write("a.safetensors", values)
    for type in ["bf16", "q8_0"] {
      let made = try LacunaProcess.run(
        ["convert", "a.safetensors", "b.gguf", "--type", type, "--force"],
        in: temporary.path
      )
      #expect(made.code == 0, "\(made.errors)")
      #expect(try LacunaProcess.run(["diff", "a.safetensors", "b.gguf"], in: temporary.path).code == 1)
      let result = try LacunaProcess.run(
        ["diff", "--numbers", "a.safetensors", "b.gguf"],
        in: temporary.path
      )
      // A whole number up to 8 has no exact code of Q8_0 but 0, 8 and their like.
      #expect(result.code == (type == "bf16" ? 0 : 1), "\(result.output)")
      if type == "q8_0" { #expect(result.output.contains("difference at most")) }
    }
  }

  @Test("metadata that differ are listed, and count where that is asked for", arguments: [false, true])
  func metadata(_ isLong: Bool) throws {
    let long = isLong ? String(repeating: "x", count: 5000) : ""
    try write("a", [1, 2], [("same", "1"), ("step", long + "7"), ("gone", "x")])
    try write("b", [1, 2], [("step", long + "8"), ("same", "1"), ("new", "y")])
    let plain = try LacunaProcess.run(["diff", "a", "b"], in: temporary.path)
    #expect(plain.code == 0)
    for key in ["step", "gone", "new"] { #expect(plain.output.contains(key), "\(plain.output)") }
    #expect(!plain.output.contains("same  "))
    #expect(try LacunaProcess.run(["diff", "a", "b", "--metadata"], in: temporary.path).code == 1)
    #expect(try LacunaProcess.run(["diff", "a", "a", "--metadata"], in: temporary.path).code == 0)
  }

  @Test("arrays of GGUF are compared to their last element", arguments: [3, 200_000])
  func arrays(_ count: Int) throws {
    for (name, last) in [("a.gguf", UInt8(1)), ("b.gguf", 2)] {
      var file = GGUFBuilder.simple()
      file.add("ids", arrayOf: 0, count: count, [UInt8](repeating: 9, count: count - 1) + [last])
      try temporary.write(file.bytes, to: name)
    }
    let result = try LacunaProcess.run(["diff", "--metadata", "a.gguf", "b.gguf"], in: temporary.path)
    #expect(result.code == 1)
    #expect(result.output.contains("ids"), "\(result.output)")
    #expect(try LacunaProcess.run(["diff", "--metadata", "a.gguf", "a.gguf"], in: temporary.path).code == 0)
  }
}
