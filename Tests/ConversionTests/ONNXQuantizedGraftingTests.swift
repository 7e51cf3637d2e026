import CompressedTensors
import Conversion
import Inspection
import ModelIR
import TestSupport
import Testing

@Suite("Putting quantized weights into a graph whose nodes dequantize them")
struct ONNXQuantizedGraftingTests {
  typealias Form = ONNXTranscodingTests.Form

  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  private func convert(_ input: String, _ change: (inout ConversionOptions) -> Void = { _ in }) throws {
    var options = ConversionBench.options()
    options.graph = bench.path("base.onnx")
    options.verify = true
    options.force = true
    change(&options)
    try bench.convert(input, "out.onnx", options)
  }

  /// The weight as a GGUF file.
  private static func gguf(_ weight: NaiveWeight, name: String = "w") -> [UInt8] {
    let numbers: [GGMLType: UInt32] = [.q4_0: 2, .q5_0: 6, .q8_0: 8, .mxfp4: 39]
    var file = GGUFBuilder.simple()
    file.append(
      tensor: name,
      dims: [UInt64(weight.columns), UInt64(weight.rows)],
      type: numbers[weight.type] ?? 0,
      weight.blocks
    )
    return file.bytes
  }

  /// The graph with tensors of other names, which stay in order.
  private static func renamed(_ graph: QuantizedGraph, weight: String) -> QuantizedGraph {
    var graph = graph
    graph.tensors[0].name = weight
    for node in graph.nodes.indices {
      graph.nodes[node].inputs = graph.nodes[node].inputs.map { $0 == "w" ? weight : $0 }
    }
    return graph
  }

  /// Requires that the output has the tensors of `graph`, byte for byte.
  private func requireTensors(of graph: QuantizedGraph) throws {
    let model = try OpenedModel(bench.path("out.onnx")).model
    try #require(model.tensors.map(\.name.text) == graph.tensors.map(\.name))
    for (tensor, expected) in zip(model.tensors, graph.tensors) {
      guard case .dense(let region) = tensor.storage else {
        Issue.record("\(expected.name) is not dense")
        continue
      }
      var bytes = [UInt8](repeating: 0, count: Int(region.byteCount))
      try model.source(of: tensor).read(bytes.count, at: region.offset, into: &bytes, startingAt: 0)
      try #require(bytes == expected.data, "\(expected.name)")
      try #require(tensor.shape.extents == expected.extents.map(UInt64.init))
    }
  }

  @Test("ggml's blocks take the place of codes, scales and zero points", arguments: Form.allCases)
  func blocks(_ form: Form) throws {
    try withSeed { generator in
      let weight = NaiveWeight(form.type, rows: 5, columns: 96, &generator)
      try bench.temporary.write(Self.gguf(weight), to: "in.gguf")
      let other = NaiveWeight(form.type, rows: 5, columns: 96, &generator)
      var base = ONNXTranscodingTests.graph(form, other)
      // Whatever zero points the graph had.
      if base.tensors.count > 2 { base.tensors[2].data = generator.bytes(base.tensors[2].data.count) }
      try bench.temporary.write(base.bytes, to: "base.onnx")
      try convert("in.gguf")
      try requireTensors(of: ONNXTranscodingTests.graph(form, weight))
    }
  }

  @Test(
    "weights of compressed-tensors do",
    arguments: [Form.int8, .uint8, .int4, .uint4, .nBits4, .nBits8, .e2m1]
  )
  func compressedTensors(_ form: Form) throws {
    try withSeed { generator in
      let weight = NaiveWeight(form.type, rows: 4, columns: 128, &generator)
      try bench.temporary.createFolder("in")
      try bench.temporary.write(SafetensorsBuilder(weight.parts(of: "fc")).bytes, to: "in/model.safetensors")
      try bench.temporary.write(NaiveWeight.config(form.type, group: 32), to: "in/config.json")
      let other = NaiveWeight(form.type, rows: 4, columns: 128, &generator)
      let base = Self.renamed(ONNXTranscodingTests.graph(form, other), weight: "fc.weight")
      try bench.temporary.write(base.bytes, to: "base.onnx")
      try convert("in")
      try requireTensors(of: Self.renamed(ONNXTranscodingTests.graph(form, weight), weight: "fc.weight"))
    }
  }

  @Test("a graph of smaller groups repeats scales, and single precision holds halves")
  func smallerGroups() throws {
    try withSeed { generator in
      let weight = NaiveWeight(.q8_0, rows: 3, columns: 64, largest: 0x7BFF, &generator)
      try bench.temporary.write(Self.gguf(weight), to: "in.gguf")
      /// The weight in groups of 16 columns with scales of single precision.
      func graph(_ weight: NaiveWeight) -> QuantizedGraph {
        var graph = ONNXTranscodingTests.graph(.int8, weight, scaleType: QuantizedGraph.Number.float)
        graph.nodes[0].attributes = [("axis", 1), ("block_size", 16)]
        graph.tensors[1].extents = [3, 4]
        graph.tensors[1].data = QuantizedGraph.bytes(
          weight.scales.flatMap { scale in
            [UInt64](repeating: UInt64(Float(Float16(bitPattern: UInt16(scale))).bitPattern), count: 2)
          },
          width: 4
        )
        return graph
      }
      try bench.temporary.write(
        graph(NaiveWeight(.q8_0, rows: 3, columns: 64, &generator)).bytes,
        to: "base.onnx"
      )
      try convert("in.gguf")
      try requireTensors(of: graph(weight))
    }
  }

  @Test("codes of an odd number end in half a byte of zeros")
  func oddCounts() throws {
    try withSeed { generator in
      /// Symmetric integers of 4 bits, one scale a row.
      let weight = NaiveWeight(.q4_0, rows: 3, columns: 21, group: 21, &generator)
      let config = NaiveWeight.config(.q4_0, group: 21)
        .replacing("\"strategy\": \"group\", \"group_size\": 21", with: "\"strategy\": \"channel\"")
      try bench.temporary.createFolder("in")
      try bench.temporary.write(SafetensorsBuilder(weight.parts(of: "fc")).bytes, to: "in/model.safetensors")
      try bench.temporary.write(config, to: "in/config.json")
      for form in [Form.int4, .uint4] {
        func graph(_ weight: NaiveWeight) -> QuantizedGraph {
          var graph = Self.renamed(ONNXTranscodingTests.graph(form, weight), weight: "fc.weight")
          graph.nodes[0].attributes = [("axis", 0)]
          for place in graph.tensors.indices.dropFirst() { graph.tensors[place].extents = [3] }
          return graph
        }
        let other = NaiveWeight(.q4_0, rows: 3, columns: 21, group: 21, &generator)
        try bench.temporary.write(graph(other).bytes, to: "base.onnx")
        try convert("in")
        try requireTensors(of: graph(weight))
      }
    }
  }

  /// What does not fit, and a word of the reason.
  enum Misfit: String, CaseIterable, CustomTestStringConvertible {
    case shape, largerGroups, rowsOnly, columns, bits, floats, scaleType, zeroPoint, sharedScale, blockType
    var testDescription: String { rawValue }

    var word: String {
      switch self {
      case .shape: "has the shape [4, 64]"
      case .largerGroups: "groups have 32 columns"
      case .rowsOnly: "groups have 32 columns"
      case .columns: "do not run along rows"
      case .bits: "codes have 8 bits"
      case .floats: "and the graph's floats"
      case .scaleType: "BF16"
      case .zeroPoint: "128 is needed"
      case .sharedScale: "other nodes of the graph"
      case .blockType: "Q4_1"
      }
    }
  }

  @Test("what the graph's form cannot say is refused with the reason", arguments: Misfit.allCases)
  func refused(_ misfit: Misfit) throws {
    try withSeed { generator in
      typealias Number = QuantizedGraph.Number
      let weight = NaiveWeight(.q8_0, rows: 4, columns: 64, &generator)
      var source = Self.gguf(weight)
      var base = ONNXTranscodingTests.graph(.int8, weight)
      switch misfit {
      case .shape:
        base = ONNXTranscodingTests.graph(.int8, NaiveWeight(.q8_0, rows: 64, columns: 64, &generator))
      case .largerGroups:
        base = ONNXTranscodingTests.graph(
          .int8,
          NaiveWeight(.q8_0, rows: 4, columns: 64, group: 64, &generator)
        )
      case .rowsOnly:
        base.tensors[1].extents = [4]
        base.tensors[1].data = Array(base.tensors[1].data.prefix(8))
        base.nodes[0].attributes = [("axis", 0)]
      case .columns:
        base.tensors[1].extents = [64]
        base.tensors[1].data = generator.bytes(128)
        base.nodes[0].attributes = [("axis", 1)]
      case .bits:
        base = ONNXTranscodingTests.graph(.int4, NaiveWeight(.q4_0, rows: 4, columns: 64, &generator))
      case .floats:
        base = ONNXTranscodingTests.graph(.e2m1, NaiveWeight(.mxfp4, rows: 4, columns: 64, &generator))
      case .scaleType:
        // A half of 11 bits, which the upper half of single precision does not hold.
        var odd = weight
        odd.scales[0] = 0x3C01
        source = Self.gguf(odd)
        base.tensors[1].type = Number.brain
      case .zeroPoint:
        base = ONNXTranscodingTests.graph(.uint8, weight)
        base.tensors.removeLast()
        base.nodes[0].inputs.removeLast()
      case .sharedScale:
        base.nodes.append(.init(operation: "QuantizeLinear", inputs: ["x", "w_scale"], output: "q"))
      case .blockType:
        var file = GGUFBuilder.simple()
        file.append(tensor: "w", dims: [64, 4], type: 3, generator.bytes(8 * 20))
        source = file.bytes
      }
      try bench.temporary.write(source, to: "in.gguf")
      try bench.temporary.write(base.bytes, to: "base.onnx")
      let fault = try ConversionBench.fault { try convert("in.gguf") }
      try #require(fault.kind == .badData)
      try #require(fault.tensor?.text == "w")
      try #require(fault.problem.contains("no exact form"), "\(fault.problem)")
      try #require(fault.problem.contains(misfit.word), "\(fault.problem)")
      try #require(try bench.temporary.entries() == ["base.onnx", "in.gguf"])
    }
  }

  @Test("codes and scales that went out as plain tensors come back, whatever extents of 1 the scales have")
  func plainParts() throws {
    try withSeed { generator in
      let weight = NaiveWeight(.q8_0, rows: 4, columns: 64, group: 64, &generator)
      func graph(_ weight: NaiveWeight) -> QuantizedGraph {
        var graph = ONNXTranscodingTests.graph(.int8, weight)
        graph.nodes[0].attributes = [("axis", 0)]
        graph.tensors[1].extents = [4]
        return graph
      }
      try bench.temporary.write(
        SafetensorsBuilder([
          .init("w", "I8", [4, 64], weight.codes.map { UInt8(bitPattern: Int8($0)) }),
          .init("w_scale", "F16", [4, 1], elements: weight.scales),
        ]).bytes,
        to: "in.safetensors"
      )
      try bench.temporary.write(
        graph(NaiveWeight(.q8_0, rows: 4, columns: 64, group: 64, &generator)).bytes,
        to: "base.onnx"
      )
      try convert("in.safetensors")
      try requireTensors(of: graph(weight))
    }
  }
}
