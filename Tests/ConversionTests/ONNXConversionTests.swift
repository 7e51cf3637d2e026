import CompressedTensors
import Conversion
import Inspection
import ModelIR
import TestSupport
import Testing

@Suite("Converting ONNX")
struct ONNXConversionTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  static var verified: ConversionOptions { layout("keep") }

  static func layout(_ name: String) -> ConversionOptions {
    var options = ConversionBench.options(name)
    options.verify = true
    return options
  }

  /// The models that the onnx package and others wrote.
  static let files: [String] = ((try? Fixture.names(in: "onnx")) ?? []).filter { $0.hasSuffix(".onnx") }

  /// Copies a golden model here, and the files that any of them reads.
  private func bring(_ name: String) throws {
    try bench.temporary.write(Fixture.bytes("onnx/\(name)"), to: "in.onnx")
    for other in try Fixture.names(in: "onnx") where other.hasSuffix(".bin") {
      try bench.temporary.write(Fixture.bytes("onnx/\(other)"), to: other)
    }
    try bench.temporary.createFolder("sub")
    for other in try Fixture.names(in: "onnx/sub") {
      try bench.temporary.write(Fixture.bytes("onnx/sub/\(other)"), to: "sub/\(other)")
    }
  }

  @Test("golden models are at hand")
  func filesExist() { #expect(Self.files.count >= 60) }

  @Test("an unchanged model goes out byte for byte, whatever its writer's habits", arguments: files)
  func unchanged(_ name: String) throws {
    try bring(name)
    let report = try bench.convert("in.onnx", "out.onnx", Self.verified)
    #expect(report.isUnchanged)
    #expect(try bench.temporary.read("out.onnx") == bench.temporary.read("in.onnx"))
  }

  @Test(
    "every layout has the same tensors, and dense again too",
    arguments: files,
    ["csr", "bitmask", "auto", "nm:2:4"]
  )
  func layouts(_ name: String, _ layout: String) throws {
    try bring(name)
    try bench.convert("in.onnx", "out.onnx", Self.layout(layout))
    #expect(try bench.differences("in.onnx", "out.onnx").isEqual)
    try bench.convert("out.onnx", "back.onnx", Self.layout("dense"))
    #expect(try bench.differences("in.onnx", "back.onnx").isEqual)
    let model = try OpenedModel(bench.path("back.onnx")).model
    #expect(
      model.tensors.allSatisfy { $0.layout == .dense || $0.shape.elementCount == 0 || $0.shape.rank < 1 }
    )
  }

  /// Puts a model of two weights there: one read by a product, one by another layout of it.
  @discardableResult
  private func put(
    zeros: Int,
    _ generator: inout SeededGenerator,
    _ change: (inout SampleGraph) -> Void = { _ in }
  ) throws -> SampleGraph {
    var graph = SampleGraph()
    graph.weights = [
      (SampleGraph.weight("fc1", [40, 24], SampleGraph.bits(960, zeros: zeros, &generator)), .product),
      (SampleGraph.weight("fc2", [7, 13], SampleGraph.bits(91, zeros: zeros, &generator)), .turnedProduct),
      (
        SampleGraph.weight("wide", [1, 20_000], SampleGraph.bits(20_000, zeros: zeros, &generator)),
        .turnedProduct
      ),
      (SampleGraph.weight("bias", [24], SampleGraph.bits(24, zeros: zeros, &generator)), .product),
    ]
    change(&graph)
    try bench.temporary.write(graph.bytes, to: "in.onnx")
    return graph
  }

  @Test(
    "random models keep every bit in every form",
    arguments: ["csr", "bitmask", "auto"],
    [0, 50, 95, 100]
  )
  func random(_ layout: String, _ zeros: Int) throws {
    try withSeed { generator in
      try put(zeros: zeros, &generator)
      try bench.convert("in.onnx", "out.onnx", Self.layout(layout))
      try #require(try bench.differences("in.onnx", "out.onnx").isEqual)
      try bench.convert("out.onnx", "again.onnx", Self.layout("csr"))
      try #require(try bench.differences("in.onnx", "again.onnx").isEqual)
      try bench.convert("again.onnx", "dense.onnx", Self.layout("dense"))
      try #require(try bench.differences("in.onnx", "dense.onnx").isEqual)
      try bench.convert("out.onnx", "out.safetensors", Self.verified)
      try #require(try bench.differences("in.onnx", "out.safetensors").isEqual)
    }
  }

  @Test("csr is a sparse constant, vectors stay, and the report says why")
  func sparseForms() throws {
    try withSeed { generator in
      try put(zeros: 90, &generator)
      let report = try bench.convert("in.onnx", "out.onnx", Self.layout("csr"))
      let layouts = Dictionary(
        uniqueKeysWithValues: try OpenedModel(bench.path("out.onnx")).model.tensors.map {
          ($0.name.text, $0.layout)
        }
      )
      try #require(layouts == ["fc1": .csr, "fc2": .csr, "wide": .csr, "bias": .dense])
      let bias = report.tensors.first { $0.name.text == "bias" }
      try #require(bias?.reason == "it has fewer than two axes")
      var options = Self.layout("csr")
      options.usesSparseInitializers = true
      try bench.convert("in.onnx", "initializers.onnx", options)
      try #require(try bench.differences("in.onnx", "initializers.onnx").isEqual)
      let (constants, initializers) = (
        try bench.temporary.read("out.onnx"), try bench.temporary.read("initializers.onnx")
      )
      try #require(constants.count > initializers.count)
      var strict = Self.layout("csr")
      strict.strict = true
      let fault = try ConversionBench.fault { try bench.convert("in.onnx", "no.onnx", strict) }
      try #require(fault.tensor?.text == "bias")
    }
  }

  @Test("auto takes the smaller form by exact bytes")
  func automatic() throws {
    try withSeed { generator in
      for zeros in [10, 40, 60, 90] {
        try put(zeros: zeros, &generator)
        let sizes = try ["dense", "csr", "auto"].map { layout in
          var options = Self.layout(layout)
          options.force = true
          try bench.convert("in.onnx", "\(layout).onnx", options)
          return try bench.temporary.read("\(layout).onnx").count
        }
        try #require(sizes[2] <= min(sizes[0], sizes[1]))
      }
    }
  }

  @Test("self-expanding masks say what they cost, and are found again")
  func expansions() throws {
    try withSeed { generator in
      try put(zeros: 60, &generator)
      let report = try bench.convert("in.onnx", "out.onnx", Self.layout("bitmask"))
      try #require(report.notes.contains { $0.contains("expanded each time") })
      let tensors = try OpenedModel(bench.path("out.onnx")).model.tensors
      try #require(tensors.map(\.name.text).sorted() == ["bias", "fc1", "fc2", "wide"])
      try #require(tensors.count { $0.layout == .bitmask } == 3)
    }
  }

  @Test("an operator set that lacks the nodes of a form is not raised: the tensor stays, with the reason")
  func oldOperators() throws {
    try withSeed { generator in
      try put(zeros: 90, &generator) { $0.operatorSet = 10 }
      let report = try bench.convert("in.onnx", "out.onnx", Self.layout("csr"))
      try #require(report.isUnchanged)
      try #require(report.tensors.first?.reason?.contains("version 11") == true)
    }
  }

  @Test("names and graphs behind them travel to safetensors and GGUF")
  func otherContainers() throws {
    try withSeed { generator in
      try put(zeros: 50, &generator)
      for output in ["out.safetensors", "out.gguf"] {
        let report = try bench.convert("in.onnx", output, Self.verified)
        try #require(try bench.differences("in.onnx", output).isEqual)
        try #require(report.notes.contains { $0.contains("graph stays behind") })
      }
    }
  }

  /// An option that ONNX makes no sense with.
  enum Senseless: String, CaseIterable, CustomTestStringConvertible {
    case shards, selection, type, graphElsewhere, dataElsewhere, path, dataIsOutput
    var testDescription: String { rawValue }

    var output: String { self == .graphElsewhere || self == .dataElsewhere ? "out.safetensors" : "out.onnx" }

    func apply(to options: inout ConversionOptions) {
      switch self {
      case .shards: options.shardSize = 1
      case .selection: options.isSelection = true
      case .type: options.type = .plain(.float16)
      case .graphElsewhere: options.graph = "in.onnx"
      case .dataElsewhere: options.externalData = .never
      case .path: options.externalData = .file("../x")
      case .dataIsOutput: options.externalData = .file("out.onnx")
      }
    }
  }

  @Test("options that make no sense with ONNX are refused", arguments: Senseless.allCases)
  func senseless(_ option: Senseless) throws {
    var generator = SeededGenerator(seed: 1)
    try put(zeros: 50, &generator)
    var options = Self.verified
    option.apply(to: &options)
    let fault = try ConversionBench.fault { try bench.convert("in.onnx", option.output, options) }
    #expect(fault.kind == .usage, "\(fault)")
    #expect(try bench.temporary.entries() == ["in.onnx"])
  }

  @Test(
    "elements that leave bits of the last byte unused are compared, digested and kept",
    arguments: [(21, 5, 3), (25, 3, 1), (27, 5, 4)] as [(Int64, Int64, Int)]
  )
  func unusedBits(_ type: Int64, _ count: Int64, _ byteCount: Int) throws {
    for (name, byte) in [("in.onnx", 1), ("other.onnx", 2)] as [(String, UInt8)] {
      var graph = SampleGraph()
      let data = [UInt8](repeating: byte, count: byteCount)
      graph.weights = [
        (SampleGraph.Weight(name: "w", type: type, extents: [count], data: data), .product),
        (SampleGraph.weight("fc", [8, 8], [UInt32](repeating: 0, count: 64)), .product),
      ]
      try bench.temporary.write(graph.bytes, to: name)
    }
    let report = try bench.differences("in.onnx", "other.onnx")
    #expect(report.differences.map(\.name.text) == ["w"])
    try bench.convert("in.onnx", "out.onnx", Self.layout("csr"))
    #expect(try bench.differences("in.onnx", "out.onnx").isEqual)
  }

  @Test("names that look the same and differ in bytes are two tensors", arguments: ["bitmask", "csr"])
  func lookalikes(_ layout: String) throws {
    try withSeed { generator in
      var graph = SampleGraph()
      graph.weights = ["\u{E9}", "e\u{301}"].map { name in
        (SampleGraph.weight(name, [16, 24], SampleGraph.bits(384, zeros: 60, &generator)), .product)
      }
      try bench.temporary.write(graph.bytes, to: "in.onnx")
      try bench.convert("in.onnx", "out.onnx", Self.layout(layout))
      try #require(try OpenedModel(bench.path("out.onnx")).model.tensors.count == 2)
      try #require(try bench.differences("in.onnx", "out.onnx").isEqual)
      try bench.convert("out.onnx", "back.onnx", Self.layout("dense"))
      try #require(try bench.differences("in.onnx", "back.onnx").isEqual)
      try #require(try OpenedModel(bench.path("back.onnx")).model.tensors.count == 2)
    }
  }

  @Test("a model without a graph asks for one")
  func noGraph() throws {
    let file = SafetensorsBuilder([.init("w", "F32", [1], [0, 0, 0, 0])])
    try bench.temporary.write(file.bytes, to: "in.safetensors")
    let fault = try ConversionBench.fault { try bench.convert("in.safetensors", "out.onnx", Self.verified) }
    #expect(fault.kind == .usage)
    #expect(fault.expected?.contains("--graph") == true)
  }
}
