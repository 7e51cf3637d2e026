import ByteIO
import Conversion
import Inspection
import ModelIR
import SparseCoding
import TestSupport
import Testing

@Suite("Checking ONNX")
struct ONNXCheckTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  static func check(_ path: String) throws -> IntegrityReport {
    try IntegrityChecker(pool: ChunkPool(threads: 2), chunkBytes: 100, progress: WorkProgress())
      .check(OpenedModel(path))
  }

  @Test("golden models are whole", arguments: try goldenFiles())
  func whole(_ name: String) throws {
    let report = try Self.check(Fixture.path("onnx/\(name)"))
    #expect(report.isWhole, "\(report.checks.flatMap(\.findings).map(\.problem))")
  }

  static func goldenFiles() throws -> [String] {
    try Fixture.names(in: "onnx").filter { $0.hasSuffix(".onnx") }
  }

  /// What each check fails on, in files that can be opened.
  static let broken: [(file: String, check: String, tensor: String?, says: String)] = [
    ("q_block_mismatch", "quantization", "w_scale", "3 blocks along axis 0 (shape [3, 6])"),
    ("q_scale_len", "quantization", "w_scale", "8 scales for axis 0"),
    ("sparse_unsorted", "layout", "w", "the index of value 1 is not above the one before it"),
    ("sparse_duplicate", "layout", "w", "the index of value 1 is not above the one before it"),
    ("sparse_coo_unsorted", "layout", "w", "is not above the one before it"),
    ("sparse_oob", "layout", "w", "the index of value 2 has 6"),
    ("sparse_negative", "layout", "w", "the index of value 0 has -1"),
    ("sparse_coo_oob", "layout", "w", "the index of value 1 has 3"),
    ("ext_bad_checksum", "checksum", nil, "its SHA-1 is 2d269a0f80570f5073f57d88aa5701b6ed547416"),
  ]

  @Test("what contradicts itself fails the check that is about it, and names the tensor", arguments: broken)
  func failures(_ file: String, _ name: String, _ tensor: String?, _ says: String) throws {
    let report = try Self.check(Fixture.path("hostile/onnx/\(file).onnx"))
    #expect(report.checks.filter { $0.outcome == .failed }.map(\.name) == [name])
    let findings = report.checks.flatMap(\.findings)
    #expect(findings.count == 1)
    #expect(findings.first?.tensor?.text == tensor)
    #expect(findings.first?.problem.contains(says) == true, "\(findings)")
    // What a check says is not said again.
    #expect(!report.warnings.contains { findings.contains($0) })
  }

  @Test("scales that do not fit are warned of wherever the model is opened")
  func warning() throws {
    let model = try OpenedModel(Fixture.path("hostile/onnx/q_block_mismatch.onnx")).model
    #expect(
      model.warnings.map(\.problem)
        == ["3 blocks along axis 0 (shape [3, 6]), for DequantizeLinear (node 0) of \"w\""]
    )
  }

  @Test("a file of external data is compared with the SHA-1 that the model declares")
  func checksum() throws {
    for name in ["external_one_file.onnx", "external.bin"] {
      try bench.temporary.write(Fixture.bytes("onnx/\(name)"), to: name)
    }
    try bench.temporary.createFolder("sub")
    try bench.temporary.write(Fixture.bytes("onnx/sub/whole.bin"), to: "sub/whole.bin")
    let path = bench.temporary.path + "/external_one_file.onnx"
    let right = try #require(try Self.check(path).checks.first { $0.name == "checksum" })
    #expect(right.outcome == .passed)
    #expect(right.summary.contains("1 of 2 files"))
    var bytes = try Fixture.bytes("onnx/external.bin")
    bytes[bytes.count - 1] ^= 1
    try bench.temporary.write(bytes, to: "external.bin")
    let wrong = try #require(try Self.check(path).checks.first { $0.name == "checksum" })
    #expect(wrong.outcome == .failed)
    #expect(wrong.findings.first?.file?.hasSuffix("external.bin") == true)
  }

  @Test("models without a checksum say that none was compared, and models without other files say nothing")
  func noChecksum() throws {
    let external = try Self.check(Fixture.path("onnx/sparse_external_values.onnx"))
    #expect(external.checks.first { $0.name == "checksum" }?.outcome == .skipped)
    let alone = try Self.check(Fixture.path("onnx/nm24_matmul.onnx"))
    #expect(alone.checks.map(\.name) == ["structure", "hash"])
  }

  @Test("an entry that its type cannot hold is found, though opening did not look at it")
  func entries() throws {
    // int8 elements 1, 2, 300 in `int32_data`.
    let entries: [UInt8] = [1, 2, 0xAC, 0x02]
    let tensor = Self.field(1, 3) + Self.field(2, 3) + Self.field(8, Array("w".utf8)) + Self.field(5, entries)
    let model = Self.field(1, 10) + Self.field(7, Self.field(5, tensor)) + Self.field(8, Self.field(2, 21))
    let path = try bench.temporary.write(model, to: "x.onnx")
    let report = try Self.check(path)
    let check = try #require(report.checks.first { $0.name == "elements" })
    #expect(check.outcome == .failed)
    #expect(check.findings.map { $0.tensor?.text } == ["w"])
    #expect(check.findings.first?.problem.contains("entry 2 is 300") == true)
    #expect(check.findings.first?.problem.contains("int32_data") == true)
    let whole = try Self.check(Fixture.path("onnx/dtypes_typed.onnx"))
    #expect(whole.checks.first { $0.name == "elements" }?.outcome == .passed)
  }

  /// A field with an integer.
  private static func field(_ number: UInt8, _ value: UInt8) -> [UInt8] { [number << 3, value] }
  /// A field with fewer than 128 bytes.
  private static func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
    [number << 3 | 2, UInt8(content.count)] + content
  }

  @Test("a model is the same as its tensors in another container, and differs where they do")
  func comparison() throws {
    let path = Fixture.path("onnx/nm24_matmul.onnx")
    let model = try OpenedModel(path).model
    guard case .dense(let region)? = model.tensors.first?.storage else { throw ConversionBench.NoFault() }
    var bytes = [UInt8](repeating: 0, count: Int(region.byteCount))
    try model.files[0].source.read(bytes.count, at: region.offset, into: &bytes, startingAt: 0)
    for isChanged in [false, true] {
      if isChanged { bytes[100] ^= 1 }
      let file = SafetensorsBuilder([.init("w", "F32", [16, 12], bytes)])
      let other = try OpenedModel(bench.temporary.write(file.bytes, to: "w.safetensors")).model
      let report = try ModelComparison(
        pool: ChunkPool(threads: 1),
        chunkBytes: 100,
        progress: WorkProgress()
      ).compare(model, other, named: "a", "b")
      #expect(report.isEqual == !isChanged)
      #expect(try digests(of: model) == digests(of: other) || isChanged)
    }
  }

  @Test("a digest is the same for every way to store a tensor")
  func digests() throws {
    let names = ["sparse_linear_raw", "sparse_linear_int64data", "sparse_coo_raw", "sparse_coo_int64data"]
    let found = try names.map { try digests(of: OpenedModel(Fixture.path("onnx/\($0).onnx")).model) }
    #expect(Set(found).count == 1)
    #expect(found[0].count == 1)
  }

  private func digests(of model: Model) throws -> [String] {
    try TensorDigests.compute(
      of: model,
      pool: ChunkPool(threads: 1),
      chunkBytes: 100,
      progress: WorkProgress()
    )
  }
}
