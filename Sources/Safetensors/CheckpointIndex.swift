internal import ByteIO
public import ModelIR
internal import StrictJSON

/// The index of a sharded checkpoint, `model.safetensors.index.json`: which file holds which tensor.
///
/// Keys besides `weight_map` and `metadata.total_size` are allowed and passed over. Memory: the names.
public struct CheckpointIndex: Sendable {
  /// The shards' file names, in the order of their first mention.
  public private(set) var shards: [String] = []
  /// One tensor of the map.
  public struct Entry: Sendable, Hashable {
    /// The tensor.
    public var name: TensorName
    /// Its shard, as an index into ``shards``.
    public var shard: Int
  }
  /// The tensors in the order of the map.
  public private(set) var entries: [Entry] = []
  /// Where each tensor stands in ``entries``.
  private var placesOfTensors = NameTable()
  /// What `metadata.total_size` says, which writers disagree on: the bytes of all tensors, or of all files.
  public private(set) var totalSize: UInt64?
  /// What `metadata.total_parameters` says.
  public private(set) var totalParameters: UInt64?

  private let file: String
  private let byteCount: UInt64

  /// Reads the index in `source`.
  /// - Throws: ``CheckpointIndexFault``, or what the source throws.
  /// - Parameter onShard: told of each shard and its number when it is first mentioned, so that its header can
  ///   be read while the rest of the index is.
  public init(source: any ByteSource, onShard: (Int, String) -> Void = { _, _ in }) throws {
    file = source.displayName
    byteCount = source.byteCount
    guard source.byteCount <= Limits.index else {
      throw CheckpointIndexFault(file: file, .tooLarge(source.byteCount))
    }
    var next: UInt64 = 0
    var reader = JSONReader(windowSize: Int(min(max(source.byteCount, 1), 1 << 17))) { window in
      let count = Int(min(UInt64(window.count), source.byteCount - next))
      try source.read(count, at: next, into: &window, startingAt: 0)
      next += UInt64(count)
      return count
    }
    do {
      try parse(&reader, onShard)
    } catch let error as JSONError {
      throw CheckpointIndexFault(file: file, .json(error.problem), offset: error.offset)
    }
    try source.rest()
  }

  private mutating func parse(_ reader: inout JSONReader, _ onShard: (Int, String) -> Void) throws {
    var seen = Set<String>()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if !seen.insert(key).inserted {
        throw CheckpointIndexFault(file: file, .duplicateKey(key), offset: reader.offset)
      }
      switch key {
      case "weight_map": try parseMap(&reader, onShard)
      case "metadata": try parseMetadata(&reader)
      default: try reader.skipValue()
      }
    }
    try reader.readEnd()
    guard !entries.isEmpty else { throw CheckpointIndexFault(file: file, .noMap) }
  }

  private mutating func parseMetadata(_ reader: inout JSONReader) throws {
    guard try reader.peekKind() == .object else { return try reader.skipValue() }
    var seen = Set<String>()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if !seen.insert(key).inserted {
        throw CheckpointIndexFault(file: file, .duplicateKey(key), offset: reader.offset)
      }
      if key == "total_size", try reader.peekKind() == .number {
        totalSize = try reader.readWholeNumber()
      } else if key == "total_parameters", try reader.peekKind() == .number {
        totalParameters = try reader.readWholeNumber()
      } else {
        try reader.skipValue()
      }
    }
  }

  private mutating func parseMap(_ reader: inout JSONReader, _ onShard: (Int, String) -> Void) throws {
    var places: [String: Int] = [:]
    var (last, lastShard): (Int, String?) = (0, nil)
    // An entry takes some 80 bytes of text: growing step by step would hash every name several times.
    entries.reserveCapacity(Int(byteCount / 80))
    placesOfTensors.reserveCapacity(Int(byteCount / 80))
    guard try reader.peekKind() == .object else {
      throw CheckpointIndexFault(file: file, .noMap, offset: reader.offset)
    }
    try reader.beginObject()
    while let key = try reader.nextKey() {
      let name = TensorName(key)
      guard try reader.peekKind() == .string else {
        throw CheckpointIndexFault(file: file, tensor: name, .shardIsNoString, offset: reader.offset)
      }
      let start = reader.offset
      let shard = try reader.readString()
      // Neighbours in the map mostly share their shard.
      if shard == lastShard {
        try add(name, inShard: last, at: start)
        continue
      }
      if places[shard] == nil {
        guard Folder.isPlainName(shard), shard.hasSuffix(".safetensors") else {
          throw CheckpointIndexFault(file: file, tensor: name, .badShardName(shard), offset: start)
        }
        guard shards.count < Limits.shards else {
          throw CheckpointIndexFault(file: file, .tooManyShards, offset: start)
        }
        places[shard] = shards.count
        onShard(shards.count, shard)
        shards.append(shard)
      }
      (last, lastShard) = (places[shard] ?? 0, shard)
      try add(name, inShard: last, at: start)
    }
  }

  private mutating func add(_ name: TensorName, inShard shard: Int, at offset: UInt64) throws {
    if placesOfTensors.insert(name, at: entries.count, { entries[$0].name }) != nil {
      throw CheckpointIndexFault(file: file, tensor: name, .duplicateTensor, offset: offset)
    }
    entries.append(Entry(name: name, shard: shard))
  }

  /// Where a tensor stands in ``entries``, nil if it does not; looks first at `expected` and behind it.
  public func place(of name: TensorName, expected: Int) -> Int? {
    // Shards and index mostly have the same order, but for what one type leaves out of another's.
    if expected < entries.count, entries[expected].name == name { return expected }
    if expected + 1 < entries.count, entries[expected + 1].name == name { return expected + 1 }
    return placesOfTensors.place(of: name) { entries[$0].name }
  }

  /// The text of an index as huggingface_hub writes it: keys sorted, two spaces a level, final line break.
  public static func text(
    totalSize: UInt64,
    totalParameters: UInt64?,
    shardOfTensor: [(name: TensorName, shard: String)]
  ) throws -> [UInt8] {
    var writer = JSONWriter(indent: 2)
    try writer.object { writer in
      writer.key("metadata")
      try writer.object { writer in
        if let totalParameters {
          writer.key("total_parameters")
          try writer.value(totalParameters)
        }
        writer.key("total_size")
        try writer.value(totalSize)
      }
      writer.key("weight_map")
      try writer.object { writer in
        for (name, shard) in shardOfTensor.sorted(by: { $0.name < $1.name }) {
          writer.key(name.text)
          try writer.value(shard)
        }
      }
    }
    return try writer.finish()
  }
}

/// An index that cannot be used.
public struct CheckpointIndexFault: Fault, Hashable {
  /// The rules, one case each.
  public enum Rule: Sendable, Hashable {
    /// The file exceeds the limit.
    case tooLarge(UInt64)
    /// It is no JSON.
    case json(String)
    /// A key twice in one object.
    case duplicateKey(String)
    /// A tensor twice in the map.
    case duplicateTensor
    /// No map, or an empty one.
    case noMap
    /// A shard that is no string.
    case shardIsNoString
    /// A shard whose name leaves the folder, or is no safetensors file.
    case badShardName(String)
    /// More shards than the limit.
    case tooManyShards
  }

  /// The file.
  public let file: String
  /// The tensor, if one is to blame.
  public let tensor: TensorName?
  /// The broken rule.
  public let rule: Rule
  /// Where in the file, in bytes.
  public let offset: UInt64?

  init(file: String, tensor: TensorName? = nil, _ rule: Rule, offset: UInt64? = nil) {
    self.file = file
    self.tensor = tensor
    self.rule = rule
    self.offset = offset
  }

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    let (problem, expected): (String, String?) =
      switch rule {
      case .tooLarge(let count): ("the index has \(count) bytes", "at most \(Limits.index)")
      case .json(let problem): (problem, nil)
      case .duplicateKey(let key): ("the key \"\(key)\" stands twice in one object", nil)
      case .duplicateTensor: ("stands twice in weight_map", nil)
      case .noMap: ("weight_map is no object with tensors", "{\"tensor\": \"file\", ...}")
      case .shardIsNoString: ("its shard in weight_map is no string", nil)
      case .badShardName(let name):
        ("weight_map names the file \"\(name)\"", "a .safetensors file in the same folder")
      case .tooManyShards: ("weight_map names more than \(Limits.shards) files", nil)
      }
    return Diagnosis(.badData, file: file, tensor: tensor, problem, expected: expected, offset: offset)
  }
}
