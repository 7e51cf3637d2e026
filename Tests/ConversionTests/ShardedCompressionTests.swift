import Conversion
import Foundation
import ModelIR
import TestSupport
import Testing

@Suite("Compressed folders of several shards")
struct ShardedCompressionTests {
  let bench: ConversionBench
  static let indexName = "model.safetensors.index.json"
  static let shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]

  init() throws { bench = try ConversionBench() }

  /// Puts tensors to a folder's two shards: those that `isFirst` picks to the first.
  func put(
    _ tensors: StoredTensors,
    config: [UInt8]?,
    as folder: String = "in",
    isFirst: (String) -> Bool
  ) throws {
    try bench.temporary.createFolder(folder)
    var map: [String: String] = [:]
    for (number, shard) in Self.shards.enumerated() {
      var part = tensors
      part.entries.removeAll { isFirst($0.name) != (number == 0) }
      for name in part.names { map[name] = shard }
      try bench.temporary.write(part.bytes, to: "\(folder)/\(shard)")
    }
    let index: [String: Any] = ["metadata": ["total_size": 0], "weight_map": map]
    try bench.temporary.write(
      [UInt8](JSONSerialization.data(withJSONObject: index)),
      to: "\(folder)/\(Self.indexName)"
    )
    if let config { try bench.temporary.write(config, to: "\(folder)/config.json") }
  }

  /// The tensors of a folder's shards, each where its index says it is.
  func tensors(in folder: String) throws -> StoredTensors {
    let index = try JSONSerialization.jsonObject(
      with: Data(bench.temporary.read("\(folder)/\(Self.indexName)"))
    )
    let map = try #require((index as? [String: Any])?["weight_map"] as? [String: String])
    var whole = try StoredTensors(SafetensorsBuilder([]).bytes)
    for shard in Set(map.values).sorted() {
      for entry in try StoredTensors(bench.temporary.read("\(folder)/\(shard)")).entries {
        try #require(map[entry.name] == shard, "\(entry.name)")
        whole.entries.append(entry)
      }
    }
    try #require(whole.names == map.keys.sorted())
    return whole
  }

  @Test(
    "restored shards hold the tensors that the library restores, and the index lists them",
    arguments: [1, 4, 6, 22]
  )
  func restored(_ number: Int) throws {
    let folder = GoldenFolder.of([number])[0]
    try put(folder.tensors("model"), config: folder.config) { $0.hasPrefix("fc1") }
    var options = ConversionBench.restoring()
    options.verify = true
    try bench.convert("in", "out", options)
    let (found, expected) = (try tensors(in: "out"), try folder.tensors("decompressed"))
    #expect(found.names == expected.names)
    for name in expected.names where number != 6 || !["fc1.weight", "fc2.weight"].contains(name) {
      try requireSame(found[name], expected[name], name)
    }
  }

  @Test("scales in another shard than their codes are found", arguments: [10, 11, 16])
  func apart(_ number: Int) throws {
    let folder = GoldenFolder.of([number])[0]
    try put(folder.tensors("model"), config: folder.config) {
      $0.hasSuffix("weight") || $0.hasSuffix("packed")
    }
    var options = ConversionBench.restoring(to: .bfloat16)
    options.verify = true
    try bench.convert("in", "out", options)
    let (found, expected) = (try tensors(in: "out"), try folder.tensors("decompressed"))
    for name in try folder.tensors("input").names { try requireSame(found[name], expected[name], name) }
  }

  @Test(
    "parts of one weight in several shards are joined",
    arguments: [
      (1, "fc1.bitmask"), (1, "fc1.compressed"), (1, "fc1.shape"), (4, "fc2.bitmask"),
      (22, "fc1.weight.compressed"),
      (8, "fc1.meta"), (9, "fc1.weight_packed"), (8, "fc1.scale_packed"), (21, "f16.meta"),
      (21, "f32.packed"),
    ]
  )
  func partsApart(_ number: Int, _ name: String) throws {
    let folder = GoldenFolder.of([number])[0]
    try folder.put(in: bench, as: "whole")
    try put(folder.tensors("model"), config: folder.config) { $0 == name }
    var options = ConversionBench.restoring()
    options.verify = true
    try bench.convert("whole", "expected", options)
    try bench.convert("in", "out", options)
    let (found, expected) = (try tensors(in: "out"), try bench.tensors(in: "expected"))
    #expect(found.names == expected.names)
    for name in expected.names { try requireSame(found[name], expected[name], name) }
  }

  @Test("written shards hold the library's parts, each module's in the shard of its weight")
  func written() throws {
    let folder = GoldenFolder.of([1])[0]
    try put(folder.tensors("input"), config: nil) { $0.hasPrefix("fc1") }
    var options = ConversionBench.options("bitmask")
    options.target = .compressedTensors
    options.asReference = true
    options.ignoredModules = ["head"]
    try bench.convert("in", "out", options)
    let (found, expected) = (try tensors(in: "out"), try folder.tensors("model"))
    #expect(found.names == expected.names)
    for name in expected.names { try requireSame(found[name], expected[name], name) }
    let first = try StoredTensors(bench.temporary.read("out/\(Self.shards[0])"))
    #expect(first.names.allSatisfy { $0.hasPrefix("fc1.") })
    #expect(first.metadata?.map(\.key) == ["format"])
  }
}
