import CompressedTensors
import Conversion
import Inspection
import ModelIR
import TestSupport
import Testing

@Suite("Quantized weights between compressed-tensors and ggml's blocks")
struct GGUFTranscodingTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  static var verified: ConversionOptions {
    var options = ConversionBench.options()
    options.verify = true
    return options
  }

  static var toCompressedTensors: ConversionOptions {
    var options = verified
    options.target = .compressedTensors
    return options
  }

  static let types: [GGMLType] = [.q8_0, .q4_0, .q5_0, .mxfp4, .nvfp4]

  /// Puts a folder of one weight there.
  private func put(_ entries: [SafetensorsBuilder.Entry], _ config: String, in folder: String = "in") throws {
    try bench.temporary.createFolder(folder)
    try bench.temporary.write(SafetensorsBuilder(entries).bytes, to: "\(folder)/model.safetensors")
    try bench.temporary.write(config, to: "\(folder)/config.json")
  }

  /// The scale over all that NVFP4 has.
  private static func globalScale(_ type: GGMLType, _ scale: Float, of module: String) -> [SafetensorsBuilder
    .Entry]
  {
    type == .nvfp4
      ? [.init(module + ".weight_global_scale", "F32", [1], elements: [UInt64(scale.bitPattern)])] : []
  }

  /// The bytes of a tensor of a GGUF file.
  private func blocks(_ name: String, of file: String) throws -> (type: GGMLType?, bytes: [UInt8]) {
    let model = try OpenedModel(bench.path(file)).model
    let tensor = try #require(model.tensors.first { $0.name.text == name })
    guard case .dense(let region) = tensor.storage else { return (nil, []) }
    var bytes = [UInt8](repeating: 0, count: Int(region.byteCount))
    try model.source(of: tensor).read(bytes.count, at: region.offset, into: &bytes, startingAt: 0)
    return (tensor.blockType, bytes)
  }

  @Test("codes and scales go to blocks and back as they are", arguments: types)
  func there(_ type: GGMLType) throws {
    try withSeed { generator in
      let weight = NaiveWeight(type, rows: 5, columns: 192, &generator)
      let entries = weight.parts(of: "model.fc") + Self.globalScale(type, 64, of: "model.fc")
      try put(entries, NaiveWeight.config(type, group: NaiveWeight.reach(type)))
      let report = try bench.convert("in", "out.gguf", Self.verified)
      let made = try blocks("model.fc.weight", of: "out.gguf")
      try #require(made.type == type)
      try #require(made.bytes == weight.blocks)
      try #require(report.notes.contains { $0.contains("stay behind") })
      if type == .nvfp4 {
        let scale = try blocks("model.fc.scale", of: "out.gguf").bytes
        try #require(scale == [0, 0, 0x80, 0x3C], "1/64")
      }
      try bench.convert("out.gguf", "back", Self.toCompressedTensors)
      let back = try bench.tensors(in: "back")
      try #require(back.names == entries.map(\.name).sorted())
      for entry in entries { try requireSame(back[entry.name], entry, entry.name) }
    }
  }

  /// The numbers of one tensor.
  private static func numbers(_ tensor: SafetensorsBuilder.Entry?) throws -> [Float] {
    try #require(tensor).elements.map { Float(bitPattern: UInt32($0)) }
  }

  @Test(
    "the numbers of either form are the same, as far as the library's type of numbers holds them",
    arguments: types
  )
  func numbers(_ type: GGMLType) throws {
    try withSeed { generator in
      // Products within half precision, in which the library computes where scales are halves.
      let weight = NaiveWeight(type, rows: 5, columns: 192, largest: 0x3C00, &generator)
      let entries = weight.parts(of: "fc") + Self.globalScale(type, 1, of: "fc")
      try put(entries, NaiveWeight.config(type, group: NaiveWeight.reach(type)))
      var plain = ConversionBench.options()
      plain.type = .plain(.float32)
      try bench.convert("in", "plain", plain)
      try bench.convert("in", "out.gguf", Self.verified)
      try bench.convert("out.gguf", "plain.safetensors", plain)
      let library = try Self.numbers(bench.tensors(in: "plain")["fc.weight"])
      let blocks = try Self.numbers(StoredTensors(bench.temporary.read("plain.safetensors"))["fc.weight"])
      let isHalf = [.q8_0, .q4_0, .q5_0].contains(type)
      // ggml has no -0.0 among its floats of four bits.
      try #require(library == blocks.map { isHalf ? Float(Float16($0)) : $0 })
    }
  }

  @Test("blocks become a folder that its own config.json describes", arguments: types)
  func golden(_ type: GGMLType) throws {
    let name = type.name.lowercased()
    try bench.temporary.write(Fixture.bytes("gguf/types/\(name).gguf"), to: "in.gguf")
    try bench.convert("in.gguf", "out", Self.toCompressedTensors)
    #expect(try bench.temporary.entries(of: "out") == ["config.json", "model.safetensors"])
    var plain = ConversionBench.options()
    plain.type = .plain(.float32)
    try bench.convert("out", "plain", plain)
    let numbers = try #require(try bench.tensors(in: "plain")["w.weight"])
    let expected = try #require(
      try StoredTensors(Fixture.bytes("gguf/types/\(name).safetensors")).entries.first
    )
    let isHalf = [.q8_0, .q4_0, .q5_0].contains(type)
    #expect(try Self.numbers(numbers) == Self.numbers(expected).map { isHalf ? Float(Float16($0)) : $0 })
    try bench.convert("out", "again.gguf", Self.verified)
    #expect(try bench.differences("in.gguf", "again.gguf").isEqual)
  }

  @Test(
    "groups of several blocks repeat their scale",
    arguments: [(GGMLType.q8_0, 64), (.q4_0, 128), (.q5_0, 192)]
  )
  func largerGroups(_ type: GGMLType, _ group: Int) throws {
    try withSeed { generator in
      let weight = NaiveWeight(type, rows: 3, columns: 384, group: group, &generator)
      try put(weight.parts(of: "fc"), NaiveWeight.config(type, group: group))
      try bench.convert("in", "out.gguf", Self.verified)
      try #require(try blocks("fc.weight", of: "out.gguf").bytes == weight.blocks)
    }
  }

  @Test("one scale a row is one in each block", arguments: [GGMLType.q8_0, .q4_0])
  func channels(_ type: GGMLType) throws {
    try withSeed { generator in
      let weight = NaiveWeight(type, rows: 4, columns: 96, group: 96, &generator)
      let config = NaiveWeight.config(type, group: 96)
        .replacing("\"strategy\": \"group\", \"group_size\": 96", with: "\"strategy\": \"channel\"")
      try put(weight.parts(of: "fc"), config)
      try bench.convert("in", "out.gguf", Self.verified)
      try #require(try blocks("fc.weight", of: "out.gguf").bytes == weight.blocks)
    }
  }

  /// What is no block, and a word of the reason.
  enum Obstacle: String, CaseIterable, CustomTestStringConvertible {
    case zeroPoints, groupIndex, scales, groups, columns, globalScale, floats
    var testDescription: String { rawValue }

    var word: String {
      switch self {
      case .zeroPoints: "zero points"
      case .groupIndex: "one by one"
      case .scales: "half precision"
      case .groups: "groups of 16"
      case .columns: "rows of 48"
      case .globalScale: "global scale"
      case .floats: "8-bit floats"
      }
    }
  }

  private func put(_ obstacle: Obstacle, _ generator: inout SeededGenerator) throws {
    // Half precision holds the products of these scales.
    let one: UInt64 = 0x3C00
    var weight = NaiveWeight(.q8_0, rows: 4, columns: 64, largest: one, &generator)
    var config = NaiveWeight.config(.q8_0, group: 32)
    var entries = weight.parts(of: "fc")
    switch obstacle {
    case .zeroPoints:
      config = NaiveWeight.config(.q8_0, group: 32, more: ", \"symmetric\": false")
      entries.append(.init("fc.weight_zero_point", "I8", [4, 2], [1, 2, 3, 4, 5, 6, 7, 8]))
    case .groupIndex:
      entries = NaiveWeight(.q4_0, rows: 4, columns: 64, largest: one, &generator).parts(of: "fc")
      config = NaiveWeight.config(.q4_0, group: 32, more: ", \"actorder\": \"group\"")
      entries.append(.init("fc.weight_g_idx", "I32", [64], elements: (0..<64).map { UInt64($0 % 2) }))
    case .scales:
      // A float between two halves.
      weight.scales = weight.scales.map { _ in 0x3F80_0001 }
      entries = weight.parts(of: "fc", scaleType: "F32")
    case .groups:
      entries = NaiveWeight(.q8_0, rows: 4, columns: 64, group: 16, largest: one, &generator).parts(of: "fc")
      config = NaiveWeight.config(.q8_0, group: 16)
    case .columns:
      entries = NaiveWeight(.q8_0, rows: 4, columns: 48, group: 48, &generator).parts(of: "fc")
      config = NaiveWeight.config(.q8_0, group: 48)
    case .globalScale:
      entries = NaiveWeight(.nvfp4, rows: 4, columns: 64, &generator).parts(of: "fc")
      entries.append(.init("fc.weight_global_scale", "F32", [1], elements: [UInt64(Float(1000).bitPattern)]))
      config = NaiveWeight.config(.nvfp4, group: 16)
    case .floats:
      entries = [
        .init("fc.weight", "F8_E4M3", [4, 64], [UInt8](repeating: 0x38, count: 256)),
        .init("fc.weight_scale", "F16", [4, 1], elements: [1, 2, 3, 4]),
      ]
      config = config.replacing("int-quantized", with: "float-quantized")
        .replacing("\"int\"", with: "\"float\"")
        .replacing("\"strategy\": \"group\", \"group_size\": 32", with: "\"strategy\": \"channel\"")
    }
    try put(entries, config)
  }

  @Test("what blocks cannot say is refused with the reason and what would help", arguments: Obstacle.allCases)
  func refused(_ obstacle: Obstacle) throws {
    try withSeed { generator in
      try put(obstacle, &generator)
      let fault = try ConversionBench.fault { try bench.convert("in", "out.gguf", Self.verified) }
      try #require(fault.kind == .badData)
      try #require(fault.tensor?.text.hasPrefix("fc.weight") == true)
      try #require(fault.problem.contains("no exact form in GGUF"), "\(fault.problem)")
      try #require(fault.problem.contains(obstacle.word), "\(fault.problem)")
      try #require(fault.expected?.contains("--type") == true)
      try #require(try bench.temporary.entries() == ["in"])
      // Encoding the numbers anew is another matter, and is done when it is asked for.
      if obstacle == .columns { return }
      var options = Self.verified
      options.type = .blocks(obstacle == .globalScale ? .nvfp4 : .q8_0)
      let report = try bench.convert("in", "out.gguf", options)
      let made = try blocks("fc.weight", of: "out.gguf")
      try #require(made.type == (obstacle == .globalScale ? .nvfp4 : .q8_0))
      try #require(report.tensors.contains { $0.encoding != nil } == (obstacle != .globalScale))
    }
  }

  @Test("a scale that half precision holds is taken from wider types", arguments: ["F32", "BF16"])
  func widerScales(_ spelling: String) throws {
    try withSeed { generator in
      var weight = NaiveWeight(.q8_0, rows: 4, columns: 64, &generator)
      let numbers = weight.scales.map { _ in Float(Int.random(in: 1...255, using: &generator)) / 1024 }
      weight.scales = numbers.map { UInt64(Float16($0).bitPattern) }
      let expected = weight.blocks
      weight.scales = numbers.map { UInt64(spelling == "F32" ? $0.bitPattern : $0.bitPattern >> 16) }
      try put(weight.parts(of: "fc", scaleType: spelling), NaiveWeight.config(.q8_0, group: 32))
      try bench.convert("in", "out.gguf", Self.verified)
      try #require(try blocks("fc.weight", of: "out.gguf").bytes == expected)
    }
  }

  @Test(
    "blocks that compressed-tensors cannot say are refused with the reason",
    arguments: [
      ("q4_1", "minimums"), ("q5_1", "minimums"), ("q4_K", "products of two"), ("q6_K", "products of two"),
      ("iq4_nl", "code book"), ("tq2_0", "so few values"), ("q8_K", "sums"),
    ]
  )
  func refusedBlocks(_ file: String, _ word: String) throws {
    try bench.temporary.write(Fixture.bytes("gguf/types/\(file).gguf"), to: "in.gguf")
    let fault = try ConversionBench.fault { try bench.convert("in.gguf", "out", Self.toCompressedTensors) }
    #expect(fault.kind == .badData)
    #expect(fault.tensor?.text == "w.weight")
    #expect(fault.problem.contains("no exact form in compressed-tensors"))
    #expect(fault.problem.contains(word), "\(fault.problem)")
    #expect(try bench.temporary.entries() == ["in.gguf"])
  }

  @Test("a model with plain tensors keeps them beside the codes, and a scale over all goes along")
  func wholeModel() throws {
    try bench.temporary.write(Fixture.bytes("gguf/convert/llama/out-q8_0.gguf"), to: "in.gguf")
    try bench.convert("in.gguf", "out", Self.toCompressedTensors)
    let stored = try bench.tensors(in: "out")
    let model = try OpenedModel(bench.path("in.gguf")).model
    for tensor in model.tensors where tensor.blockType == nil { #expect(stored[tensor.name.text] != nil) }
    try bench.convert("out", "again.gguf", Self.verified)
    #expect(try bench.differences("in.gguf", "again.gguf").isEqual)
  }
}
