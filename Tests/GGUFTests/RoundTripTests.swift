import GGUF
import ModelIR
import TestSupport
import Testing

@Suite("A file that is read and written back")
struct RoundTripTests {
  /// All golden files that are well formed.
  static let files: [String] = ["meta", "split", "types", "convert/llama", "convert/qwen2", "convert/phi3"]
    .flatMap { folder in
      ((try? Fixture.names(in: "gguf/\(folder)")) ?? []).filter { $0.hasSuffix(".gguf") }
        .map { "\(folder)/\($0.dropLast(5))" }
    }

  /// The file written back, unchanged.
  func rewritten(_ source: MemorySource) throws -> (GGUFReader, [UInt8]) {
    let reader = try GGUFReader(source: source, name: "file", lenient: true)
    let plan = try GGUFPlan(
      file: "out",
      items: reader.header.items(inFile: 0, of: source),
      parts: reader.header.tensors.map(GGUFPlan.Part.init)
    )
    let bytes = try plan.fileBytes([source], data: reader.data())
    #expect(plan.byteCount == UInt64(bytes.count))
    return (reader, bytes)
  }

  @Test("The files are there")
  func list() {
    #expect(Self.files.count >= 40)
  }

  @Test("The bytes are the same, but for what no file may have", arguments: files)
  func identity(name: String) throws {
    let source = try golden(name)
    let original = try source.bytes(0..<source.byteCount)
    let (reader, bytes) = try rewritten(source)
    switch name {
    case "meta/all_types_v2":
      // Rewritten files are of version 3, and nothing else is different.
      #expect(Array(bytes[..<4]) + [2] + Array(bytes[5...]) == original)
    case "meta/all_types_v1", "meta/all_types_v3_big_endian":
      let header = try read(bytes)
      #expect(header.entries.map(\.key) == reader.header.entries.map(\.key))
      #expect(header.tensors.map(\.dims) == reader.header.tensors.map(\.dims))
    case "meta/trailing_bytes":
      #expect(bytes == Array(original[..<Int(reader.header.dataEnd)]))
    case "meta/last_tensor_unpadded":
      #expect(Array(bytes[..<original.count]) == original)
      #expect(bytes[original.count...].allSatisfy { $0 == 0 })
      #expect(bytes.count % 32 == 0)
    default:
      #expect(bytes == original)
    }
  }

  @Test("Version 1 is rewritten into the bytes of the same file in version 3")
  func version1() throws {
    let target = try golden("meta/all_types_v3")
    #expect(try rewritten(golden("meta/all_types_v1")).1 == target.bytes(0..<target.byteCount))
  }

  @Test("A big-endian file is rewritten into the same pairs and tensors")
  func bigEndian() throws {
    let source = MemorySource(try rewritten(golden("meta/all_types_v3_big_endian")).1, named: "swapped")
    let target = try golden("meta/all_types_v3")
    let (swapped, little) = (
      try GGUFReader(source: source, name: "a"), try GGUFReader(source: target, name: "b")
    )
    #expect(try swapped.data() == little.data())
    let pairs = GoldenPair.all.filter(\.isEverywhere).map(\.key)
    #expect(swapped.header.entries.map(\.key) == pairs)
    for entry in swapped.header.entries {
      let other = try #require(little.header.entry(forKey: entry.key))
      #expect(try source.bytes(entry.range) == target.bytes(other.range), "\(entry.key)")
    }
  }

  @Test("Pairs that touch are copied as one region")
  func regions() throws {
    let source = try golden("split/tiny_unsplit")
    let header = try GGUFHeader.read(from: source)
    let plan = try GGUFPlan(
      file: "out",
      items: header.items(inFile: 0, of: source),
      parts: header.tensors.map(GGUFPlan.Part.init)
    )
    #expect(plan.header.count == 4)
    guard case .copied(let region) = plan.header[1] else {
      Issue.record("the pairs are not copied")
      return
    }
    #expect(region.offset == 24)
    #expect(region.offset + region.byteCount == header.entries.last?.range.upperBound)
  }
}
