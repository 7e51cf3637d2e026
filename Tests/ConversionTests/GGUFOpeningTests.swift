import Conversion
import Inspection
import ModelIR
import SparseCoding
import TestSupport
import Testing

@Suite("Opening GGUF")
struct GGUFOpeningTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  /// The files of `Fixtures/gguf/types` that hold blocks, with the type of these.
  static let blockFiles: [(file: String, type: GGMLType)] = GGMLType.allCases.filter { $0.elementType == nil }
    .map { type in
      let parts = "\(type)".split(separator: "_")
      let name = parts.enumerated().map { $1 == "K" && $0 == 1 ? "K" : $1.lowercased() }.joined(
        separator: "_"
      )
      return ([.iq1_S, .iq2_XXS, .iq2_XS].contains(type) ? name + "-imat" : name, type)
    }

  /// Numbers that ggml makes of a golden file's blocks: those of the file beside it, in single precision.
  static func numbers(_ file: String) throws -> [Float] {
    let bytes = try Fixture.bytes("gguf/types/\(file).safetensors")
    let header = (0..<8).reduce(0) { $0 | Int(bytes[$1]) << ($1 * 8) }
    return stride(from: 8 + header, to: bytes.count, by: 4).map { place in
      Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << UInt32($1 * 8) })
    }
  }

  static func inspect(_ path: String, chunkBytes: Int = 700) throws -> (model: Model, reports: [TensorReport])
  {
    let opened = try OpenedModel(path)
    let inspector = Inspector(
      pool: ChunkPool(threads: 2),
      chunkBytes: chunkBytes,
      progress: WorkProgress(),
      wantsMagnitudes: true
    )
    return (opened.model, try inspector.inspect(opened.model))
  }

  @Test("blocks are counted by their codes: as many zeros as ggml makes of them", arguments: blockFiles)
  func zeros(_ file: String, _ type: GGMLType) throws {
    let (model, reports) = try Self.inspect(Fixture.path("gguf/types/\(file).gguf"))
    #expect(model.container == .gguf)
    let report = try #require(reports.first)
    #expect(report.tensor.blockType == type)
    #expect(report.tensor.logicalShape.extents == [10, 512])
    let numbers = try Self.numbers(file)
    guard type.holdsZero else {
      #expect(report.statistics == nil)
      return
    }
    let statistics = try #require(report.statistics)
    #expect(statistics.elements == 5120)
    #expect(statistics.zeros == UInt64(numbers.filter { $0 == 0 }.count))
    let zeroRows = stride(from: 0, to: numbers.count, by: 512).filter { start in
      numbers[start..<start + 512].allSatisfy { $0 == 0 }
    }
    #expect(statistics.zeroRows == UInt64(zeroRows.count))
    let pattern = try #require(statistics.patterns.first { $0.pattern.description == "2:4" })
    let violations = stride(from: 0, to: numbers.count, by: 4).filter { start in
      numbers[start..<start + 4].filter { $0 != 0 }.count > 2
    }
    #expect(pattern.count.violations == UInt64(violations.count))
  }

  @Test("chunks that cut blocks change nothing", arguments: [16, 48, 512, 1 << 20])
  func cutBlocks(_ chunkBytes: Int) throws {
    let path = Fixture.path("gguf/types/q6_K.gguf")
    let whole = try #require(try Self.inspect(path).reports.first?.statistics)
    let cut = try #require(try Self.inspect(path, chunkBytes: chunkBytes).reports.first?.statistics)
    #expect(cut.nonzeros == whole.nonzeros)
    #expect(cut.patterns == whole.patterns)
    #expect(cut.zeroColumns == whole.zeroColumns)
  }

  @Test("a type that cannot store a zero is named, with the number of its tensors")
  func zeroless() throws {
    let warnings = try OpenedModel(Fixture.path("gguf/types/q4_K.gguf")).countingWarnings
    #expect(warnings.count == 1)
    #expect(warnings.first?.problem.hasPrefix("Q4_K cannot store a zero") == true)
    #expect(warnings.first?.expected?.hasPrefix("1 tensor ") == true)
    #expect(try OpenedModel(Fixture.path("gguf/types/q4_0.gguf")).countingWarnings.isEmpty)
  }

  @Test("validate leaves out what cannot store a zero, and says so")
  func validate() throws {
    let pattern = try #require(NMPattern(kept: 2, group: 4))
    let validator = Validator(
      pattern,
      axis: .automatic,
      tail: .error,
      violationLimit: 1,
      pool: ChunkPool(threads: 1),
      chunkBytes: 4096,
      progress: WorkProgress()
    )
    for (file, status) in [("q4_K", ValidationReport.Status.skipped), ("q8_0", .violating)] {
      let opened = try OpenedModel(Fixture.path("gguf/types/\(file).gguf"))
      let report = try validator.validate(opened.model, path: file, checksAll: true)
      #expect(report.tensors.first?.status == status, "\(file)")
    }
  }

  @Test("the first shard and the folder stand for the whole model, another shard for none")
  func split() throws {
    let whole = try OpenedModel(Fixture.path("gguf/split/tiny_unsplit.gguf")).model
    try bench.temporary.createFolder("s")
    for number in 1...2 {
      let name = "tiny-0000\(number)-of-00002.gguf"
      try bench.temporary.write(Fixture.bytes("gguf/split/\(name)"), to: "s/\(name)")
    }
    for path in ["s/tiny-00001-of-00002.gguf", "s"] {
      let model = try OpenedModel(bench.path(path)).model
      #expect(model.files.count == 2)
      #expect(model.tensors.map(\.name) == whole.tensors.map(\.name))
    }
    let fault = try ConversionBench.fault { _ = try OpenedModel(bench.path("s/tiny-00002-of-00002.gguf")) }
    #expect(fault.kind == .badData)
    try bench.temporary.write(Fixture.bytes("gguf/types/q4_0.gguf"), to: "s/other.gguf")
    #expect(throws: GGUFFolderFault.self) { try OpenedModel(bench.path("s")) }
  }

  @Test("content tells a GGUF file, and its name where the content is nothing known")
  func content() throws {
    try bench.temporary.write(Fixture.bytes("gguf/types/q4_0.gguf"), to: "x.safetensors")
    #expect(try OpenedModel(bench.path("x.safetensors")).model.container == .gguf)
    try bench.temporary.write(SafetensorsBuilder([.init("w", "U8", [1], [1])]).bytes, to: "x.gguf")
    #expect(try OpenedModel(bench.path("x.gguf")).model.container == .safetensors)
    try bench.temporary.write("FUGG and more", to: "y.gguf")
    let fault = try ConversionBench.fault { _ = try OpenedModel(bench.path("y.gguf")) }
    #expect(fault.problem.contains("46 55 47 47"), "\(fault)")
  }
}
