import ByteIO
import GGUF
import ModelIR
import TestSupport
import Testing

@Suite("Shards")
struct SplitTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static let names = ["tiny-00001-of-00002.gguf", "tiny-00002-of-00002.gguf"]

  static let patterns: [(name: String, split: SplitName?)] = [
    ("tiny-00001-of-00002.gguf", SplitName(prefix: "tiny", number: 1, count: 2)),
    ("a-b-00012-of-00100.gguf", SplitName(prefix: "a-b", number: 12, count: 100)),
    ("x-100000-of-100000.gguf", SplitName(prefix: "x", number: 100_000, count: 100_000)),
    ("-00001-of-00001.gguf", SplitName(prefix: "", number: 1, count: 1)),
    ("tiny-1-of-2.gguf", nil), ("tiny-00000-of-00002.gguf", nil), ("tiny-00003-of-00002.gguf", nil),
    ("tiny-000001-of-00002.gguf", nil), ("tiny-00001-of-00002.GGUF", nil), ("00001-of-00002.gguf", nil),
    ("tiny-+0001-of-00002.gguf", nil), ("tiny-00001-of-00002.gguf.part", nil), ("tiny.gguf", nil),
  ]

  @Test("The name of a shard says which it is", arguments: patterns)
  func name(pattern: (name: String, split: SplitName?)) {
    #expect(SplitName(pattern.name) == pattern.split)
    if let split = pattern.split { #expect(split.text == pattern.name) }
  }

  /// Puts the golden shards into the folder, changed.
  func place(_ change: (Int, inout [UInt8]) throws -> Void = { _, _ in }) throws -> Folder {
    for (index, name) in Self.names.enumerated() {
      var bytes = try Fixture.bytes("gguf/split/\(name)")
      try change(index, &bytes)
      try folder.write(bytes, to: name)
    }
    return try Folder(folder.path)
  }

  @Test("Shards are read together, in order, with the metadata of the first")
  func golden() throws {
    let split = try SplitModel(folder: place(), name: Self.names[0])
    let whole = try GGUFReader(
      source: MemorySource(Fixture.bytes("gguf/split/tiny_unsplit.gguf"), named: "whole"),
      name: "whole"
    )
    #expect(split.model.container == .gguf)
    #expect(split.model.files.map(\.name) == Self.names)
    #expect(split.model.tensors.map(\.name) == whole.header.tensors.map(\.name))
    #expect(Set(split.model.tensors.map(\.storage.file)) == [0, 1])
    let data = try split.model.tensors.map {
      try split.model.source(of: $0).bytes($0.storage.regions[0])
    }
    #expect(try data == whole.data())
    #expect(split.model.files[0].metadata.text(forKey: "general.architecture") == "llama")
    #expect(split.model.files[1].metadata.count == 3)
  }

  @Test("A file that is no shard is a model of its own")
  func single() throws {
    try folder.write(Fixture.bytes("gguf/split/tiny_unsplit.gguf"), to: "model.gguf")
    let model = try SplitModel(folder: Folder(folder.path), name: "model.gguf")
    #expect(model.shards.count == 1)
    #expect(model.model.files.count == 1)
  }

  /// Changes the value of a key in place.
  static func set(_ key: String, _ value: UInt8, in bytes: inout [UInt8]) throws {
    let entry = try #require(try read(bytes).entry(forKey: key))
    bytes[Int(entry.range.lowerBound) + 8 + key.utf8.count + 4] = value
  }

  func rule(_ folder: Folder, _ name: String = names[0]) throws -> SplitFault.Rule? {
    do {
      _ = try SplitModel(folder: folder, name: name)
      return nil
    } catch let fault as SplitFault {
      #expect(!fault.diagnosis.problem.isEmpty)
      return fault.rule
    }
  }

  @Test("A model is opened by its first shard")
  func second() throws {
    #expect(try rule(place(), Self.names[1]) == .notFirst(number: 1, first: Self.names[0]))
  }

  @Test("A shard that is not there is named")
  func missing() throws {
    let models = try place()
    try folder.remove(Self.names[1])
    #expect(try rule(models) == .missingShard(missing: 1, of: 2))
    try folder.write(Fixture.bytes("hostile/gguf/g101_split_count.gguf"), to: "m-00001-of-65535.gguf")
    #expect(try rule(models, "m-00001-of-65535.gguf") == .missingShard(missing: 65_534, of: 65_535))
  }

  @Test("A shard under another name is refused")
  func renamed() throws {
    let models = try place()
    try folder.write(folder.read(Self.names[0]), to: "model.gguf")
    #expect(try rule(models, "model.gguf") == .wrongName(expected: "PREFIX-00001-of-00002.gguf"))
    try folder.write(folder.read(Self.names[0]), to: "tiny-00001-of-00003.gguf")
    #expect(
      try rule(models, "tiny-00001-of-00003.gguf") == .wrongName(expected: "tiny-00001-of-00002.gguf")
    )
    try folder.write(folder.read(Self.names[0]), to: Self.names[1])
    #expect(try rule(models) == .wrongNumber(0, expected: 1))
  }

  @Test("Keys of shards that contradict each other are refused")
  func contradictions() throws {
    #expect(
      try rule(place { index, bytes in if index == 1 { try Self.set("split.no", 0, in: &bytes) } })
        == .wrongNumber(0, expected: 1)
    )
    #expect(
      try rule(place { index, bytes in if index == 1 { try Self.set("split.count", 3, in: &bytes) } })
        == .wrongCount(3, expected: 2)
    )
    let count = try GGUFHeader.read(
      from: MemorySource(Fixture.bytes("gguf/split/tiny_unsplit.gguf"), named: "whole")
    ).tensors.count
    #expect(
      try rule(place { _, bytes in try Self.set("split.tensors.count", 99, in: &bytes) })
        == .wrongTensorCount(99, found: count)
    )
  }

  @Test("A key that shards need is missing, or of another type")
  func keys() throws {
    var file = GGUFBuilder.simple()
    file.add("split.count", type: 2, [2, 0])
    try folder.write(file.bytes, to: "a-00001-of-00002.gguf")
    #expect(try rule(Folder(folder.path), "a-00001-of-00002.gguf") == .missingKey("split.no"))
    file.add("split.no", u32: 0)
    try folder.write(file.bytes, to: "a-00001-of-00002.gguf")
    #expect(
      try rule(Folder(folder.path), "a-00001-of-00002.gguf")
        == .wrongType("split.no", .uint32, expected: .uint16)
    )
  }

  @Test("A tensor in two shards is refused")
  func duplicate() throws {
    for number in 0..<2 {
      var file = GGUFBuilder()
      file.add("split.no", type: 2, [UInt8(number), 0])
      file.add("split.count", type: 2, [2, 0])
      file.add("split.tensors.count", type: 5, [2, 0, 0, 0])
      file.append(tensor: "same", dims: [1], type: 24, [1])
      try folder.write(file.bytes, to: "a-0000\(number + 1)-of-00002.gguf")
    }
    let rule = try rule(Folder(folder.path), "a-00001-of-00002.gguf")
    #expect(rule == .duplicateTensor(also: folder.path("a-00001-of-00002.gguf")))
  }

  @Test("A shard that is a link out of the folder is not followed")
  func link() throws {
    let models = try place()
    try folder.remove(Self.names[1])
    let elsewhere = try TemporaryFolder()
    let target = try elsewhere.write(Fixture.bytes("gguf/split/\(Self.names[1])"), to: "shard")
    try folder.link(Self.names[1], to: target)
    #expect(throws: FolderFault.self) { try SplitModel(folder: models, name: Self.names[0]) }
  }

  @Test("Big-endian shards are read, each through a view")
  func bigEndian() throws {
    for number in 0..<2 {
      var file = GGUFBuilder(.bigEndian)
      file.add("split.no", type: 2, [0, UInt8(number)])
      file.add("split.count", type: 2, [0, 2])
      file.add("split.tensors.count", type: 5, [0, 0, 0, 2])
      file.append(tensor: "t\(number)", dims: [1], type: 25, [1, UInt8(number)])
      try folder.write(file.bytes, to: "a-0000\(number + 1)-of-00002.gguf")
    }
    let split = try SplitModel(folder: Folder(folder.path), name: "a-00001-of-00002.gguf", lenient: true)
    let data = try split.model.tensors.map {
      try split.model.source(of: $0).bytes($0.storage.regions[0])
    }
    #expect(data == [[0, 1], [1, 1]])
    #expect(split.model.tensors.map { split.model.file(of: $0) } == [0, 1])
  }
}
