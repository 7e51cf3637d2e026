import Conversion
import Foundation
import Inspection
import ModelIR
import TestSupport
import Testing

@Suite("Restoring the library's own folders")
struct GoldenRestoringTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  /// What a folder becomes: its tensors, and the text of its config.json.
  func restored(
    _ folder: GoldenFolder,
    to type: ElementType? = nil
  ) throws -> (tensors: StoredTensors, config: [UInt8]?) {
    try folder.put(in: bench)
    var options = ConversionBench.restoring(to: type)
    options.verify = true
    try bench.convert("in", "out", options)
    let config = try bench.temporary.entries(of: "out").contains("config.json")
    return (try bench.tensors(in: "out"), config ? try bench.temporary.read("out/config.json") : nil)
  }

  @Test("all 22 folders are there")
  func complete() {
    #expect(GoldenFolder.all.map(\.number) == Array(1...22))
  }

  @Test(
    "sparse weights are those that the library restores, and differ from what it was given in -0.0 alone",
    arguments: GoldenFolder.of([1, 2, 3, 4, 5, 22])
  )
  func sparse(_ folder: GoldenFolder) throws {
    let (found, config) = try restored(folder)
    let (expected, input) = (try folder.tensors("decompressed"), try folder.tensors("input"))
    #expect(found.names == expected.names)
    for name in expected.names { try requireSame(found[name], expected[name], name) }
    for name in input.names {
      let (before, after) = (try #require(input[name]), try #require(found[name]))
      let sign = UInt64(1) << UInt64((StoredTensors.widths[before.type] ?? 1) * 8 - 1)
      for (index, pair) in zip(before.elements, after.elements).enumerated() where pair.0 != pair.1 {
        #expect(pair == (sign, 0), "\(name) \(index)")
      }
    }
    // What is left says nothing of compression.
    let text = try #require(config)
    let left = try #require(try JSONSerialization.jsonObject(with: Data(text)) as? [String: Any])
    #expect(left["quantization_config"] == nil)
    let before = try #require(folder.config)
    let kept = try #require(try JSONSerialization.jsonObject(with: Data(before)) as? [String: Any])
      .filter { $0.key != "quantization_config" }
    #expect(NSDictionary(dictionary: left) == NSDictionary(dictionary: kept))
  }

  @Test("the library's known loss is in the files: one -0.0 of the first, none of the last")
  func negativeZeros() throws {
    for (number, count) in [(1, 1), (2, 1), (22, 0)] {
      let folder = GoldenFolder.of([number])[0]
      let (input, output) = (try folder.tensors("input"), try folder.tensors("decompressed"))
      let lost = input.names.reduce(0) { sum, name in
        sum + zip(input[name]?.elements ?? [], output[name]?.elements ?? []).count { $0 != $1 }
      }
      #expect(lost == count, "\(folder)")
    }
  }

  @Test("torch's semi-structured tensors become the dense ones that they were made of")
  func cutlass() throws {
    let folder = GoldenFolder.of([21])[0]
    let (found, config) = try restored(folder)
    let expected = try folder.tensors("input")
    #expect(found.names == expected.names)
    for name in expected.names { try requireSame(found[name], expected[name], name) }
    #expect(config == nil)
  }

  @Test(
    "quantized weights that were stored sparse keep their codes, and dequantized they are the library's",
    arguments: GoldenFolder.of([6, 7])
  )
  func stacked(_ folder: GoldenFolder) throws {
    let (found, config) = try restored(folder)
    let (expected, stored) = (try folder.tensors("decompressed"), try folder.tensors("model"))
    #expect(found.names == expected.names)
    for name in ["fc1", "fc2"] {
      let code = try #require(found[name + ".weight"])
      #expect(code.type == (folder.number == 6 ? "I8" : "F8_E4M3"))
      #expect(code.shape == expected[name + ".weight"]?.shape)
      // The values, in the order of the set bits.
      let (mask, values) = (
        try #require(stored[name + ".bitmask"]), try #require(stored[name + ".compressed"])
      )
      #expect(NaiveBitmask.expand(mask, values, shape: code.shape) == code.elements)
      try requireSame(found[name + ".weight_scale"], stored[name + ".weight_scale"], name)
    }
    // Only the sparse part is gone.
    let before = String(decoding: try #require(folder.config), as: UTF8.self)
    let cut = try #require(
      before.range(of: #"(?s),\s*"sparsity_config": \{.*?\}"#, options: .regularExpression)
    )
    #expect(
      String(decoding: try #require(config), as: UTF8.self) == before.replacingCharacters(in: cut, with: "")
    )
  }

  @Test(
    "weights of 16 bits are those that the library gives back",
    arguments: GoldenFolder.of([6, 7] + Array(10...20))
  )
  func dequantized(_ folder: GoldenFolder) throws {
    let (found, config) = try restored(folder, to: .bfloat16)
    let (expected, input) = (try folder.tensors("decompressed"), try folder.tensors("input"))
    #expect(found.names == input.names)
    for name in input.names { try requireSame(found[name], expected[name], name) }
    #expect(String(decoding: try #require(config), as: UTF8.self).contains("quantization_config") == false)
  }

  @Test("dense layouts of today go out untouched, config.json too", arguments: GoldenFolder.of(11...20))
  func current(_ folder: GoldenFolder) throws {
    let (found, config) = try restored(folder)
    let stored = try folder.tensors("model")
    #expect(found.names == stored.names)
    for name in stored.names { try requireSame(found[name], stored[name], name) }
    #expect(config == folder.config)
  }

  @Test("without options the same bytes come out", arguments: GoldenFolder.all)
  func verbatim(_ folder: GoldenFolder) throws {
    try folder.put(in: bench)
    let report = try bench.convert("in", "out", "keep")
    #expect(report.isUnchanged)
    #expect(try bench.temporary.entries(of: "out") == bench.temporary.entries(of: "in"))
    #expect(try bench.temporary.read("out/model.safetensors") == folder.bytes("model.safetensors"))
    if let config = folder.config { #expect(try bench.temporary.read("out/config.json") == config) }
  }
}
