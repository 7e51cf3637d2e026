internal import StrictJSON

/// What config.json says after a conversion.
public enum ConfigText {
  /// The configuration of a model whose sparse parts were made dense, for today's loaders.
  ///
  /// Where nothing but the sparse part changes, only that is cut from the text; where quantized parts have
  /// another form now, the compression's member is written anew; what says nothing more is cut as a whole.
  /// - Parameter removesQuantization: whether the weights are plain numbers now.
  /// - Returns: the text; nil if it stays as it is.
  public static func restored(
    _ text: [UInt8],
    _ config: CompressionConfig,
    facts: CompressionFacts,
    removesQuantization: Bool
  ) throws -> [UInt8]? {
    let places = config.places
    // A configuration without groups still tells the version by which codes are read.
    if removesQuantization || (!config.saysMoreThanSparsity && !facts.hasQuantizedWeights) {
      return closingBraces(cutting(places.member, from: text))
    }
    if facts.isModernized || config.key == .compression || (facts.hasQuantizedWeights && !isComplete(config))
    {
      var edited = text
      let value = try modernized(text, config, facts).pythonText(sortsKeys: false, level: 1)
      edited.replaceSubrange(places.value, with: value.utf8)
      edited.replaceSubrange(places.key, with: "\"\(CompressionConfig.Key.quantization.rawValue)\"".utf8)
      return edited
    }
    guard config.sparsity != nil, let sparsity = places.sparsity else { return nil }
    return cutting(sparsity, from: text)
  }

  /// Whether today's loaders find all that they need: without a format in every group they guess, and with
  /// another status than `compressed` they take codes for weights.
  static func isComplete(_ config: CompressionConfig) -> Bool {
    config.status == "compressed" && config.format != nil
      && config.groups.allSatisfy { $0.weights == nil || $0.format != nil }
  }

  /// The configuration without a sparse part that only says that weights are dense, which makes vLLM refuse the
  /// model from 0.24 on.
  /// - Throws: ``ConfigFault`` where there is none, or the weights are stored sparse.
  public static func repaired(_ text: [UInt8], file: String) throws -> [UInt8] {
    guard let config = try ConfigReader.read(text, file: file).0, let sparsity = config.sparsity else {
      throw ConfigFault(file: file, .nothingToRepair)
    }
    if sparsity.format != .dense { throw ConfigFault(file: file, .isSparse(sparsity.format.rawValue)) }
    if config.format == .marlin24 {
      throw ConfigFault(file: file, .isSparse(CompressionFormat.marlin24.rawValue))
    }
    guard config.saysMoreThanSparsity, let place = config.places.sparsity else {
      return closingBraces(cutting(config.places.member, from: text))
    }
    return cutting(place, from: text)
  }

  private static func cutting(_ range: Range<Int>, from text: [UInt8]) -> [UInt8] {
    var edited = text
    edited.removeSubrange(range)
    return edited
  }

  /// An object that lost its only member has nothing between its braces.
  private static func closingBraces(_ text: [UInt8]) -> [UInt8] {
    let rest = text.filter { $0 > 0x20 }
    return rest == Array("{}".utf8) ? Array("{}\n".utf8) : text
  }

  /// The compression's member as today's library would write it.
  private static func modernized(
    _ text: [UInt8],
    _ config: CompressionConfig,
    _ facts: CompressionFacts
  ) throws -> JSONValue {
    var reader = JSONReader(Array(text[config.places.value]))
    reader.takesNonFinite = true
    guard case .object(var members) = try JSONValue(reading: &reader) else { return .object([]) }
    members.removeAll { $0.key == "sparsity_config" }
    let formats = Set(facts.groupFormats.values)
    let format = formats.count == 1 ? formats.first : formats.isEmpty ? config.format : .mixedPrecision
    if let format { members.set("format", to: modern(format)) }
    if facts.hasQuantizedWeights, let index = members.firstIndex(where: { $0.key == "config_groups" }),
      case .object(let groups) = members[index].value
    {
      members[index].value = .object(
        groups.map { group in
          guard case .object(var fields) = group.value, let weights = group.value["weights"], weights != .null
          else { return group }
          let own = config.groups.first { $0.name == group.key }
          if let format = facts.groupFormats[group.key] ?? own?.format ?? config.format {
            fields.set("format", to: modern(format))
          }
          return JSONValue.Member(group.key, .object(fields))
        }
      )
    }
    if facts.hasQuantizedWeights {
      // Another one would mean that the weights are still floats.
      members.set("quantization_status", to: .string("compressed"))
    }
    if facts.isModernized { members.set("version", to: .string(LibraryVersion.current.text)) }
    members.set("quant_method", to: .string("compressed-tensors"))
    return .object(members)
  }

  private static func modern(_ format: CompressionFormat) -> JSONValue {
    .string((format == .marlin24 ? .packQuantized : format).rawValue)
  }

  /// What a sparse model's configuration says of its sparsity.
  public struct Sparsity: Sendable, Hashable {
    /// The format.
    public var format: CompressionFormat
    /// Elements of the model, and how many of them are zero.
    public var elements: UInt64
    /// See ``elements``.
    public var zeros: UInt64
    /// Modules whose weights are sparse.
    public var targets: [String]
    /// Modules that stay dense.
    public var ignore: [String]
    /// The version whose form is written.
    public var version: String

    /// What a model's tensors amount to.
    public init(
      format: CompressionFormat,
      elements: UInt64,
      zeros: UInt64,
      targets: [String],
      ignore: [String],
      version: String
    ) {
      self.format = format
      self.elements = elements
      self.zeros = zeros
      self.targets = targets
      self.ignore = ignore
      self.version = version
    }
  }

  /// The configuration of a model whose weights are stored sparse now, with the library's own keys and
  /// formatting (0.14, `ModelCompressor.update_config`: `json.dump(indent=2, sort_keys=True)`).
  /// - Parameter text: the configuration so far; nil for none.
  /// - Throws: ``ConfigFault`` for a text that is no JSON object.
  public static func sparse(_ text: [UInt8]?, _ sparsity: Sparsity, file: String) throws -> [UInt8] {
    var members = try text.map { try self.members(of: $0, file: file) } ?? []
    let isOlder = LibraryVersion(sparsity.version).map { $0 < .quantizationKey } ?? false
    let key = isOlder ? CompressionConfig.Key.compression : .quantization
    var compression: [JSONValue.Member] = []
    for place in [CompressionConfig.Key.compression, .quantization] {
      if case .object(let found)? = members.first(where: { $0.key == place.rawValue })?.value {
        compression = found
      }
      if place != key { members.removeAll { $0.key == place.rawValue } }
    }
    compression.set("quant_method", to: .string("compressed-tensors"))
    compression.set("sparsity_config", to: value(of: sparsity))
    if !compression.contains(where: { $0.key == "transform_config" }) {
      compression.set("transform_config", to: .object([]))
    }
    compression.set("version", to: .string(sparsity.version))
    members.set(key.rawValue, to: .object(compression))
    return Array(JSONValue.object(members).pythonText(sortsKeys: true).utf8)
  }

  /// The members of a configuration's text.
  static func members(of text: [UInt8], file: String) throws -> [JSONValue.Member] {
    do {
      var reader = JSONReader(text)
      reader.takesNonFinite = true
      guard case .object(let members) = try JSONValue(reading: &reader) else {
        throw ConfigFault(file: file, .wrongField("the text", expected: "an object"))
      }
      try reader.readEnd()
      return members
    } catch let error as JSONError {
      throw ConfigFault(file: file, .json(error.problem), offset: error.offset)
    }
  }

  private static func value(of sparsity: Sparsity) -> JSONValue {
    let isPattern = sparsity.format == .sparse24Bitmask
    // A percentage, as the library's own examples have it. Two of four are half by definition.
    let share =
      isPattern ? 50 : sparsity.elements == 0 ? 0 : Double(sparsity.zeros) / Double(sparsity.elements) * 100
    return .object([
      .init("format", .string(sparsity.format.rawValue)),
      .init("targets", .array(sparsity.targets.map(JSONValue.string))),
      .init("ignore", .array(sparsity.ignore.map(JSONValue.string))),
      .init("global_sparsity", .number("\(share)")),
      .init("sparsity_structure", .string(isPattern ? "2:4" : "unstructured")),
      // An accident of the library's serialisation, kept for equal bytes.
      .init("registry_requires_subclass", .boolean(false)),
    ])
  }
}
