import Conversion
import Inspection
import ModelIR
import TestSupport
import Testing

@Suite("Model folders")
struct FolderConversionTests {
  let bench: ConversionBench
  let temporary: TemporaryFolder

  /// A checkpoint of two shards as the Hub has them, with other files beside it.
  init() throws {
    bench = try ConversionBench()
    temporary = bench.temporary
    try temporary.createFolder("in/1_Pooling")
    try temporary.write("{\"model_type\": \"x\"}\n", to: "in/config.json")
    try temporary.write("tokens", to: "in/tokenizer.json")
    try temporary.write("pool", to: "in/1_Pooling/config.json")
    try writeShard("a", "model-00001-of-000002.safetensors")
    try writeShard("b", "model-00002-of-000002.safetensors")
    try temporary.write(
      Self.index(mark: "", ["a.weight", "b.weight"], total: 8192),
      to: "in/\(Self.indexName)"
    )
  }

  static let indexName = "model.safetensors.index.json"

  func writeShard(_ name: String, _ file: String) throws {
    var bytes = [UInt8](repeating: 0, count: 4096)
    for index in stride(from: 0, to: 4096, by: 3) { bytes[index] = 7 }
    var builder = SafetensorsBuilder(
      [.init("\(name).weight", "U8", [64, 64], bytes)],
      metadata: [("format", "pt")]
    )
    builder.header += [UInt8](repeating: 0x20, count: (8 - builder.header.count % 8) % 8)
    try temporary.write(builder.bytes, to: "in/\(file)")
  }

  static func index(mark: String, _ names: [String], total: Int) -> String {
    let entries = names.map {
      "    \"\($0)\": \"model-0000\($0.hasPrefix("a") ? 1 : 2)-of-000002\(mark).safetensors\""
    }
    return "{\n  \"metadata\": {\n    \"total_size\": \(total)\n  },\n  \"weight_map\": {\n"
      + entries.joined(separator: ",\n") + "\n  }\n}\n"
  }

  /// Every file of a folder, by path.
  func contents(_ folder: String) throws -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for name in try temporary.entries(of: folder) {
      if name == "1_Pooling" {
        for inner in try temporary.entries(of: "\(folder)/\(name)") {
          files["\(name)/\(inner)"] = try temporary.read("\(folder)/\(name)/\(inner)")
        }
      } else {
        files[name] = try temporary.read("\(folder)/\(name)")
      }
    }
    return files
  }

  @Test("a sparse folder has names that other loaders do not find, and comes back byte for byte")
  func roundTrip() throws {
    try bench.convert("in", "sparse", "bitmask")
    let names = Set(try contents("sparse").keys)
    #expect(
      names == [
        "1_Pooling/config.json", "config.json", "tokenizer.json", "model.lacuna.safetensors.index.json",
        "model-00001-of-000002.lacuna.safetensors", "model-00002-of-000002.lacuna.safetensors",
      ]
    )
    let index = String(
      decoding: try temporary.read("sparse/model.lacuna.safetensors.index.json"),
      as: UTF8.self
    )
    let parts = ["a.weight.bitmask", "a.weight.values", "b.weight.bitmask", "b.weight.values"]
    #expect(index == Self.index(mark: ".lacuna", parts, total: 2 * (512 + 1366)))
    try bench.convert("sparse", "back", "dense")
    #expect(try contents("back") == contents("in"))
  }

  @Test("an unchanged folder goes out byte for byte")
  func unchanged() throws {
    #expect(try bench.convert("in", "out", "keep").isUnchanged)
    #expect(try contents("out") == contents("in"))
  }

  @Test("an index named by its path stands for its folder")
  func byIndex() throws {
    try bench.convert("in/\(Self.indexName)", "out", "csr")
    #expect(try bench.differences("in", "out").isEqual)
  }

  @Test("shards of a size are numbered as the Hub does it, and a file that fits is one")
  func shards() throws {
    var options = ConversionBench.options()
    options.shardSize = 5000
    try bench.convert("in", "two", options)
    #expect(
      try temporary.entries(of: "two").filter { $0.hasPrefix("model") } == [
        "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", Self.indexName,
      ]
    )
    options.shardSize = 1_000_000
    try bench.convert("two", "one", options)
    #expect(try temporary.entries(of: "one").filter { $0.hasPrefix("model") } == ["model.safetensors"])
    #expect(try bench.differences("in", "one").isEqual)
    options.shardSize = 1
    options.layout = .named(.bitmask)
    try bench.convert("one/model.safetensors", "small", options)
    #expect(try temporary.entries(of: "small").count == 3)
    #expect(try bench.differences("in", "small").isEqual)
  }

  @Test("links into the blobs of a Hub cache are followed and carried over as files, others are left out")
  func links() throws {
    try temporary.createFolder("cache/blobs")
    try temporary.createFolder("cache/snapshots/rev")
    for (number, name) in [
      "model-00001-of-000002.safetensors", "model-00002-of-000002.safetensors", Self.indexName, "config.json",
    ].enumerated() {
      try temporary.write(temporary.read("in/\(name)"), to: "cache/blobs/\(number)")
      try temporary.link("cache/snapshots/rev/\(name)", to: "../../blobs/\(number)")
    }
    try temporary.link("cache/snapshots/rev/secret", to: temporary.path("in/tokenizer.json"))
    let report = try bench.convert("cache/snapshots/rev", "out", "keep")
    #expect(report.warnings.contains { $0.file?.hasSuffix("secret") == true })
    #expect(
      Set(try contents("out").keys)
        == Set([
          "model-00001-of-000002.safetensors", "model-00002-of-000002.safetensors", Self.indexName,
          "config.json",
        ])
    )
    #expect(try temporary.read("out/config.json") == temporary.read("in/config.json"))
  }

  @Test("weights that are no part of the model are left out with a word")
  func strayWeights() throws {
    try temporary.write(
      temporary.read("in/model-00001-of-000002.safetensors"),
      to: "in/consolidated.safetensors"
    )
    let report = try bench.convert("in", "out", "bitmask")
    #expect(report.warnings.contains { $0.file?.hasSuffix("consolidated.safetensors") == true })
    #expect(try contents("out")["consolidated.safetensors"] == nil)
  }

  @Test("a folder that has something is written to only by force, and never beside other weights")
  func forced() throws {
    try temporary.createFolder("out")
    try temporary.write("old", to: "out/config.json")
    #expect(try ConversionBench.fault { try bench.convert("in", "out", "keep") }.kind == .cannotCreate)
    var options = ConversionBench.options("bitmask")
    options.force = true
    try bench.convert("in", "out", options)
    #expect(try temporary.read("out/config.json") == temporary.read("in/config.json"))
    // Dense weights now would stand beside the sparse ones.
    options.layout = .keep
    let before = try contents("out")
    #expect(try ConversionBench.fault { try bench.convert("in", "out", options) }.kind == .cannotCreate)
    #expect(try contents("out") == before)
  }

  @Test("an index that disagrees with its shards is refused before any output")
  func disagreement() throws {
    try temporary.write(
      Self.index(mark: "", ["a.weight", "b.weight", "b.missing"], total: 8192),
      to: "in/\(Self.indexName)"
    )
    let fault = try ConversionBench.fault { try bench.convert("in", "out", "bitmask") }
    #expect(fault.tensor == "b.missing")
    #expect(try temporary.entries() == ["in"])
  }
}
