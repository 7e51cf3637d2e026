import CompressedTensors
import Conversion
import Foundation
import Inspection
import ModelIR
import TestSupport
import Testing

@Suite("Sparse parts beside quantized weights")
struct SparseBesideQuantizedTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  /// A golden folder with a dense weight beside, half of whose elements are zero.
  func putQuantized(_ number: Int) throws -> GoldenFolder {
    let folder = GoldenFolder.of([number])[0]
    try folder.put(in: bench)
    var tensors = try folder.tensors("model")
    tensors["dense.weight"] = .init(
      "dense.weight",
      "BF16",
      [8, 64],
      elements: (0..<512).map { $0 % 2 * 0x3F80 }
    )
    try bench.temporary.write(tensors.bytes, to: "in/model.safetensors")
    return folder
  }

  @Test(
    "sparse parts beside quantized weights leave those readable: their numbers are the library's still",
    arguments: [6, 7, 8, 9, 11, 12, 13, 16, 17, 18, 19, 20]
  )
  func besideQuantized(_ number: Int) throws {
    let folder = try putQuantized(number)
    var options = ConversionBench.options("bitmask")
    options.target = .compressedTensors
    options.verify = true
    try bench.convert("in", "out", options)
    #expect(try bench.tensors(in: "out")["dense.bitmask"] != nil)
    var restoring = ConversionBench.restoring(to: number == 8 || number == 9 ? .float16 : .bfloat16)
    restoring.layout = .named(.dense)
    try bench.convert("out", "back", restoring)
    let found = try bench.tensors(in: "back")
    if number == 8 || number == 9 {
      try bench.convert("in", "direct", restoring)
      try requireSame(found["fc1.weight"], try bench.tensors(in: "direct")["fc1.weight"], "fc1.weight")
    } else {
      let expected = try folder.tensors("decompressed")
      for name in try folder.tensors("input").names { try requireSame(found[name], expected[name], name) }
    }
    #expect(found["dense.weight"]?.elements.map { $0 != 0 } == (0..<512).map { $0 % 2 != 0 })
  }

  @Test(
    "what a version's readers would take for other numbers is not written under it",
    arguments: [(10, "0.14.0.1"), (14, "0.14.0.1"), (15, "0.9.0"), (17, "0.13.0")]
  )
  func contradictingVersions(_ number: Int, _ version: String) throws {
    _ = try putQuantized(number)
    var options = ConversionBench.options("bitmask")
    options.target = .compressedTensors
    options.libraryVersion = version
    #expect(try ConversionBench.fault { try bench.convert("in", "out", options) }.kind == .usage)
    #expect(try bench.temporary.entries() == ["in"])
  }

  @Test("weights that are plain numbers now are not said to be quantized", arguments: [11, 14, 16])
  func sparseAndDequantized(_ number: Int) throws {
    let folder = try putQuantized(number)
    var options = ConversionBench.options("bitmask")
    options.target = .compressedTensors
    options.type = .plain(.bfloat16)
    options.verify = true
    try bench.convert("in", "out", options)
    let text = try bench.temporary.read("out/config.json")
    let config = try #require(try JSONSerialization.jsonObject(with: Data(text)) as? [String: Any])
    let compression = try #require(config["quantization_config"] as? [String: Any])
    #expect(compression.keys.sorted() == ["quant_method", "sparsity_config", "transform_config", "version"])
    try bench.convert("out", "back", ConversionBench.restoring())
    let (found, expected) = (try bench.tensors(in: "back"), try folder.tensors("decompressed"))
    for name in try folder.tensors("input").names { try requireSame(found[name], expected[name], name) }
  }

  @Test(
    "another library's configuration is never made this one's",
    arguments: [
      (#"{"quant_method": "gptq", "bits": 4}"#, true), (#"{"load_in_4bit": true}"#, true), ("{}", false),
      ("null", false),
    ]
  )
  func foreign(_ text: String, _ isRefused: Bool) throws {
    let dense = SafetensorsBuilder([.init("m.weight", "BF16", [8, 64], elements: (0..<512).map { $0 % 2 })])
    try bench.temporary.createFolder("in")
    try bench.temporary.write(dense.bytes, to: "in/model.safetensors")
    try bench.temporary.write("{\"quantization_config\": \(text)}", to: "in/config.json")
    var options = ConversionBench.options("bitmask")
    // Our own parts say nothing in config.json.
    try bench.convert("in", "ours", options)
    #expect(try bench.temporary.read("ours/config.json") == bench.temporary.read("in/config.json"))
    options.target = .compressedTensors
    guard isRefused else {
      try bench.convert("in", "out", options)
      return
    }
    #expect(try ConversionBench.fault { try bench.convert("in", "out", options) }.kind == .badData)
    #expect(try bench.temporary.entries() == ["in", "ours"])
  }
}
