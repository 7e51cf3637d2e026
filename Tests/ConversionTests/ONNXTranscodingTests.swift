import CompressedTensors
import Conversion
import Inspection
import ModelIR
import TestSupport
import Testing

@Suite("Quantized weights of a graph as ggml's blocks")
struct ONNXTranscodingTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  private static var verified: ConversionOptions {
    var options = ConversionBench.options()
    options.verify = true
    return options
  }

  private func put(_ graph: QuantizedGraph) throws { try bench.temporary.write(graph.bytes, to: "in.onnx") }

  /// How a graph has a weight.
  enum Form: String, CaseIterable, CustomTestStringConvertible {
    case int8, uint8, int4, uint4, nBits4, nBits4Points, nBits8, e2m1
    var testDescription: String { rawValue }

    var type: GGMLType {
      switch self {
      case .int8, .uint8, .nBits8: .q8_0
      case .e2m1: .mxfp4
      default: .q4_0
      }
    }
  }

  /// A graph of the weight `w`, whose scales are `w_scale`, and its zero points `w_point`.
  static func graph(_ form: Form, _ weight: NaiveWeight, scaleType: Int64 = QuantizedGraph.Number.half)
    -> QuantizedGraph
  {
    typealias Number = QuantizedGraph.Number
    let (rows, columns, groups) = (weight.rows, weight.columns, weight.columns / weight.group)
    /// The weight in elements of a type.
    func stored(_ type: Int64, _ bits: Int, lifted: Int = 0) -> QuantizedGraph.Stored {
      .init(
        name: "w",
        type: type,
        extents: [rows, columns],
        data: QuantizedGraph.packed(weight.codes.map { $0 + lifted }, bits: bits)
      )
    }
    /// Zero points that are all the same.
    func points(_ type: Int64, _ value: Int, bits: Int) -> QuantizedGraph.Stored {
      .init(
        name: "w_point",
        type: type,
        extents: [rows, groups],
        data: QuantizedGraph.packed([Int](repeating: value, count: rows * groups), bits: bits)
      )
    }
    let width = scaleType == Number.float ? 4 : scaleType == Number.e8m0 ? 1 : 2
    var scale = QuantizedGraph.Stored(
      name: "w_scale",
      type: scaleType,
      extents: [rows, groups],
      data: QuantizedGraph.bytes(weight.scales, width: width)
    )
    var graph = QuantizedGraph()
    switch form {
    case .int8: graph.add(stored(Number.int8, 8), scale: scale, block: weight.group, turned: true)
    case .uint8:
      let points = points(Number.uint8, 128, bits: 8)
      graph.add(
        stored(Number.uint8, 8, lifted: 128),
        scale: scale,
        zeroPoint: points,
        block: weight.group,
        turned: true
      )
    case .int4: graph.add(stored(Number.int4, 4), scale: scale, block: weight.group, turned: true)
    case .uint4:
      let points = points(Number.uint4, 8, bits: 4)
      graph.add(
        stored(Number.uint4, 4, lifted: 8),
        scale: scale,
        zeroPoint: points,
        block: weight.group,
        turned: true
      )
    case .e2m1:
      scale.type = Number.e8m0
      scale.data = QuantizedGraph.bytes(weight.scales, width: 1)
      graph.add(stored(Number.e2m1, 4), scale: scale, block: weight.group, turned: true)
    case .nBits4, .nBits4Points, .nBits8:
      let bits = form == .nBits8 ? 8 : 4
      var packed = stored(Number.uint8, bits, lifted: 1 << (bits - 1))
      packed.extents = [rows, groups, weight.group * bits / 8]
      scale.extents = [rows * groups]
      var zeroPoint: QuantizedGraph.Stored?
      if form == .nBits4Points {
        // Each row has its own bytes, whose last bits mean nothing.
        let row = QuantizedGraph.packed([Int](repeating: 8, count: groups), bits: 4)
        zeroPoint = .init(
          name: "w_point",
          type: Number.uint8,
          extents: [rows * row.count],
          data: [[UInt8]](repeating: row, count: rows).flatMap { $0 }
        )
      }
      graph.addNBits(
        packed,
        scale: scale,
        zeroPoint: zeroPoint,
        rows: rows,
        columns: columns,
        bits: bits,
        block: weight.group
      )
    }
    return graph
  }

  /// The blocks of a tensor of a GGUF file, and the names of all.
  private func blocks(_ name: String, of file: String) throws -> (
    type: GGMLType?, bytes: [UInt8], names: [String]
  ) {
    let model = try OpenedModel(bench.path(file)).model
    let tensor = try #require(model.tensors.first { $0.name.text == name })
    guard case .dense(let region) = tensor.storage else { return (nil, [], []) }
    var bytes = [UInt8](repeating: 0, count: Int(region.byteCount))
    try model.source(of: tensor).read(bytes.count, at: region.offset, into: &bytes, startingAt: 0)
    return (tensor.blockType, bytes, model.tensors.map(\.name.text))
  }

  @Test(
    "codes and scales go to blocks as they are, and the scales' tensors with them",
    arguments: Form.allCases
  )
  func there(_ form: Form) throws {
    try withSeed { generator in
      let group = form.type == .mxfp4 ? 32 : [32, 64].randomElement(using: &generator) ?? 32
      // An odd number of groups leaves half a byte of zero points.
      let weight = NaiveWeight(form.type, rows: 5, columns: 192, group: group, &generator)
      try put(Self.graph(form, weight))
      var options = Self.verified
      options.force = true
      let report = try bench.convert("in.onnx", "out.gguf", options)
      let made = try blocks("w", of: "out.gguf")
      try #require(made.type == form.type)
      try #require(made.bytes == weight.blocks)
      try #require(made.names == ["w"])
      try #require(report.tensors.first?.typeBefore?.isEmpty == false)
    }
  }

  @Test("scales of single precision that halves hold are taken")
  func singleScales() throws {
    try withSeed { generator in
      var weight = NaiveWeight(.q4_0, rows: 4, columns: 64, &generator)
      let numbers = weight.scales.map { _ in Float(Int.random(in: 1...255, using: &generator)) / 1024 }
      weight.scales = numbers.map { UInt64(Float16($0).bitPattern) }
      let expected = weight.blocks
      weight.scales = numbers.map { UInt64($0.bitPattern) }
      try put(Self.graph(.int4, weight, scaleType: QuantizedGraph.Number.float))
      try bench.convert("in.onnx", "out.gguf", Self.verified)
      try #require(try blocks("w", of: "out.gguf").bytes == expected)
    }
  }

  @Test("one scale for all, and one a row, are one in each block", arguments: [true, false])
  func coarserScales(_ isForAll: Bool) throws {
    try withSeed { generator in
      var weight = NaiveWeight(.q8_0, rows: 4, columns: 96, group: 96, &generator)
      if isForAll { weight.scales = [UInt64](repeating: weight.scales[0], count: 4) }
      var graph = Self.graph(.int8, weight)
      graph.tensors[1].extents = isForAll ? [] : [4]
      if isForAll { graph.tensors[1].data = Array(graph.tensors[1].data.prefix(2)) }
      graph.nodes[0].attributes = [("axis", 0)]
      try put(graph)
      try bench.convert("in.onnx", "out.gguf", Self.verified)
      try #require(try blocks("w", of: "out.gguf").bytes == weight.blocks)
    }
  }

  @Test("a scale that two weights have goes when both are blocks, and stays for one that is none")
  func sharedScales() throws {
    try withSeed { generator in
      let weight = NaiveWeight(.q8_0, rows: 4, columns: 64, &generator)
      var graph = Self.graph(.int8, weight)
      var second = Self.graph(.int8, weight)
      second.tensors[0].name = "v"
      second.nodes[0].inputs[0] = "v"
      second.nodes[0].output = "v_reals"
      second.nodes[1].inputs[1] = "v_reals"
      second.nodes[1].output = "v_y"
      graph.tensors.append(second.tensors[0])
      graph.nodes += second.nodes
      try put(graph)
      try bench.convert("in.onnx", "out.gguf", Self.verified)
      try #require(try blocks("v", of: "out.gguf").names.sorted() == ["v", "w"])
      try #require(try blocks("v", of: "out.gguf").bytes == weight.blocks)
      try #require(try blocks("w", of: "out.gguf").bytes == weight.blocks)
    }
  }

  /// What is no block, and a word of the reason.
  enum Obstacle: String, CaseIterable, CustomTestStringConvertible {
    case zeroPoints, nBitsZeroPoints, columnChannels, columnGroups, groups, columns, scales, eightBitFloats,
      computed
    var testDescription: String { rawValue }

    var word: String {
      switch self {
      case .zeroPoints, .nBitsZeroPoints: "zero points"
      case .columnChannels: "axis 1"
      case .columnGroups: "axis 0"
      case .groups: "groups of 16"
      case .columns: "rows of 48"
      case .scales: "half precision"
      case .eightBitFloats: "8-bit floats"
      case .computed: "computed by the graph"
      }
    }
  }

  private func graph(_ obstacle: Obstacle, _ generator: inout SeededGenerator) -> QuantizedGraph {
    let one: UInt64 = 0x3C00
    var weight = NaiveWeight(.q8_0, rows: 32, columns: 64, largest: one, &generator)
    var graph = Self.graph(.uint8, weight)
    switch obstacle {
    case .zeroPoints: graph.tensors[2].data[7] = 127
    case .nBitsZeroPoints:
      graph = Self.graph(.nBits4Points, NaiveWeight(.q4_0, rows: 32, columns: 64, largest: one, &generator))
      graph.tensors[2].data[31] = 0x78
    case .columnChannels, .columnGroups:
      let isChannel = obstacle == .columnChannels
      graph.tensors[1].extents = isChannel ? [64] : [1, 64]
      graph.tensors[2].extents = graph.tensors[1].extents
      graph.nodes[0].attributes = isChannel ? [("axis", 1)] : [("axis", 0), ("block_size", 32)]
    case .groups:
      graph = Self.graph(.int8, NaiveWeight(.q8_0, rows: 4, columns: 64, group: 16, largest: one, &generator))
    case .columns:
      graph = Self.graph(.int8, NaiveWeight(.q8_0, rows: 4, columns: 48, group: 48, largest: one, &generator))
    case .scales:
      // A float between two halves.
      weight.scales = weight.scales.map { _ in 0x3F80_0001 }
      graph = Self.graph(.int8, weight, scaleType: QuantizedGraph.Number.float)
    case .eightBitFloats:
      graph = Self.graph(.int8, weight)
      graph.tensors[0].type = 17
      // No NaN: that no block holds.
      graph.tensors[0].data = graph.tensors[0].data.map { $0 & 0x77 }
    case .computed:
      graph.nodes[0].inputs[1] = "made"
      graph.nodes.insert(.init(operation: "Abs", inputs: ["w_scale"], output: "made"), at: 0)
    }
    if obstacle == .columnChannels || obstacle == .columnGroups {
      graph.tensors[1].data = Array(graph.tensors[1].data.prefix(128))
      graph.tensors[2].data = Array(graph.tensors[2].data.prefix(64))
    }
    return graph
  }

  @Test("what blocks cannot say is refused with the reason and what would help", arguments: Obstacle.allCases)
  func refused(_ obstacle: Obstacle) throws {
    try withSeed { generator in
      try put(graph(obstacle, &generator))
      let fault = try ConversionBench.fault { try bench.convert("in.onnx", "out.gguf", Self.verified) }
      try #require(fault.kind == .badData)
      try #require(fault.tensor?.text == "w")
      try #require(fault.problem.contains("no exact form in GGUF"), "\(fault.problem)")
      try #require(fault.problem.contains(obstacle.word), "\(fault.problem)")
      // Another type needs the numbers, which a graph that computes them does not tell.
      try #require(fault.expected?.contains("--type") == (obstacle != .computed))
      try #require(try bench.temporary.entries() == ["in.onnx"])
      var options = Self.verified
      options.type = .blocks(.q8_0)
      if obstacle == .computed {
        // Its numbers are not known without the graph.
        let fault = try ConversionBench.fault { try bench.convert("in.onnx", "out.gguf", options) }
        try #require(fault.problem.contains("computed by the graph"), "\(fault.problem)")
        try bench.convert("in.onnx", "out.safetensors", Self.verified)
      } else {
        try bench.convert("in.onnx", "out.gguf", options)
        let made = try blocks("w", of: "out.gguf")
        try #require(made.type == (obstacle == .columns ? nil : .q8_0))
        try #require(made.names == ["w"])
      }
    }
  }

  @Test("compressed-tensors, which names modules, is no output for a graph's weights")
  func noCompressedTensors() throws {
    try bench.temporary.write(Fixture.bytes("onnx/matmulnbits_int4.onnx"), to: "in.onnx")
    var options = Self.verified
    options.target = .compressedTensors
    #expect(throws: OptionFault.self) { try bench.convert("in.onnx", "out", options) }
    #expect(try bench.temporary.entries() == ["in.onnx"])
  }

  @Test("a weight that is quantized only in training stays the floats that it is")
  func trainedForIt() throws {
    try bench.temporary.write(Fixture.bytes("onnx/qdq_quantize_const_fold.onnx"), to: "in.onnx")
    try bench.convert("in.onnx", "plain.safetensors", "dense")
    let before = try StoredTensors(bench.temporary.read("plain.safetensors"))
    try bench.convert("in.onnx", "out.gguf", Self.verified)
    let difference = try bench.differences("in.onnx", "out.gguf")
    #expect(difference.differences.isEmpty)
    #expect(before.entries.contains { $0.type == "F32" && $0.shape.count == 2 })
  }
}
