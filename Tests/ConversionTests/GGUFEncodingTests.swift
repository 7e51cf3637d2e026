import CompressedTensors
import Conversion
import Inspection
import ModelIR
import SparseCoding
import Synchronization
import TestSupport
import Testing

@Suite("Encoding weights as ggml's blocks")
struct GGUFEncodingTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  static func options(_ type: GGMLType) -> ConversionOptions {
    var options = ConversionBench.options()
    options.type = .blocks(type)
    options.verify = true
    return options
  }

  /// The numbers that the golden blocks were made from.
  private static func source() throws -> SafetensorsBuilder.Entry {
    try #require(try StoredTensors(Fixture.bytes("gguf/types/_source.safetensors"))["x"])
  }

  /// Puts tensors where they are converted from.
  private func put(_ entries: [SafetensorsBuilder.Entry], as name: String = "in.safetensors") throws {
    try bench.temporary.write(SafetensorsBuilder(entries).bytes, to: name)
  }

  /// The bytes of the first tensor of a file.
  private func firstBytes(_ name: String) throws -> [UInt8] {
    let model = try OpenedModel(bench.path(name)).model
    let tensor = try #require(model.tensors.first)
    guard case .dense(let region) = tensor.storage else { return [] }
    var bytes = [UInt8](repeating: 0, count: Int(region.byteCount))
    try model.source(of: tensor).read(bytes.count, at: region.offset, into: &bytes, startingAt: 0)
    return bytes
  }

  /// The numbers of the only tensor of a file.
  private func numbers(_ name: String) throws -> [Float] {
    var options = ConversionBench.options()
    options.type = .plain(.float32)
    try bench.convert(name, name + ".safetensors", options)
    let tensor = try #require(try StoredTensors(bench.temporary.read(name + ".safetensors")).entries.first)
    return tensor.elements.map { Float(bitPattern: UInt32($0)) }
  }

  /// A tensor of numbers.
  private static func tensor(_ name: String, _ shape: [UInt64], _ numbers: [Float])
    -> SafetensorsBuilder.Entry
  {
    .init(name, "F32", shape, elements: numbers.map { UInt64($0.bitPattern) })
  }

  @Test(
    "the blocks are those that llama.cpp makes of the same numbers",
    arguments: [
      ("q8_0", .q8_0), ("q4_0", .q4_0), ("q4_1", .q4_1), ("q5_0", .q5_0), ("q5_1", .q5_1), ("mxfp4", .mxfp4),
      ("tq1_0", .tq1_0), ("tq2_0", .tq2_0), ("q4_K", .q4_K), ("q5_K", .q5_K), ("q6_K", .q6_K),
    ] as [(String, GGMLType)]
  )
  func golden(_ file: String, _ type: GGMLType) throws {
    try bench.temporary.write(Fixture.bytes("gguf/types/\(file).gguf"), to: "golden.gguf")
    var source = try Self.source()
    source.name = "w.weight"
    try put([source])
    let report = try bench.convert("in.safetensors", "out.gguf", Self.options(type))
    #expect(try bench.differences("golden.gguf", "out.gguf").isEqual)
    #expect(report.tensors.first?.typeAfter == type.name)
    // The same blocks lie in a safetensors file.
    try bench.convert("in.safetensors", "out.safetensors", Self.options(type))
    #expect(try bench.differences("golden.gguf", "out.safetensors").isEqual)
  }

  @Test("the blocks do not depend on how they are cut for threads", arguments: [GGMLType.q8_0, .q5_1, .q4_K])
  func pieces(_ type: GGMLType) throws {
    try withSeed { generator in
      let numbers = (0..<3 * 20_480).map { _ in Float.random(in: -2...2, using: &generator) }
      try put([Self.tensor("w", [3, 20_480], numbers)])
      try bench.convert("in.safetensors", "small.gguf", Self.options(type))
      var large = Self.options(type)
      large.resources = WorkResources(threads: 1, memory: 1 << 30)
      try bench.convert("in.safetensors", "large.gguf", large)
      try #require(try bench.temporary.read("small.gguf") == bench.temporary.read("large.gguf"))
    }
  }

  @Test(
    "half-precision numbers give the blocks of the same numbers in single precision",
    arguments: ["F16", "BF16"]
  )
  func halves(_ spelling: String) throws {
    try withSeed { generator in
      // Bits of either type whose numbers are simple: small multiples of 1/64.
      let numbers = (0..<512).map { _ in Float(Int.random(in: -127...127, using: &generator)) / 64 }
      let halves = numbers.map { number in
        spelling == "F16" ? UInt64(Float16(number).bitPattern) : UInt64(number.bitPattern >> 16)
      }
      try put([.init("w", spelling, [2, 256], elements: halves)])
      try put([Self.tensor("w", [2, 256], numbers)], as: "single.safetensors")
      for type in [GGMLType.q4_0, .q6_K] {
        try bench.convert("in.safetensors", "\(type).gguf", Self.options(type))
        try bench.convert("single.safetensors", "single.\(type).gguf", Self.options(type))
        try #require(try firstBytes("\(type).gguf") == firstBytes("single.\(type).gguf"))
      }
    }
  }

  /// The warnings that come before anything is written, and what becomes of zeros.
  private func warnings(_ type: GGMLType, allowed: Bool = false) throws -> (
    announced: Int, report: ConversionReport
  ) {
    var options = Self.options(type)
    options.allowZeroLoss = allowed
    let said = Said()
    let report = try Converter(
      OpenedModel(bench.path("in.safetensors")),
      to: bench.path("\(type)-\(allowed).gguf"),
      options: options,
      progress: WorkProgress()
    ) { said.add($0) }.run()
    return (said.all.count, report)
  }

  @Test(
    "a warning comes before zeros of a sparse tensor become other numbers, with how many, and a type that keeps them",
    arguments: [
      (.q4_K, "q4_0"), (.q5_K, "q5_0"), (.q4_1, "q4_0"), (.q5_1, "q5_0"), (.q4_0, nil), (.q8_0, nil),
      (.q6_K, nil),
      (.mxfp4, nil), (.tq2_0, nil),
    ] as [(GGMLType, String?)]
  )
  func zeros(_ type: GGMLType, _ better: String?) throws {
    try withSeed { generator in
      let numbers = (0..<4 * 512).map { index in
        index % 2 == 0 ? (index % 4 == 0 ? 0 : -0.0) : Float.random(in: -2...1, using: &generator)
      }
      try put([Self.tensor("w.weight", [4, 512], numbers)])
      let (announced, report) = try warnings(type)
      let after = try self.numbers("\(type)-false.gguf")
      let lost = zip(numbers, after).count { $0 == 0 && $1 != 0 }
      try #require((lost > 0) == (better != nil))
      try #require(announced == (better == nil ? 0 : 1))
      try #require(report.announced.count == announced && report.warnings.isEmpty)
      try #require(report.tensors[0].encoding?.lostZeros ?? 0 == UInt64(lost))
      if let better, let warning = report.announced.first {
        try #require(warning.problem.contains("\(lost) of 1024 zeros in 1 sparse tensor"))
        try #require(warning.expected?.contains("--type \(better) keeps them") == true)
      }
      let silent = try warnings(type, allowed: true)
      try #require(silent.announced == 0 && silent.report.announced.isEmpty)
      let files = try ["false", "true"].map { try bench.temporary.read("\(type)-\($0).gguf") }
      try #require(files[0] == files[1])
    }
  }

  @Test("a tensor with few zeros is none that was pruned, and gives no warning")
  func denseTensors() throws {
    let numbers = (0..<512).map { Float($0 % 100) + 1 }
    try put([Self.tensor("w.weight", [1, 512], [0] + numbers.dropFirst())])
    #expect(try warnings(.q4_K).announced == 0)
  }

  @Test("the error that is reported is that of the numbers")
  func errors() throws {
    try put([try Self.source()])
    let report = try bench.convert("in.safetensors", "out.gguf", Self.options(.q4_0))
    let before = try Self.source().elements.map { Double(Float(bitPattern: UInt32($0))) }
    let after = try numbers("out.gguf").map(Double.init)
    let error = zip(before, after).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let relative = (error / before.reduce(0) { $0 + $1 * $1 }).squareRoot()
    let reported = try #require(report.tensors.first?.encoding?.relativeError)
    #expect(abs(reported / relative - 1) < 1e-4)
  }

  @Test("vectors, norms and rows that are no whole blocks stay, and the report says why")
  func kept() throws {
    let row = [Float](repeating: 0.25, count: 256)
    try put([
      Self.tensor("a.weight", [2, 256], row + row),
      Self.tensor("odd.weight", [2, 100], Array((row + row).prefix(200))),
      Self.tensor("blk.0.attn_norm.weight", [2, 256], row + row),
      Self.tensor("bias", [256], row),
      .init("ids", "I32", [2, 32], [UInt8](repeating: 1, count: 256)),
    ])
    let report = try bench.convert("in.safetensors", "out.gguf", Self.options(.q8_0))
    let model = try OpenedModel(bench.path("out.gguf")).model
    let types = Dictionary(uniqueKeysWithValues: model.tensors.map { ($0.name.text, $0.blockType) })
    #expect(types["a.weight"] == .q8_0)
    #expect(types.values.compactMap { $0 }.count == 1)
    let reasons = Dictionary(uniqueKeysWithValues: report.tensors.map { ($0.name.text, $0.reason ?? "") })
    #expect(reasons["odd.weight"]?.contains("rows of 100") == true)
    #expect(reasons["blk.0.attn_norm.weight"]?.contains("never quantized") == true)
    #expect(reasons["bias"] == "")
  }

  @Test("a number that no block holds is refused by row and column, and nothing is written")
  func unencodable() throws {
    for number in [Float.nan, .infinity] {
      var numbers = [Float](repeating: 1, count: 4 * 64)
      numbers[2 * 64 + 33] = number
      try put([Self.tensor("w", [4, 64], numbers)])
      let fault = try ConversionBench.fault {
        try bench.convert("in.safetensors", "out.gguf", Self.options(.q8_0))
      }
      #expect(fault.tensor?.text == "w")
      #expect(fault.problem.contains("row 2, column 33"), "\(fault.problem)")
      #expect(try bench.temporary.entries() == ["in.safetensors"])
    }
  }

  @Test("blocks of another type are encoded anew, those of the same one stay bit for bit")
  func blocksToBlocks() throws {
    try bench.temporary.write(Fixture.bytes("gguf/types/q8_0.gguf"), to: "in.gguf")
    try bench.convert("in.gguf", "same.gguf", Self.options(.q8_0))
    #expect(try bench.differences("in.gguf", "same.gguf").isEqual)
    try bench.convert("in.gguf", "out.gguf", Self.options(.q4_0))
    var plain = ConversionBench.options()
    plain.type = .plain(.float32)
    try bench.convert("in.gguf", "plain.gguf", plain)
    try bench.convert("plain.gguf", "through.gguf", Self.options(.q4_0))
    #expect(try bench.differences("out.gguf", "through.gguf").isEqual)
  }

  @Test("the file type says what most weights are")
  func fileType() throws {
    try bench.temporary.write(Fixture.bytes("gguf/convert/llama/out-q8_0.gguf"), to: "in.gguf")
    try bench.convert("in.gguf", "out.gguf", Self.options(.q4_0))
    let metadata = try OpenedModel(bench.path("out.gguf")).metadataReport(wantsEntries: true)
    #expect(metadata.headline.contains("mostly Q4_0"), "\(metadata.headline)")
    let version = metadata.entries?.first { $0.key == "general.quantization_version" }
    #expect(version?.value == .unsigned(2, bits: 32))
  }
}

/// What was said before writing.
private final class Said: Sendable {
  private let diagnoses = Mutex<[Diagnosis]>([])
  var all: [Diagnosis] { diagnoses.withLock { $0 } }
  func add(_ diagnosis: Diagnosis) { diagnoses.withLock { $0.append(diagnosis) } }
}
