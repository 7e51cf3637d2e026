import TestSupport
import Testing

@Suite("inspect --against")
struct InspectAgainstCommandTests {
  let temporary: TemporaryFolder

  init() throws { temporary = try TemporaryFolder() }

  /// Writes a tensor of half precision.
  private func write(_ file: String, _ numbers: [Float16], named name: String = "layer.weight") throws {
    let shape = [2, UInt64(numbers.count / 2)]
    let elements = numbers.map { UInt64($0.bitPattern) }
    try temporary.write(
      SafetensorsBuilder([.init(name, "F16", shape, elements: elements)]).bytes,
      to: file
    )
  }

  @Test("zeros of a quantized model are told apart")
  func quantized() throws {
    let dense = (0..<64).map { Float16($0 % 8) / 8 }
    try write("dense", dense)
    try write("pruned", dense.map { $0 == 0.875 ? 0 : $0 })
    let quantized = try LacunaProcess.run(
      ["convert", "pruned", "small.gguf", "--type", "q4_0"],
      in: temporary.path
    )
    #expect(quantized.code == 0, "\(quantized.errors)")
    let result = try LacunaProcess.run(["inspect", "--against", "dense", "small.gguf"], in: temporary.path)
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.contains("zeros against dense"), "\(result.output)")
    #expect(result.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
    // One in eight was zero, one in eight was pruned.
    let section = result.output.split(separator: "\n").drop { !$0.hasPrefix("zeros against") }
    let row = section.first { $0.contains("layer.weight") }
    #expect(row?.split(separator: " ").suffix(5) == ["25.0%", "12.5%", "0.0%", "12.5%", "0.0%"])
    let json = try LacunaProcess.run(
      ["inspect", "--json", "--against", "dense", "small.gguf"],
      in: temporary.path
    )
    #expect(json.output.contains("\"neither\": 8"), "\(json.output)")
  }

  @Test("a model that has nothing in common with the reference is still inspected")
  func strangers() throws {
    try write("own", [0, 1, 0, 1])
    try write("other", [0, 1, 0, 1], named: "blk.0.weight")
    let result = try LacunaProcess.run(["inspect", "--against", "other", "own"], in: temporary.path)
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.contains("no tensor could be compared"))
    #expect(result.output.contains("the reference has no layer.weight"))
    #expect(result.output.contains("only the reference has it"))
  }

  @Test(
    "what makes no sense, is not there or is no model",
    arguments: [("64", "own"), ("66", "none"), ("65", "text")]
  )
  func refusals(_ code: String, _ reference: String) throws {
    try write("own", [0, 1, 0, 1])
    try temporary.write("no model", to: "text")
    let more = code == "64" ? ["--headers-only"] : []
    let result = try LacunaProcess.run(["inspect", "--against", reference, "own"] + more, in: temporary.path)
    #expect("\(result.code)" == code, "\(result.errors)")
    #expect(result.output.isEmpty)
  }
}
