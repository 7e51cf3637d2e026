import CompressedTensors
import Conversion
import Inspection
import ModelIR
import TestSupport
import Testing

@Suite("Putting weights into a graph")
struct ONNXGraftingTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  private static func options(_ layout: String = "keep") -> ConversionOptions {
    var options = ConversionBench.options(layout)
    options.verify = true
    return options
  }

  /// A graph of two weights that are all ones.
  private func putGraph(_ change: (inout SampleGraph) -> Void = { _ in }) throws {
    var graph = SampleGraph()
    let one = Float(1).bitPattern
    graph.weights = [
      (SampleGraph.weight("fc1", [40, 24], [UInt32](repeating: one, count: 960)), .product),
      (SampleGraph.weight("fc2", [8, 16], [UInt32](repeating: one, count: 128)), .turnedProduct),
    ]
    change(&graph)
    try bench.temporary.write(graph.bytes, to: "base.onnx")
  }

  private func convert(_ output: String, _ options: ConversionOptions, from input: String = "in.safetensors")
    throws
    -> ConversionReport
  {
    var options = options
    options.graph = bench.path("base.onnx")
    return try bench.convert(input, output, options)
  }

  /// F32 elements as an entry.
  private static func entry(_ name: String, _ shape: [UInt64], _ bits: [UInt32]) -> SafetensorsBuilder.Entry {
    .init(name, "F32", shape, elements: bits.map(UInt64.init))
  }

  /// The bits of the tensor of a name.
  private func bits(_ name: String, of file: String) throws -> [UInt32] {
    var dense = ConversionBench.options("dense")
    dense.force = true
    try bench.convert(file, "check.safetensors", dense)
    return try #require(try StoredTensors(bench.temporary.read("check.safetensors"))[name]).elements.map(
      UInt32.init
    )
  }

  @Test(
    "weights of the graph's shape go in as they are, in every form",
    arguments: ["keep", "csr", "bitmask", "auto"]
  )
  func asTheyAre(_ layout: String) throws {
    try withSeed { generator in
      try putGraph()
      let first = SampleGraph.bits(960, zeros: 70, &generator)
      try bench.temporary.write(
        SafetensorsBuilder([Self.entry("fc1", [40, 24], first), Self.entry("other", [2], [1, 2])]).bytes,
        to: "in.safetensors"
      )
      let report = try convert("out.onnx", Self.options(layout))
      try #require(try bits("fc1", of: "out.onnx") == first)
      try #require(try bits("fc2", of: "out.onnx") == [UInt32](repeating: Float(1).bitPattern, count: 128))
      try #require(report.notes.contains { $0.contains("not in the graph") && $0.contains("other") })
      try #require(report.notes.contains { $0.contains("the graph's own") && $0.contains("fc2") })
    }
  }

  @Test(
    "a matrix whose axes are swapped is transposed, and the report says so",
    arguments: ["keep", "csr", "bitmask"]
  )
  func transposed(_ layout: String) throws {
    try withSeed { generator in
      try putGraph()
      // Rows that no strip of the smallest chunks holds whole.
      let first = SampleGraph.bits(960, zeros: 70, &generator)
      try bench.temporary.write(
        SafetensorsBuilder([Self.entry("fc1", [24, 40], first)]).bytes,
        to: "in.safetensors"
      )
      let report = try convert("out.onnx", Self.options(layout))
      let turned = (0..<960).map { first[$0 % 24 * 40 + $0 / 24] }
      try #require(try bits("fc1", of: "out.onnx") == turned)
      try #require(report.notes.contains { $0.contains("transposed") && $0.contains("fc1") })
    }
  }

  @Test("sparse and GGUF inputs go in too")
  func otherInputs() throws {
    try withSeed { generator in
      try putGraph()
      let first = SampleGraph.bits(960, zeros: 70, &generator)
      try bench.temporary.write(
        SafetensorsBuilder([Self.entry("fc1", [40, 24], first)]).bytes,
        to: "in.safetensors"
      )
      for (input, layout) in [("a.safetensors", "bitmask"), ("b.safetensors", "csr"), ("c.gguf", "dense")] {
        try bench.convert("in.safetensors", input, layout)
        _ = try convert("\(layout).onnx", Self.options(), from: input)
        try #require(try bits("fc1", of: "\(layout).onnx") == first)
      }
    }
  }

  @Test("a square matrix comes with a warning where only convention tells its axes")
  func square() throws {
    try putGraph { graph in
      graph.weights[0].weight = SampleGraph.weight("fc1", [4, 4], [UInt32](repeating: 0, count: 16))
    }
    try bench.temporary.write(
      SafetensorsBuilder([Self.entry("fc1", [4, 4], [UInt32](0..<16))]).bytes,
      to: "in.safetensors"
    )
    let report = try convert("out.onnx", Self.options())
    #expect(report.warnings.contains { $0.tensor?.text == "fc1" && $0.problem.contains("square") })
    #expect(try bits("fc1", of: "out.onnx") == [UInt32](0..<16))
  }

  @Test(
    "what does not fit is refused by name, and nothing is written",
    arguments: [
      ("fc1", "F32", [39, 24], "shape"), ("fc1", "F32", [960], "shape"), ("fc1", "F16", [40, 24], "F16"),
      ("nothing", "F32", [1], "none of"),
    ] as [(String, String, [UInt64], String)]
  )
  func refused(_ name: String, _ type: String, _ shape: [UInt64], _ word: String) throws {
    try putGraph()
    let count = Int(shape.reduce(1, *)) * (type == "F16" ? 2 : 4)
    try bench.temporary.write(
      SafetensorsBuilder([.init(name, type, shape, [UInt8](repeating: 0, count: count))]).bytes,
      to: "in.safetensors"
    )
    let fault = try ConversionBench.fault { _ = try convert("out.onnx", Self.options()) }
    #expect(fault.kind == .badData)
    #expect(fault.problem.contains(word), "\(fault.problem)")
    #expect(name == "nothing" || fault.tensor?.text == name)
    #expect(try bench.temporary.entries() == ["base.onnx", "in.safetensors"])
  }

  @Test("--type makes weights the graph's type")
  func types() throws {
    try putGraph()
    let halves = (0..<960).map { UInt64(Float16($0).bitPattern) }
    try bench.temporary.write(
      SafetensorsBuilder([.init("fc1", "F16", [40, 24], elements: halves)]).bytes,
      to: "in.safetensors"
    )
    var options = Self.options()
    options.type = .plain(.float32)
    _ = try convert("out.onnx", options)
    #expect(try bits("fc1", of: "out.onnx") == (0..<960).map { Float($0).bitPattern })
  }
}

@Suite("Elements of ONNX models in other files")
struct ONNXExternalDataTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  private static func options(_ data: ConversionOptions.ExternalData) -> ConversionOptions {
    var options = ConversionBench.options()
    options.verify = true
    options.externalData = data
    return options
  }

  /// A graph with a weight large enough to lie elsewhere, and one that is not.
  private static func graph(_ generator: inout SeededGenerator) -> SampleGraph {
    var graph = SampleGraph()
    graph.weights = [
      (SampleGraph.weight("fc1", [40, 24], SampleGraph.bits(960, zeros: 50, &generator)), .product),
      (SampleGraph.weight("fc2", [5, 40], SampleGraph.bits(200, zeros: 50, &generator)), .turnedProduct),
      (SampleGraph.weight("fc3", [40, 25], SampleGraph.bits(1000, zeros: 50, &generator)), .product),
    ]
    return graph
  }

  @Test("elements go to a file beside the model, aligned, and back into it")
  func thereAndBack() throws {
    try withSeed { generator in
      try bench.temporary.write(Self.graph(&generator).bytes, to: "in.onnx")
      let report = try bench.convert("in.onnx", "out.onnx", Self.options(.file("weights.bin")))
      try #require(report.files.map(\.name) == ["weights.bin", "out.onnx"])
      try #require(try bench.differences("in.onnx", "out.onnx").isEqual)
      // 3,840 bytes, and then the next at 4,096; 800 bytes stay.
      try #require(try bench.temporary.read("weights.bin").count == 4096 + 4000)
      try bench.convert("out.onnx", "back.onnx", Self.options(.never))
      try bench.temporary.remove("weights.bin")
      try #require(try bench.differences("in.onnx", "back.onnx").isEqual)
    }
  }

  @Test("files that unchanged tensors are read from go along into another folder, and stay in the same one")
  func carried() throws {
    try withSeed { generator in
      var graph = Self.graph(&generator)
      var data: [UInt8] = []
      var offsets: [UInt64] = []
      for (weight, _) in graph.weights {
        offsets.append(UInt64(data.count))
        data += weight.data
      }
      graph.external = ("deep/data.bin", offsets)
      try bench.temporary.createFolder("deep")
      try bench.temporary.write(data, to: "deep/data.bin")
      try bench.temporary.write(graph.bytes, to: "in.onnx")
      let same = try bench.convert("in.onnx", "beside.onnx", Self.options(.auto))
      try #require(same.isUnchanged && same.carriedFiles.isEmpty)
      try #require(try bench.temporary.read("beside.onnx") == bench.temporary.read("in.onnx"))
      try bench.temporary.createFolder("out")
      var options = ConversionBench.options("csr")
      options.verify = true
      let report = try bench.convert("in.onnx", "out/model.onnx", options)
      // All three became sparse constants, so nothing is read from there any more.
      try #require(report.carriedFiles.isEmpty)
      try #require(try bench.differences("in.onnx", "out/model.onnx").isEqual)
      let other = try bench.convert("in.onnx", "out/same.onnx", Self.options(.auto))
      try #require(other.carriedFiles.map(\.name) == ["deep/data.bin"])
      try #require(try bench.temporary.read("out/deep/data.bin") == data)
      try #require(try bench.differences("in.onnx", "out/same.onnx").isEqual)
    }
  }

  @Test("files whose names look the same and differ in bytes are two files")
  func lookalikeFiles() throws {
    try withSeed { generator in
      let bits = (0..<2).map { _ in SampleGraph.bits(960, zeros: 10, &generator) }
      var models: [String] = []
      for (number, name) in ["\u{E9}.bin", "e\u{301}.bin"].enumerated() {
        var graph = SampleGraph()
        graph.weights = [(SampleGraph.weight("w\(number)", [40, 24], bits[number]), .product)]
        try bench.temporary.write(graph.bytes, to: "plain\(number).onnx")
        try bench.temporary.write(graph.weights[0].weight.data, to: name)
        models.append(name)
      }
      // One model that reads from both.
      let both = ProtoBuilder.model(graph: { graph in
        for (number, location) in models.enumerated() {
          graph.message(5) { tensor in
            tensor.tensorHead("w\(number)", type: 1, [40, 24])
            tensor.external("location", location)
            tensor.integer(14, 1)
          }
        }
      })
      try bench.temporary.write(both, to: "both.onnx")
      try bench.convert("both.onnx", "out.safetensors", ConversionBench.options())
      let stored = try StoredTensors(bench.temporary.read("out.safetensors"))
      for number in 0..<2 { try #require(stored["w\(number)"]?.elements == bits[number].map(UInt64.init)) }
    }
  }

  @Test("what must be transposed is not read from the safetensors file, where it lies otherwise")
  func transposedBeside() throws {
    try withSeed { generator in
      try bench.temporary.write(Self.graph(&generator).bytes, to: "base.onnx")
      let bits = SampleGraph.bits(960, zeros: 50, &generator)
      let entry = SafetensorsBuilder.Entry("fc1", "F32", [24, 40], elements: bits.map(UInt64.init))
      try bench.temporary.write(SafetensorsBuilder([entry]).bytes, to: "weights.safetensors")
      var options = Self.options(.file("weights.safetensors"))
      options.graph = bench.path("base.onnx")
      try bench.convert("weights.safetensors", "out.onnx", options)
      try bench.convert("out.onnx", "check.safetensors", ConversionBench.options())
      let stored = try #require(try StoredTensors(bench.temporary.read("check.safetensors"))["fc1"])
      try #require(stored.elements == (0..<960).map { UInt64(bits[$0 % 24 * 40 + $0 / 24]) })
    }
  }

  @Test("never brings in what the graph has elsewhere besides the weights that it is given")
  func neverWithGraph() throws {
    try withSeed { generator in
      try bench.temporary.write(Self.graph(&generator).bytes, to: "plain.onnx")
      try bench.convert("plain.onnx", "base.onnx", Self.options(.file("base.bin")))
      let bits = SampleGraph.bits(960, zeros: 50, &generator)
      let entry = SafetensorsBuilder.Entry("fc1", "F32", [40, 24], elements: bits.map(UInt64.init))
      try bench.temporary.write(SafetensorsBuilder([entry]).bytes, to: "weights.safetensors")
      var options = Self.options(.never)
      options.graph = bench.path("base.onnx")
      let report = try bench.convert("weights.safetensors", "out.onnx", options)
      try #require(report.tensors.map(\.name.text) == ["fc1"])
      try bench.temporary.remove("base.bin")
      let report2 = try bench.differences("plain.onnx", "out.onnx")
      try #require(report2.differences.map(\.name.text) == ["fc1"])
    }
  }

  @Test("a graph reads its weights from the safetensors file beside it, of which no copy is made")
  func shared() throws {
    try withSeed { generator in
      let graph = Self.graph(&generator)
      try bench.temporary.write(graph.bytes, to: "base.onnx")
      let first = SampleGraph.bits(960, zeros: 50, &generator)
      let entry = SafetensorsBuilder.Entry("fc1", "F32", [40, 24], elements: first.map(UInt64.init))
      try bench.temporary.write(SafetensorsBuilder([entry]).bytes, to: "weights.safetensors")
      var options = Self.options(.file("weights.safetensors"))
      options.graph = bench.path("base.onnx")
      let report = try bench.convert("weights.safetensors", "out.onnx", options)
      try #require(report.files.map(\.name) == ["out.onnx"])
      try #require(try bench.temporary.read("out.onnx").count < 6000)
      try bench.convert("out.onnx", "check.safetensors", ConversionBench.options())
      let stored = try #require(try StoredTensors(bench.temporary.read("check.safetensors"))["fc1"])
      try #require(stored.elements == first.map(UInt64.init))
    }
  }
}
