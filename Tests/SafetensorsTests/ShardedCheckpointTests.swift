import ByteIO
import ModelIR
import Safetensors
import TestSupport
import Testing

@Suite("ShardedCheckpoint")
struct ShardedCheckpointTests {
  static let indexName = "model.safetensors.index.json"
  static let first = "model-00001-of-00002.safetensors"
  static let second = "model-00002-of-00002.safetensors"

  let temporary: TemporaryFolder

  /// A checkpoint without fault: `a` and `b` of 4 bytes each in the first shard, `c` of 8 in the second.
  init() throws {
    temporary = try TemporaryFolder()
    try writeShard(Self.first, ["a": 4, "b": 4])
    try writeShard(Self.second, ["c": 8])
    try writeIndex([("a", Self.first), ("b", Self.first), ("c", Self.second)])
  }

  /// Writes a shard of tensors with these numbers of bytes.
  func writeShard(_ name: String, _ tensors: KeyValuePairs<String, Int>) throws {
    let file = SafetensorsBuilder(
      tensors.map { .init($0.key, "U8", [UInt64($0.value)], [UInt8](repeating: 1, count: $0.value)) }
    )
    try temporary.write(file.bytes, to: name)
  }

  func writeIndex(_ map: [(tensor: String, shard: String)], total: String = "16") throws {
    let members = map.map { "\"\($0.tensor)\":\"\($0.shard)\"" }.joined(separator: ",")
    try temporary.write(
      "{\"metadata\":{\"total_size\":\(total)},\"weight_map\":{\(members)}}",
      to: Self.indexName
    )
  }

  func read(lenient: Bool = false) throws -> ShardedCheckpoint {
    try ShardedCheckpoint(folder: Folder(temporary.path), indexName: Self.indexName, lenient: lenient)
  }

  /// The findings as `tensor: problem`, the file's name within the folder first.
  func findings(_ diagnoses: [Diagnosis]) -> [String] {
    diagnoses.map { diagnosis in
      let file = (diagnosis.file ?? "").replacing(temporary.path + "/", with: "")
      return "\(file) \(diagnosis.tensor?.text ?? "-"): \(diagnosis.problem)"
    }
  }

  @Test("A checkpoint without fault is one model, its files in the order of the index")
  func faultless() throws {
    try writeIndex([("c", Self.second), ("b", Self.first), ("a", Self.first)])
    let checkpoint = try read()
    #expect(checkpoint.disagreements.isEmpty)
    #expect(checkpoint.model.warnings.isEmpty)
    #expect(checkpoint.model.files.map(\.name) == [Self.second, Self.first])
    #expect(checkpoint.model.tensors.map(\.name) == ["c", "a", "b"])
    #expect(checkpoint.model.tensors.map(\.storage.file) == [0, 1, 1])
    #expect(checkpoint.model.storedByteCount == 16)
  }

  @Test("A shard that is missing is named once, not for each of its tensors")
  func missingShard() throws {
    try temporary.remove(Self.first)
    let checkpoint = try read()
    #expect(
      findings(checkpoint.disagreements) == [
        "\(Self.indexName) -: names the shard \(Self.first), which is not there"
      ]
    )
    // The tensors that are there belong to the file that is there.
    #expect(checkpoint.model.files.map(\.name) == [Self.second])
    #expect(checkpoint.model.tensors.map(\.storage.file) == [0])
  }

  @Test("A tensor that is absent from its shard")
  func absentTensor() throws {
    try writeShard(Self.first, ["a": 4])
    #expect(
      findings(try read().disagreements) == [
        "\(Self.indexName) b: is not in \(Self.first), where the index places it"
      ]
    )
  }

  @Test("A tensor that is in another shard than the index says", arguments: [true, false])
  func otherShard(lenient: Bool) throws {
    try writeIndex([("a", Self.first), ("b", Self.second), ("c", Self.second)])
    let checkpoint = try read(lenient: lenient)
    let expected = ["\(Self.first) b: the index places it in \(Self.second)"]
    #expect(findings(checkpoint.disagreements) == (lenient ? [] : expected))
    #expect(findings(checkpoint.model.warnings) == (lenient ? expected : []))
    #expect(checkpoint.model.tensors.map(\.name) == ["a", "b", "c"])
  }

  @Test("A tensor that is in two shards, however lenient one is", arguments: [true, false])
  func twoShards(lenient: Bool) throws {
    try writeShard(Self.second, ["c": 8, "a": 4])
    let checkpoint = try read(lenient: lenient)
    #expect(findings(checkpoint.disagreements) == ["\(Self.second) a: stands in \(Self.first) too"])
    #expect(checkpoint.model.tensors.map(\.name) == ["a", "b", "c"])
  }

  @Test("A tensor that the index does not list", arguments: [true, false])
  func extraTensor(lenient: Bool) throws {
    try writeShard(Self.second, ["c": 8, "d": 0])
    let checkpoint = try read(lenient: lenient)
    let expected = ["\(Self.second) d: is not in the index"]
    #expect(findings(checkpoint.disagreements) == (lenient ? [] : expected))
    #expect(findings(checkpoint.model.warnings) == (lenient ? expected : []))
    #expect(checkpoint.model.tensors.map(\.name) == ["a", "b", "c", "d"])
  }

  @Test("A tensor that the index does not list and that is in two shards, however lenient one is")
  func extraTensorTwice() throws {
    try writeShard(Self.first, ["a": 4, "b": 4, "d": 0])
    try writeShard(Self.second, ["c": 8, "d": 0])
    let checkpoint = try read(lenient: true)
    #expect(findings(checkpoint.disagreements) == ["\(Self.second) d: stands in another shard too"])
    #expect(checkpoint.model.tensors.map(\.name) == ["a", "b", "d", "c"])
  }

  @Test("A shard on the disk that the index does not name is not read")
  func extraShard() throws {
    try temporary.write("no safetensors file", to: "model-00003-of-00003.safetensors")
    #expect(try read().disagreements.isEmpty)
  }

  @Test("A wrong total size is a warning, that of the files is called so")
  func wrongTotal() throws {
    try writeIndex([("a", Self.first), ("b", Self.first), ("c", Self.second)], total: "17")
    let wrong = try read()
    #expect(wrong.disagreements.isEmpty)
    #expect(findings(wrong.model.warnings) == ["\(Self.indexName) -: metadata.total_size is 17"])
    let files = try [Self.first, Self.second].map { try temporary.read($0).count }.reduce(0, +)
    try writeIndex([("a", Self.first), ("b", Self.first), ("c", Self.second)], total: "\(files)")
    #expect(
      findings(try read().model.warnings) == [
        "\(Self.indexName) -: metadata.total_size is \(files), which is the size of the files"
      ]
    )
  }

  @Test("Several disagreements are all found")
  func several() throws {
    try writeShard(Self.first, ["a": 4, "x": 1])
    try writeShard(Self.second, ["a": 4, "b": 4])
    #expect(try read().disagreements.compactMap(\.tensor) == ["x", "a", "b", "c"])
  }

  @Test("A shard that is no safetensors file is refused as such")
  func brokenShard() throws {
    try temporary.write("short", to: Self.second)
    let fault = #expect(throws: SafetensorsFault.self) { try read() }
    #expect(fault?.file == temporary.path(Self.second))
  }

  @Test("A shard that is a folder is refused")
  func folderShard() throws {
    try temporary.remove(Self.second)
    try temporary.createFolder(Self.second)
    #expect(throws: InputFileFault.self) { try read() }
  }

  @Test("A shard that links out of the folder is refused, one that stays is read")
  func linkedShard() throws {
    try temporary.createFolder("model/below")
    try temporary.write(temporary.read(Self.indexName), to: "model/\(Self.indexName)")
    try temporary.write(temporary.read(Self.second), to: "model/below/shard")
    try temporary.link("model/\(Self.second)", to: "below/shard")
    try temporary.link("model/\(Self.first)", to: "../\(Self.first)")
    func read() throws -> ShardedCheckpoint {
      try ShardedCheckpoint(folder: Folder(temporary.path("model")), indexName: Self.indexName)
    }
    let fault = #expect(throws: FolderFault.self) { try read() }
    #expect(fault?.file == temporary.path("model/\(Self.first)"))
    try temporary.remove("model/\(Self.first)")
    try temporary.write(temporary.read(Self.first), to: "model/\(Self.first)")
    #expect(try read().disagreements.isEmpty)
  }

  @Test("The shards of a Hub cache are read through its links")
  func hubCache() throws {
    try temporary.createFolder("hub/snapshots/1234")
    try temporary.createFolder("hub/blobs")
    for name in [Self.first, Self.second, Self.indexName] {
      try temporary.write(temporary.read(name), to: "hub/blobs/\(name).blob")
      try temporary.link("hub/snapshots/1234/\(name)", to: "../../blobs/\(name).blob")
    }
    let folder = try Folder(temporary.path("hub/snapshots/1234"))
    #expect(try ShardedCheckpoint(folder: folder, indexName: Self.indexName).disagreements.isEmpty)
  }

  @Test("More shards than there are descriptors are read, in the order of the index")
  func manyShards() async {
    await #expect(processExitsWith: .success) {
      let checkpoint = try Self()
      let names = (0..<163).map { "model-\($0)-of-000163.safetensors" }
      for (number, name) in names.enumerated() { try checkpoint.writeShard(name, ["t\(number)": 1]) }
      try checkpoint.writeIndex(names.enumerated().map { ("t\($0.offset)", $0.element) }, total: "163")
      // Sixteen headers at a time, and what the process has open anyway.
      try limitOpenFiles(to: 48)
      let read = try checkpoint.read()
      #expect(read.disagreements.isEmpty)
      #expect(read.model.files.map(\.name) == names)
      #expect(read.model.tensors.map(\.storage.file) == Array(0..<163))
      withExtendedLifetime(checkpoint) {}
    }
  }

  @Test("An index that is missing is a missing input")
  func missingIndex() throws {
    try temporary.remove(Self.indexName)
    let fault = #expect(throws: SystemFault.self) { try read() }
    #expect(fault?.diagnosis.kind == .inputMissing)
  }
}
