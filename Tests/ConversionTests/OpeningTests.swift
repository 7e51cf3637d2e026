import ByteIO
import Conversion
import Inspection
import ModelIR
import SparseCoding
import TestSupport
import Testing

@Suite("Opening and checking")
struct OpeningTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  @Test(
    "a file that is something else is said to be that",
    arguments: [
      ("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS"),
      ("<!DOCTYPE html><html>", "web page"),
      ("<HTML>no</HTML>", "web page"), ("PK\u{3}\u{4}rest of it", "zip"),
    ]
  )
  func foreign(_ content: String, _ word: String) throws {
    try bench.temporary.write(content, to: "x.safetensors")
    let fault = try ConversionBench.fault { _ = try OpenedModel(bench.path("x.safetensors")) }
    #expect(fault.kind == .badData)
    #expect(fault.problem.contains(word))
  }

  @Test("what is not there is missing, and an empty folder holds no model")
  func missing() throws {
    #expect(try ConversionBench.fault { _ = try OpenedModel(bench.path("nothing")) }.kind == .inputMissing)
    try bench.temporary.createFolder("empty")
    #expect(try ConversionBench.fault { _ = try OpenedModel(bench.path("empty")) }.kind == .inputMissing)
  }

  @Test("two shards whose manifests make the same tensor are refused")
  func sharedName() throws {
    let manifest =
      #"{\"tensors\":[{\"name\":\"w\",\"dtype\":\"U8\",\"shape\":[1,8],\"layout\":\"bitmask\",\"parts\":{\"bitmask\":\"M\",\"values\":\"V\"}}]}"#
    for (number, prefix) in ["1", "2"].enumerated() {
      let own = manifest.replacing("\"M\\\"", with: "\"M\(prefix)\\\"").replacing(
        "\"V\\\"",
        with: "\"V\(prefix)\\\""
      )
      let builder = SafetensorsBuilder(
        [.init("M\(prefix)", "U8", [1, 1], [1]), .init("V\(prefix)", "U8", [1], [5])],
        metadata: [("lacuna.version", "1"), ("lacuna.manifest", own)]
      )
      try bench.temporary.write(builder.bytes, to: "s\(number + 1).safetensors")
    }
    try bench.temporary.write(
      #"{"weight_map":{"M1":"s1.safetensors","V1":"s1.safetensors","M2":"s2.safetensors","V2":"s2.safetensors"}}"#,
      to: "model.safetensors.index.json"
    )
    #expect(throws: SharedNameFault.self) { try OpenedModel(bench.path("model.safetensors.index.json")) }
  }

  @Test("a blob of a Hub cache is held against the SHA-256 that is its name", arguments: [true, false])
  func blobs(_ isWhole: Bool) throws {
    try bench.temporary.createFolder("c/blobs")
    try bench.temporary.createFolder("c/snapshots/r")
    let source = MemorySource(Self.blob, named: "blob")
    let name = isWhole ? try ContentDigest.ofAllBytes(of: source) : String(repeating: "0", count: 64)
    try bench.temporary.write(Self.blob, to: "c/blobs/\(name)")
    try bench.temporary.link("c/snapshots/r/model.safetensors", to: "../../blobs/\(name)")
    let checker = IntegrityChecker(pool: ChunkPool(threads: 1), chunkBytes: 4096, progress: WorkProgress())
    let report = try checker.check(OpenedModel(bench.path("c/snapshots/r")))
    let hash = try #require(report.checks.first { $0.name == "hash" })
    #expect(hash.outcome == (isWhole ? .passed : .failed))
    #expect(report.isWhole == isWhole)
  }

  static let blob = SafetensorsBuilder([.init("w", "U8", [3], [1, 2, 3])]).bytes

  @Test("a comparison tells what differs: names, types, shapes, values and where")
  func differences() throws {
    let first: [SafetensorsBuilder.Entry] = [
      .init("same", "U8", [2, 2], [1, 2, 3, 4]), .init("type", "U8", [1], [1]),
      .init("shape", "U8", [4], [1, 2, 3, 4]),
      .init("values", "U16", [3], [1, 0, 2, 0, 3, 0]), .init("first", "U8", [1], [1]),
    ]
    var second = first.dropLast().map { $0 }
    second[1].type = "I8"
    second[2].shape = [2, 2]
    second[3].data = [1, 0, 9, 0, 3, 9]
    second.append(.init("second", "U8", [1], [1]))
    try bench.temporary.write(SafetensorsBuilder(first).bytes, to: "a.safetensors")
    try bench.temporary.write(SafetensorsBuilder(second).bytes, to: "b.safetensors")
    let report = try bench.differences("a.safetensors", "b.safetensors")
    let found = Dictionary(uniqueKeysWithValues: report.differences.map { ($0.name.text, $0.difference) })
    #expect(found["type"] == .elementType(.uint8, .int8))
    #expect(found["shape"] == .shape(.vector(4), try #require(Shape([2, 2]))))
    // 1, 2, 3 became 1, 9, 3 + 9 * 256.
    guard case .values(let values)? = found["values"] else { throw MissingFinding() }
    #expect(values.elements == 2)
    #expect(values.first == 1)
    #expect(values.numbers?.largest == 2304)
    #expect(values.numbers?.largestPlace == 2)
    #expect(values.numbers?.mean == (7.0 + 2304) / 3)
    #expect(values.numbers?.kept == 3)
    #expect(found["first"] == .onlyInFirst)
    #expect(found["second"] == .onlyInSecond)
    #expect(found.count == 5)
    #expect(report.equalTensors == 1)
  }
}

private struct MissingFinding: Error {}
