import TestSupport
import Testing

@Suite("Folders of compressed-tensors on the command line")
struct CompressedTensorsCommandTests {
  let temporary: TemporaryFolder

  init() throws { temporary = try TemporaryFolder() }

  static func golden(_ number: Int) throws -> String {
    let prefix = number < 10 ? "0\(number)-" : "\(number)-"
    return "compressed-tensors/"
      + (try #require(try Fixture.names(in: "compressed-tensors").first { $0.hasPrefix(prefix) }))
  }

  /// Puts files of a golden folder to `in`.
  func put(_ number: Int, _ files: [(from: String, to: String)]) throws {
    try temporary.createFolder("in")
    for (from, to) in files {
      try temporary.write(Fixture.bytes(Self.golden(number) + "/" + from), to: "in/" + to)
    }
  }

  @discardableResult
  func convert(_ line: String, code: Int32 = 0) throws -> LacunaProcess.Result {
    let result = try LacunaProcess.run(
      ["convert"] + line.split(separator: " ").map(String.init),
      in: temporary.path
    )
    #expect(result.code == code, "\(line): \(result.errors)")
    return result
  }

  @Test(
    "the options of the writer give the library's own bytes",
    arguments: [
      (1, "--layout bitmask --ignore head"), (5, "--layout nm:2:4 --ignore re:he"),
      (3, "--layout bitmask --target re:.*"),
      (22, "--layout bitmask --library-version 0.8.1"),
    ]
  )
  func writer(_ number: Int, _ options: String) throws {
    try put(number, [("input.safetensors", "model.safetensors")])
    let result = try convert("in out --to compressed-tensors --as-reference " + options)
    #expect(
      try temporary.read("out/model.safetensors") == Fixture.bytes(Self.golden(number) + "/model.safetensors")
    )
    #expect(try temporary.entries(of: "out") == ["config.json", "model.safetensors"])
    // What such a folder does to today's loaders is said; lines may break anywhere.
    #expect(result.words.contains("random weights"))
  }

  @Test("a dropped -0.0 is reported, and without --as-reference there is none")
  func dropped() throws {
    try put(1, [("input.safetensors", "model.safetensors")])
    let lossy = try convert("in a --to compressed-tensors --layout bitmask --as-reference")
    let lossless = try convert("in b --to compressed-tensors --layout bitmask --verify")
    #expect(lossy.output.contains("-0.0"), "\(lossy.output)")
    #expect(!lossless.output.contains("-0.0"), "\(lossless.output)")
    try convert("b c --to safetensors --layout dense --quiet")
    let (before, after) = (
      try StoredTensors(temporary.read("in/model.safetensors")),
      try StoredTensors(temporary.read("c/model.safetensors"))
    )
    for name in before.names { #expect(after[name]?.data == before[name]?.data, "\(name)") }
  }

  @Test("--type gives what the library gives back", arguments: [7, 10, 12, 16, 20])
  func type(_ number: Int) throws {
    try put(number, [("model.safetensors", "model.safetensors"), ("config.json", "config.json")])
    try convert("in out --to safetensors --type bf16 --quiet --verify")
    let found = try StoredTensors(temporary.read("out/model.safetensors"))
    let expected = try StoredTensors(golden: Self.golden(number).dropPrefix() + "/decompressed.safetensors")
    let input = try StoredTensors(golden: Self.golden(number).dropPrefix() + "/input.safetensors")
    #expect(found.names == input.names)
    for name in input.names { #expect(found[name]?.data == expected[name]?.data, "\(name)") }
    #expect(
      try !String(decoding: temporary.read("out/config.json"), as: UTF8.self).contains("quantization_config")
    )
  }

  @Test("a single file is read by the config.json beside it")
  func singleFile() throws {
    try put(10, [("model.safetensors", "x.safetensors"), ("config.json", "config.json")])
    try convert("in/x.safetensors out.safetensors --to safetensors --type bf16 --quiet")
    let found = try StoredTensors(temporary.read("out.safetensors"))
    let expected = try StoredTensors(golden: Self.golden(10).dropPrefix() + "/decompressed.safetensors")
    for name in ["fc1.weight", "fc2.weight"] { #expect(found[name]?.data == expected[name]?.data, "\(name)") }
    #expect(try temporary.entries() == ["in", "out.safetensors"])
  }

  @Test("--assume goes before the version, and both layouts that fit are said to")
  func assume() throws {
    try put(10, [("model.safetensors", "model.safetensors"), ("config.json", "config.json")])
    let told = try convert("in a --layout dense")
    #expect(told.words.contains("fit both layouts"))
    // As the user says that the words are today's, they stay.
    let assumed = try convert("in b --layout dense --assume dense-words")
    #expect(assumed.words.contains("--assume"))
    let stored = try temporary.read("in/model.safetensors")
    #expect(try temporary.read("a/model.safetensors") != stored)
    #expect(try temporary.read("b/model.safetensors") == stored)
    try convert("in c --layout dense --assume nothing", code: 64)
  }

  @Test("--repair-config cuts the sparse part of a folder's config.json, or of a config.json alone")
  func repair() throws {
    let before = """
      {
        "a": [NaN, 1.50],
        "quantization_config": {
          "config_groups": {"g": {"targets": ["Linear"], "format": "int-quantized", "weights": {"num_bits": 8}}},
          "format": "int-quantized",
          "sparsity_config": {
            "format": "dense",
            "targets": ["Linear"]
          },
          "version": "0.9.4"
        }
      }
      """
    let after = """
      {
        "a": [NaN, 1.50],
        "quantization_config": {
          "config_groups": {"g": {"targets": ["Linear"], "format": "int-quantized", "weights": {"num_bits": 8}}},
          "format": "int-quantized",
          "version": "0.9.4"
        }
      }
      """
    try put(11, [("model.safetensors", "model.safetensors")])
    try temporary.write(before, to: "in/config.json")
    try convert("in out --repair-config")
    #expect(try temporary.read("out/config.json") == Array(after.utf8))
    #expect(try temporary.read("out/model.safetensors") == temporary.read("in/model.safetensors"))
    try convert("in/config.json fixed.json --repair-config")
    #expect(try temporary.read("fixed.json") == Array(after.utf8))

    // Once more there is nothing to do, and nothing in the way is overwritten.
    for (line, code) in [
      ("out again --repair-config", 65), ("fixed.json again.json --repair-config", 65),
      ("in/config.json fixed.json --repair-config", 73),
      ("in/config.json in/config.json --repair-config --force", 73),
      ("in/none.json again.json --repair-config", 66),
    ] as [(String, Int32)] {
      let result = try convert(line, code: code)
      #expect(result.errors.filter { $0 == "\n" }.count == 1, "\(result.errors)")
    }
    #expect(try temporary.entries() == ["fixed.json", "in", "out"])
    try convert("in/config.json new.json --repair-config --dry-run")
    #expect(try temporary.entries() == ["fixed.json", "in", "out"])
    #expect(try temporary.read("in/config.json") == Array(before.utf8))
  }

  @Test("what is stored sparse is not repaired", arguments: [1, 8, 22])
  func notRepaired(_ number: Int) throws {
    try put(number, [("model.safetensors", "model.safetensors"), ("config.json", "config.json")])
    let result = try convert("in out --repair-config", code: 65)
    #expect(result.errors.hasPrefix("lacuna: in/config.json: "))
    #expect(result.errors.contains(number == 8 ? "marlin-24" : "sparse-bitmask"))
    #expect(try temporary.entries() == ["in"])
  }

  @Test("every golden folder can be looked at, and is in order", arguments: ["inspect", "verify"])
  func looks(_ command: String) throws {
    let folders = try Fixture.names(in: "compressed-tensors").filter { $0.first?.isNumber == true }
    #expect(folders.count == 22)
    // One run for all: it goes on whatever one of them holds.
    let paths = try folders.enumerated().map { number, name in
      let folder = "in\(number)"
      try temporary.createFolder(folder)
      for file in ["model.safetensors", "config.json"] {
        guard let bytes = try? Fixture.bytes("compressed-tensors/\(name)/\(file)") else { continue }
        try temporary.write(bytes, to: "\(folder)/\(file)")
      }
      return folder
    }
    let result = try LacunaProcess.run([command] + paths, in: temporary.path)
    #expect(result.code == 0, "\(result.errors)")
    // A warning is no error line.
    #expect(result.errors.isEmpty, "\(result.errors)")
  }
}

extension LacunaProcess.Result {
  /// The words of the output: lines break anywhere.
  fileprivate var words: String { output.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}

extension String {
  /// The name within the folder of golden folders.
  fileprivate func dropPrefix() -> String { String(dropFirst("compressed-tensors/".count)) }
}
