import TestSupport
import Testing

@Suite("Hostile folders of compressed-tensors on the command line")
struct HostileCompressedTests {
  typealias Folder = HostileCompressedFolder

  let temporary: TemporaryFolder

  init() throws { temporary = try TemporaryFolder() }

  /// A run that hangs would take minutes; a loaded machine takes more than a second to start one.
  static let mostSeconds = 10.0

  func refuse(_ folder: Folder) throws {
    try folder.put(in: temporary, as: "in")
    let result = try LacunaProcess.run(["convert", "in", "out"] + folder.arguments, in: temporary.path)
    #expect(result.code == 65, "\(result.errors)")
    #expect(result.errors.hasPrefix("lacuna: in/"))
    #expect(result.errors.filter { $0 == "\n" }.count == 1, "\(result.errors)")
    for name in folder.named { #expect(result.errors.contains(name), "\(name): \(result.errors)") }
    #expect(result.errors.utf8.count < 1000)
    #expect(result.output.isEmpty)
    #expect(try temporary.entries() == ["in"])
    #expect(result.seconds < Self.mostSeconds)
  }

  @Test("a part that is missing is named", arguments: Folder.missing)
  func missing(_ folder: Folder) throws { try refuse(folder) }

  @Test("a tensor that stands beside the parts that make it is named", arguments: Folder.doubled)
  func doubled(_ folder: Folder) throws { try refuse(folder) }

  @Test("a part of another type is named, with the type that it has", arguments: Folder.types)
  func types(_ folder: Folder) throws { try refuse(folder) }

  @Test("a part of another shape is named", arguments: Folder.shapes)
  func shapes(_ folder: Folder) throws { try refuse(folder) }

  @Test("a shape in a tensor that lies is refused, however large", arguments: Folder.lies)
  func lies(_ folder: Folder) throws { try refuse(folder) }

  @Test("values that contradict each other are refused where they stand", arguments: Folder.values)
  func values(_ folder: Folder) throws { try refuse(folder) }

  @Test("extents of 64 bits overflow nothing", arguments: Folder.extremes)
  func extremes(_ folder: Folder) throws { try refuse(folder) }

  @Test("a format that there never was leads to nothing", arguments: Folder.formats)
  func formats(_ folder: Folder) throws { try refuse(folder) }

  @Test(
    "a configuration that weights contradict is refused by the weights' names",
    arguments: Folder.otherFormats
  )
  func otherFormats(_ folder: Folder) throws { try refuse(folder) }

  @Test("a wrong value in config.json is named by its field", arguments: Folder.fields)
  func fields(_ folder: Folder) throws { try refuse(folder) }

  @Test("a text that is no configuration is refused", arguments: Folder.texts)
  func texts(_ folder: Folder) throws { try refuse(folder) }

  @Test(
    "patterns that backtracking would never finish are answered at once",
    arguments: [
      "(a+)+$", "(a|a)*b", "(.*)*x", "(a*)*(a*)*(a*)*b", ".*.*.*.*.*.*.*.*.*=.*", "(x+x+)+y", "(?!(a+)+$)b",
    ]
  )
  func patterns(_ pattern: String) throws {
    let module = String(repeating: "a", count: 60) + "!"
    try temporary.createFolder("in")
    let tensors = SafetensorsBuilder([
      .init(module + ".weight", "I8", [1, 4], [1, 2, 3, 4]),
      .init(module + ".weight_scale", "BF16", [1], [0x80, 0x3F]),
    ])
    try temporary.write(tensors.bytes, to: "in/model.safetensors")
    try temporary.write(
      """
      {"quantization_config": {"quant_method": "compressed-tensors", "ignore": ["re:\(pattern)"], "config_groups":
       {"g": {"targets": ["re:\(pattern)"], "weights": {"num_bits": 8, "strategy": "tensor"}}}}}
      """,
      to: "in/config.json"
    )
    let result = try LacunaProcess.run(["convert", "in", "out", "--type", "bf16"], in: temporary.path)
    #expect(result.code == 0 || result.code == 65, "\(result.errors)")
    #expect(result.seconds < Self.mostSeconds)
  }

  @Test(
    "what is odd and harmless is taken",
    arguments: [
      Folder.nested(100, in: "a"), #"{"a": {"quantization_config": {"format": "evil"}}}"#,
      #"{"quantization_config": {"quant_method": "gptq", "format": 1, "sparsity_config": "x"}}"#,
    ]
  )
  func harmless(_ config: String) throws {
    try temporary.createFolder("in")
    try temporary.write(
      SafetensorsBuilder([.init("a.weight", "U8", [1, 1], [1])]).bytes,
      to: "in/model.safetensors"
    )
    try temporary.write(config, to: "in/config.json")
    let result = try LacunaProcess.run(["convert", "in", "out", "--layout", "dense"], in: temporary.path)
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.errors.isEmpty)
    #expect(try temporary.read("out/config.json") == Array(config.utf8))
  }
}
