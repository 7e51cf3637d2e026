import Conversion
import Foundation
import Inspection
import ModelIR
import TestSupport
import Testing

@Suite("Writing what the library wrote")
struct GoldenWritingTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  /// A folder of the library, and how it is asked for.
  struct Row: CustomTestStringConvertible, Sendable {
    var number: Int
    var layout: String
    var ignored: [String] = []
    var version: String?
    var targets = ["Linear"]
    /// Whether the library wrote the config.json beside it too.
    var hasConfig = false
    var testDescription: String { "\(number) \(layout)" }
  }

  static let rows = [
    Row(number: 1, layout: "bitmask", ignored: ["head"], hasConfig: true),
    Row(number: 2, layout: "bitmask", ignored: ["head"], hasConfig: true),
    Row(number: 3, layout: "bitmask", targets: ["re:.*"]),
    Row(number: 4, layout: "nm:2:4", ignored: ["head"], hasConfig: true),
    Row(number: 5, layout: "nm:2:4", ignored: ["head"], hasConfig: true),
    Row(number: 22, layout: "bitmask", version: "0.8.1"),
  ]

  /// What the library was given, and the configuration without what it added.
  func put(_ folder: GoldenFolder) throws {
    try bench.temporary.createFolder("in")
    try bench.temporary.write(folder.bytes("input.safetensors"), to: "in/model.safetensors")
    let text = try #require(folder.config)
    var config = try #require(try JSONSerialization.jsonObject(with: Data(text)) as? [String: Any])
    config["quantization_config"] = nil
    try bench.temporary.write([UInt8](JSONSerialization.data(withJSONObject: config)), to: "in/config.json")
  }

  @Test("as the reference: the same bytes, config.json too", arguments: rows)
  func reference(_ row: Row) throws {
    let folder = GoldenFolder.of([row.number])[0]
    try put(folder)
    var options = ConversionBench.options(row.layout)
    options.target = .compressedTensors
    options.asReference = true
    options.targets = row.targets
    options.ignoredModules = row.ignored
    if let version = row.version { options.libraryVersion = version }
    let report = try bench.convert("in", "out", options)
    #expect(try bench.temporary.read("out/model.safetensors") == folder.bytes("model.safetensors"))
    if row.hasConfig { #expect(try bench.temporary.read("out/config.json") == folder.config) }

    // What was dropped is what the library lost.
    let (input, kept) = (try folder.tensors("input"), try folder.tensors("decompressed"))
    for tensor in report.tensors {
      let before = try #require(input[tensor.name.text])
      let after = try #require(kept[tensor.name.text])
      let sign = UInt64(1) << UInt64((StoredTensors.widths[before.type] ?? 1) * 8 - 1)
      let lost = zip(before.elements, after.elements).filter { $0 != $1 }.map(\.0)
      #expect(tensor.droppedNegativeZeros == UInt64(lost.count { $0 == sign }), "\(tensor.name)")
      #expect(tensor.changedValues == UInt64(lost.count { $0 != sign }), "\(tensor.name)")
    }
  }

  @Test("lossless: the same names, and what is read again is what was given, bit for bit", arguments: rows)
  func lossless(_ row: Row) throws {
    let folder = GoldenFolder.of([row.number])[0]
    try put(folder)
    var options = ConversionBench.options(row.layout)
    options.target = .compressedTensors
    options.targets = row.targets
    options.ignoredModules = row.ignored
    options.verify = true
    if let version = row.version { options.libraryVersion = version }
    let report = try bench.convert("in", "out", options)
    #expect(report.tensors.allSatisfy { $0.changedValues == 0 && $0.droppedNegativeZeros == 0 })
    #expect(report.tensors.contains { $0.format != nil })
    try bench.convert("out", "back", ConversionBench.restoring())
    let (found, input) = (try bench.tensors(in: "back"), try folder.tensors("input"))
    #expect(found.names == input.names)
    for name in input.names { try requireSame(found[name], input[name], name) }
  }

  @Test(
    "options that the library has no form for are refused",
    arguments: [
      ("csr", "0.14.0.1", true), ("nm:1:4", "0.14.0.1", true), ("bitmask", "0.2.9", true),
      ("bitmask", "0.15.0", true), ("bitmask", "x", true), ("nm:2:4", "0.8.1", true),
      ("bitmask", "0.3.0", false), ("nm:2:4", "0.9.0", false), ("dense", "0.14.0.1", false),
    ] as [(String, String, Bool)]
  )
  func refusedOptions(_ layout: String, _ version: String, _ isRefused: Bool) throws {
    try put(GoldenFolder.of([4])[0])
    var options = ConversionBench.options(layout)
    options.target = .compressedTensors
    options.libraryVersion = version
    if isRefused {
      #expect(try ConversionBench.fault { try bench.convert("in", "out", options) }.kind == .usage)
      #expect(try bench.temporary.entries() == ["in"])
    } else {
      try bench.convert("in", "out", options)
    }
  }

  @Test("dropping values, and leaving modules out, is for that library's forms alone, and cannot be verified")
  func misplacedOptions() throws {
    try put(GoldenFolder.of([4])[0])
    var options = ConversionBench.options("bitmask")
    options.asReference = true
    #expect(try ConversionBench.fault { try bench.convert("in", "out", options) }.kind == .usage)
    options.target = .compressedTensors
    options.verify = true
    #expect(try ConversionBench.fault { try bench.convert("in", "out", options) }.kind == .usage)
    options = ConversionBench.options("bitmask")
    options.ignoredModules = ["head"]
    #expect(try ConversionBench.fault { try bench.convert("in", "out", options) }.kind == .usage)
    options.target = .compressedTensors
    options.ignoredModules = ["re:("]
    #expect(try ConversionBench.fault { try bench.convert("in", "out", options) }.kind == .usage)
    #expect(try bench.temporary.entries() == ["in"])
  }
}
