import ByteIO
import Conversion
import Inspection
import ModelIR
import SparseCoding
import TestSupport
import Testing

@Suite("Checking GGUF")
struct GGUFCheckTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  static func check(_ path: String) throws -> IntegrityReport {
    try IntegrityChecker(pool: ChunkPool(threads: 2), chunkBytes: 100, progress: WorkProgress())
      .check(OpenedModel(path))
  }

  /// Writes a copy of a golden file whose Q8_0 block `block` has the scale `scale`.
  private func damage(_ block: Int, scale: [UInt8]) throws -> (path: String, offset: UInt64) {
    let golden = "gguf/types/q8_0.gguf"
    guard case .dense(let region)? = try OpenedModel(Fixture.path(golden)).model.tensors.first?.storage else {
      throw ConversionBench.NoFault()
    }
    var bytes = try Fixture.bytes(golden)
    let place = Int(region.offset) + block * GGMLType.q8_0.blockBytes
    bytes.replaceSubrange(place..<place + 2, with: scale)
    return (try bench.temporary.write(bytes, to: "damaged.gguf"), UInt64(place))
  }

  @Test("a block whose scale is no number is found, wherever it is", arguments: [0, 1, 77, 159])
  func blocks(_ block: Int) throws {
    let (path, offset) = try damage(block, scale: [0, 0x7C])
    let report = try Self.check(path)
    #expect(!report.isWhole)
    let check = try #require(report.checks.first { $0.name == "blocks" })
    #expect(check.findings.count == 1)
    #expect(check.findings.first?.offset == offset)
    #expect(check.findings.first?.problem.contains("block \(block) ") == true)
  }

  @Test(
    "golden files and splits are whole",
    arguments: ["types/q4_K", "types/iq2_xs-imat", "split/tiny-00001-of-00002"]
  )
  func whole(_ name: String) throws {
    let report = try Self.check(Fixture.path("gguf/\(name).gguf"))
    #expect(report.isWhole)
    #expect(report.checks.contains { $0.name == "shards" } == name.contains("tiny"))
  }

  @Test("a digest of blocks is over type, shape in elements, and blocks")
  func digests() throws {
    let model = try OpenedModel(Fixture.path("gguf/types/q8_0.gguf")).model
    let found = try TensorDigests.compute(
      of: model,
      pool: ChunkPool(threads: 1),
      chunkBytes: 333,
      progress: WorkProgress()
    )
    let tensor = try #require(model.tensors.first)
    guard case .dense(let region) = tensor.storage else { throw ConversionBench.NoFault() }
    let bytes = try Fixture.bytes("gguf/types/q8_0.gguf")
    let start = Int(region.offset)
    let whole = Array("Q8_0\u{0}10,512\u{0}".utf8) + bytes[start..<start + Int(region.byteCount)]
    #expect(try found == [ContentDigest.ofAllBytes(of: MemorySource(whole, named: "blocks"))])
  }

  @Test("blocks of two types differ in their type, whatever their bytes")
  func differences() throws {
    for name in ["q4_0", "iq4_nl"] {
      try bench.temporary.write(Fixture.bytes("gguf/types/\(name).gguf"), to: "\(name).gguf")
    }
    let report = try bench.differences("q4_0.gguf", "iq4_nl.gguf")
    #expect(report.differences.map(\.difference) == [.blockType("Q4_0", "IQ4_NL")])
    #expect(try bench.differences("q4_0.gguf", "q4_0.gguf").isEqual)
  }
}
