public import ByteIO
public import ModelIR

/// A GGUF model in one file or in several shards, read together.
///
/// (llama.cpp, `src/llama-model-loader.cpp`: shard 0 says with `split.count` how many there are; their names
/// follow the pattern of ``SplitName``; `split.no` of each is its place; `split.tensors.count` is the number of
/// tensors of all; no name stands in two shards.)
public struct SplitModel: Sendable {
  /// The keys that shards have and a file of its own has not.
  public static let keys = ["split.no", "split.tensors.count", "split.count"]

  /// The shards in order; one if the model is not split.
  public let shards: [GGUFReader]
  /// The model: files and tensors in the order of the shards. Its metadata are those of shard 0.
  public let model: Model

  /// Reads the file named `name` in `folder`, and the shards that it is the first of.
  /// - Throws: ``SplitFault``, ``GGUFFault``, or what the folder and its files throw.
  public init(folder: Folder, name: String, lenient: Bool = false) throws {
    try self.init(first: folder.source(name), name: name, in: folder, lenient: lenient)
  }

  /// Reads `source`, the file named `name` in `folder`, and the shards that it is the first of.
  /// - Parameter folder: where the other shards are; asked only if there are some.
  /// - Throws: ``SplitFault``, ``GGUFFault``, or what the folder and its files throw.
  public init(
    first source: any ByteSource,
    name: String,
    in folder: @autoclosure () throws -> Folder,
    lenient: Bool = false
  ) throws {
    let first = try GGUFReader(source: source, name: name, lenient: lenient)
    let path = source.displayName
    let count = try Self.integer("split.count", .uint16, in: first, path) ?? 1
    guard count > 1 else {
      (shards, model) = ([first], first.model)
      return
    }
    let number = try Self.needed("split.no", .uint16, in: first, path)
    guard let split = SplitName(name), split.count == count, split.number == number + 1 else {
      let wanted = SplitName(prefix: SplitName(name)?.prefix ?? "PREFIX", number: number + 1, count: count)
      throw SplitFault(file: path, .wrongName(expected: wanted.text))
    }
    let folder = try folder()
    let names = (1...count).map { SplitName(prefix: split.prefix, number: $0, count: count).text }
    guard number == 0 else { throw SplitFault(file: path, .notFirst(number: number, first: names[0])) }
    let present = Set(try folder.modelEntries())
    let missing = names.filter { !present.contains($0) }
    if let name = missing.first {
      throw SplitFault(file: folder.displayPath(name), .missingShard(missing: missing.count, of: count))
    }
    var shards = [first]
    for (index, name) in names.enumerated().dropFirst() {
      let shard = try GGUFReader(source: folder.source(name), name: name, lenient: lenient)
      try Self.check(shard, isNumber: index, of: count, folder.displayPath(name))
      shards.append(shard)
    }
    let total = try Self.needed("split.tensors.count", .int32, in: first, path)
    let found = shards.reduce(0) { $0 + $1.header.tensors.count }
    guard total == found else {
      throw SplitFault(file: path, .wrongTensorCount(total, found: found))
    }
    model = try Self.model(of: shards, paths: names.map(folder.displayPath))
    self.shards = shards
  }

  private static func check(_ shard: GGUFReader, isNumber index: Int, of count: Int, _ path: String) throws {
    let number = try needed("split.no", .uint16, in: shard, path)
    guard number == index else { throw SplitFault(file: path, .wrongNumber(number, expected: index)) }
    if let own = try integer("split.count", .uint16, in: shard, path), own != count {
      throw SplitFault(file: path, .wrongCount(own, expected: count))
    }
  }

  /// The integer under `key`, which has to be of `type`; nil if there is none.
  private static func integer(
    _ key: String,
    _ type: GGUFValueType,
    in shard: GGUFReader,
    _ path: String
  ) throws -> Int? {
    guard let entry = shard.header.entry(forKey: key) else { return nil }
    guard entry.type == type else {
      throw SplitFault(file: path, .wrongType(key, entry.type, expected: type))
    }
    switch entry.value {
    case .unsigned(let number, _)?: return Int(exactly: number)
    case .signed(let number, _)?: return Int(number)
    default: return nil
    }
  }

  private static func needed(
    _ key: String,
    _ type: GGUFValueType,
    in shard: GGUFReader,
    _ path: String
  ) throws -> Int {
    guard let number = try integer(key, type, in: shard, path) else {
      throw SplitFault(file: path, .missingKey(key))
    }
    return number
  }

  private static func model(of shards: [GGUFReader], paths: [String]) throws -> Model {
    var model = Model(container: .gguf, files: [], tensors: [])
    var seen: [TensorName: Int] = [:]
    for (index, shard) in shards.enumerated() {
      var place = index
      if let view = shard.view(ofFile: index) {
        place = shards.count + model.views.count
        model.views.append(view)
      }
      for tensor in shard.tensors(inFile: place) {
        if let earlier = seen.updateValue(index, forKey: tensor.name) {
          throw SplitFault(file: paths[index], tensor: tensor.name, .duplicateTensor(also: paths[earlier]))
        }
        model.tensors.append(tensor)
      }
      model.files.append(shard.file(numbered: index))
      model.warnings += shard.warnings
    }
    return model
  }
}
