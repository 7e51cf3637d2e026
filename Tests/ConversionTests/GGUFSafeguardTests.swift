import CompressedTensors
import Conversion
import Inspection
import ModelIR
import TestSupport
import Testing

@Suite("Safeguards of conversions with GGUF")
struct GGUFSafeguardTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  private static func options(_ change: (inout ConversionOptions) -> Void = { _ in }) -> ConversionOptions {
    var options = ConversionBench.options()
    options.verify = true
    change(&options)
    return options
  }

  private func bring(_ golden: String, as name: String = "in.gguf") throws {
    try bench.temporary.write(Fixture.bytes("gguf/\(golden)"), to: name)
  }

  /// The numbers of the tensor of a name, as F32.
  private func numbers(_ name: String, of file: String) throws -> [Float] {
    try bench.convert(file, file + ".safetensors", Self.options { $0.type = .plain(.float32) })
    let stored = try StoredTensors(bench.temporary.read(file + ".safetensors"))
    return try #require(stored[name]).elements.map { Float(bitPattern: UInt32($0)) }
  }

  @Test("the scale over all that NVFP4 may have is in its numbers, and then is gone")
  func nvfp4Scale() throws {
    try bring("types/nvfp4.gguf")
    let plain = try numbers("w.weight", of: "in.gguf")
    // The blocks and a scale, through a safetensors file that holds both.
    try bench.convert("in.gguf", "blocks.safetensors", ConversionBench.options())
    var stored = try StoredTensors(bench.temporary.read("blocks.safetensors"))
    let entry = #"{"name":"w.scale","dtype":"F32","shape":[1],"layout":"dense"},"#
    stored.metadata = stored.metadata?.map { pair in
      let text =
        pair.key == "lacuna.manifest"
        ? pair.value.replacing(#""tensors":["#, with: #""tensors":["# + entry) : pair.value
      return (key: pair.key, value: text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))
    }
    stored["w.scale"] = .init("w.scale", "F32", [1], elements: [UInt64(Float(0.5).bitPattern)])
    try bench.temporary.write(stored.bytes, to: "scaled.safetensors")
    try bench.convert("scaled.safetensors", "scaled.gguf", Self.options())
    #expect(try numbers("w.weight", of: "scaled.gguf") == plain.map { $0 * 0.5 })
    #expect(try StoredTensors(bench.temporary.read("scaled.gguf.safetensors")).names == ["w.weight"])
  }

  @Test("an alignment that would make a file mostly padding is refused unless it is asked for")
  func padding() throws {
    try bring("types/q4_0.gguf")
    let options = Self.options { $0.setPairs = ["general.alignment:u32=268435456"] }
    let fault = try ConversionBench.fault { try bench.convert("in.gguf", "out.gguf", options) }
    #expect(fault.kind == .badData)
    #expect(fault.problem.contains("padding"))
    #expect(try bench.temporary.entries() == ["in.gguf"])
    let dry = Self.options {
      $0.setPairs = options.setPairs
      $0.allowExpand = true
      $0.dryRun = true
    }
    #expect(try bench.convert("in.gguf", "out.gguf", dry).outputByteCount > 1 << 28)
  }

  @Test(
    "keys that follow from how a model is split, and unknown types, are not set",
    arguments: ["split.count:u16=3", "split.no=1", "new.key:bogus=1", "tokenizer.ggml.tokens:[str]=x"]
  )
  func keys(_ pair: String) throws {
    try bring("types/q4_0.gguf")
    let fault = try ConversionBench.fault {
      try bench.convert("in.gguf", "out.gguf", Self.options { $0.setPairs = [pair] })
    }
    #expect(fault.kind == .usage)
  }

  @Test("what was set and removed is said")
  func editNotes() throws {
    try bring("types/q4_0.gguf")
    let report = try bench.convert(
      "in.gguf",
      "out.gguf",
      Self.options { $0.setPairs = ["general.name=Tiny"] }
    )
    #expect(report.notes.contains { $0.contains("general.name=Tiny") })
  }

  @Test(
    "routers, positions and biases stay by their names in Hugging Face's models too",
    arguments: [
      "model.layers.0.mlp.gate.weight", "model.layers.0.block_sparse_moe.gate.weight",
      "transformer.wpe.weight",
      "model.layers.1.mlp.router.weight", "model.layers.1.self_attn.q_proj.bias",
    ]
  )
  func keptNames(_ name: String) throws {
    let numbers = [UInt64](repeating: UInt64(Float(1).bitPattern), count: 64)
    try bench.temporary.write(
      SafetensorsBuilder([
        .init(name, "F32", [2, 32], elements: numbers),
        .init("model.layers.0.mlp.gate_proj.weight", "F32", [2, 32], elements: numbers),
      ]).bytes,
      to: "in.safetensors"
    )
    try bench.convert("in.safetensors", "out.gguf", Self.options { $0.type = .blocks(.q8_0) })
    let types = Dictionary(
      uniqueKeysWithValues: try OpenedModel(bench.path("out.gguf")).model.tensors.map {
        ($0.name.text, $0.blockType)
      }
    )
    #expect(types == [name: nil, "model.layers.0.mlp.gate_proj.weight": .q8_0])
  }

  @Test(
    "the error of the smallest and of the largest numbers is told",
    arguments: [Float(1e-40), 1e-30, 1e30]
  )
  func extremes(_ size: Float) throws {
    let numbers = (0..<64).map { UInt64((Float($0 % 7 - 3) * size).bitPattern) }
    try bench.temporary.write(
      SafetensorsBuilder([.init("w", "F32", [2, 32], elements: numbers)]).bytes,
      to: "in.safetensors"
    )
    let report = try bench.convert("in.safetensors", "out.gguf", Self.options { $0.type = .blocks(.mxfp4) })
    #expect(report.tensors.first?.encoding?.relativeError != nil)
  }

  @Test(
    "a scale of compressed-tensors that is no number makes no blocks",
    arguments: [0x7C00, 0x7E00, 0xFC00]
  )
  func brokenScales(_ scale: UInt64) throws {
    var generator = SeededGenerator(seed: 7)
    var weight = NaiveWeight(.q8_0, rows: 2, columns: 32, &generator)
    weight.scales[1] = scale
    try bench.temporary.createFolder("in")
    try bench.temporary.write(SafetensorsBuilder(weight.parts(of: "fc")).bytes, to: "in/model.safetensors")
    try bench.temporary.write(NaiveWeight.config(.q8_0, group: 32), to: "in/config.json")
    let fault = try ConversionBench.fault { try bench.convert("in", "out.gguf", Self.options()) }
    #expect(fault.problem.contains("row 1, column 0"), "\(fault.problem)")
  }

  @Test("blocks in a folder of safetensors have no name that other loaders find")
  func privateNames() throws {
    let numbers = [UInt64](repeating: UInt64(Float(1).bitPattern), count: 64)
    try bench.temporary.createFolder("in")
    try bench.temporary.write(
      SafetensorsBuilder([.init("w", "F32", [2, 32], elements: numbers)]).bytes,
      to: "in/model.safetensors"
    )
    try bench.convert("in", "out", Self.options { $0.type = .blocks(.q8_0) })
    #expect(try bench.temporary.entries(of: "out") == ["model.lacuna.safetensors"])
  }

  @Test(
    "quantized weights in a single file of compressed-tensors come with a warning: nothing says how they are meant"
  )
  func noConfig() throws {
    try bring("types/q8_0.gguf")
    let report = try bench.convert(
      "in.gguf",
      "out.safetensors",
      Self.options { $0.target = .compressedTensors }
    )
    #expect(report.warnings.contains { $0.problem.contains("config.json") })
  }
}
