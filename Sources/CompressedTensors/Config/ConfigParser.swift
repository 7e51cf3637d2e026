internal import StrictJSON

/// Turns the values of a configuration into its fields, one check each.
///
/// Fields: compressed-tensors 0.20, `quantization/quant_config.py` and `quant_args.py`; the sparse part: 0.14,
/// `config/base.py`. Unknown fields are passed over, as the library does at the top level.
struct ConfigParser {
  let file: String
  let key: CompressionConfig.Key
  let places: ConfigPlaces

  private func fault(_ rule: ConfigFault.Rule) -> ConfigFault {
    ConfigFault(file: file, rule, offset: UInt64(places.value.lowerBound))
  }

  private func wrong(_ field: String, _ expected: String) -> ConfigFault {
    fault(.wrongField("\(key.rawValue).\(field)", expected: expected))
  }

  /// The configuration; nil if another library's stands here.
  func parse(_ value: JSONValue) throws -> CompressionConfig? {
    guard case .object = value else {
      if value == .null { return nil }
      throw fault(.wrongField(key.rawValue, expected: "an object"))
    }
    if let method = value["quant_method"], method != .null {
      guard case .string(let name) = method else { throw wrong("quant_method", "text") }
      // The library checked for this word only; other methods have fields of their own.
      if name != "compressed-tensors" && name != "sparseml" { return nil }
    } else if value["config_groups"] == nil && value["sparsity_config"] == nil {
      return nil
    }
    return CompressionConfig(
      key: key,
      version: try text(value, "version").flatMap(LibraryVersion.init),
      format: try format(value["format"], "format"),
      status: try text(value, "quantization_status"),
      groups: try groups(value["config_groups"]),
      ignore: try texts(value["ignore"], "ignore") ?? [],
      sparsity: try sparsity(value["sparsity_config"]),
      quantizesCache: isObject(value["kv_cache_scheme"]),
      hasTransforms: !isEmptyObject(value["transform_config"]),
      places: places
    )
  }

  private func isObject(_ value: JSONValue?) -> Bool {
    if case .object? = value { true } else { false }
  }

  private func isEmptyObject(_ value: JSONValue?) -> Bool {
    switch value {
    case nil, .null?: return true
    case .object(let members)?:
      // The library writes `config_groups` here even where there is none.
      return members.allSatisfy { isEmptyObject($0.value) }
    default: return false
    }
  }

  private func text(_ value: JSONValue, _ field: String) throws -> String? {
    switch value[field] {
    case nil, .null?: return nil
    case .string(let text)?: return text
    default: throw wrong(field, "text")
    }
  }

  private func texts(_ value: JSONValue?, _ field: String) throws -> [String]? {
    guard let value, value != .null else { return nil }
    guard case .array(let elements) = value else { throw wrong(field, "a list of texts") }
    return try elements.map { element in
      guard case .string(let text) = element else { throw wrong(field, "a list of texts") }
      return text
    }
  }

  private func format(_ value: JSONValue?, _ field: String) throws -> CompressionFormat? {
    guard let value, value != .null else { return nil }
    guard case .string(let name) = value else { throw wrong(field, "text") }
    guard let format = CompressionFormat(rawValue: name) else {
      throw fault(.unknownFormat(field: "\(key.rawValue).\(field)", name: name))
    }
    return format
  }

  private func groups(_ value: JSONValue?) throws -> [CompressionConfig.Group] {
    guard let value, value != .null else { return [] }
    guard case .object(let members) = value else { throw wrong("config_groups", "an object") }
    return try members.map { member in
      let field = "config_groups.\(member.key)"
      // A group may be a list of targets under the name of a preset.
      if case .array = member.value {
        return CompressionConfig.Group(
          name: member.key,
          targets: try texts(member.value, field) ?? [],
          weights: CompressionConfig.Weights.preset(member.key),
          quantizesActivations: false
        )
      }
      guard case .object = member.value else { throw wrong(field, "an object") }
      return CompressionConfig.Group(
        name: member.key,
        targets: try texts(member.value["targets"], field + ".targets") ?? [],
        format: try format(member.value["format"], field + ".format"),
        weights: try weights(member.value["weights"], field + ".weights"),
        quantizesActivations: isObject(member.value["input_activations"])
      )
    }
  }

  private func weights(_ value: JSONValue?, _ field: String) throws -> CompressionConfig.Weights? {
    guard let value, value != .null else { return nil }
    guard case .object = value else { throw wrong(field, "an object") }
    let bits = try integer(value["num_bits"], field + ".num_bits", 1...32) ?? 8
    var kind = CompressionConfig.Weights.Kind.int
    if let name = try text(value, "type", of: field) {
      guard let found = CompressionConfig.Weights.Kind(rawValue: name.lowercased()) else {
        throw wrong(field + ".type", "int or float")
      }
      kind = found
    }
    let groupSize = try integer(value["group_size"], field + ".group_size", -1...Int(Int32.max))
    if groupSize == 0 { throw wrong(field + ".group_size", "-1, or 1 or more") }
    let block = try block(value["block_structure"], field + ".block_structure")
    var strategy: CompressionConfig.Weights.Strategy?
    if let name = try text(value, "strategy", of: field) {
      guard let found = CompressionConfig.Weights.Strategy(rawValue: name.lowercased()) else {
        throw wrong(field + ".strategy", "tensor, channel, group, block or tensor_group")
      }
      strategy = found
    } else if let groupSize {
      // The library's own rule where the strategy is left out.
      strategy = groupSize == -1 ? .channel : .group
    }
    if strategy == .block && block == nil { throw wrong(field + ".block_structure", "rows and columns") }
    return CompressionConfig.Weights(
      bits: bits,
      kind: kind,
      isSymmetric: try boolean(value["symmetric"], field + ".symmetric") ?? true,
      groupSize: groupSize == -1 ? nil : groupSize,
      strategy: strategy,
      block: block
    )
  }

  private func text(_ value: JSONValue, _ name: String, of field: String) throws -> String? {
    switch value[name] {
    case nil, .null?: return nil
    case .string(let text)?: return text
    default: throw wrong("\(field).\(name)", "text")
    }
  }

  private func integer(_ value: JSONValue?, _ field: String, _ range: ClosedRange<Int>) throws -> Int? {
    guard let value, value != .null else { return nil }
    guard case .number(let spelling) = value, let number = Int(spelling), range.contains(number) else {
      throw wrong(field, "an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  private func boolean(_ value: JSONValue?, _ field: String) throws -> Bool? {
    guard let value, value != .null else { return nil }
    guard case .boolean(let flag) = value else { throw wrong(field, "true or false") }
    return flag
  }

  /// `[128, 128]`, or in older files `"128x128"`.
  private func block(_ value: JSONValue?, _ field: String) throws -> [Int]? {
    let expected = "two integers from 1 to \(Int32.max)"
    let parts: [String]
    switch value {
    case nil, .null?: return nil
    case .string(let text)?:
      parts = text.split(separator: "x", omittingEmptySubsequences: false).map(String.init)
    case .array(let elements)?:
      parts = try elements.map { element in
        guard case .number(let spelling) = element else { throw wrong(field, expected) }
        return spelling
      }
    default: throw wrong(field, expected)
    }
    let extents = parts.compactMap { Int($0) }.filter { $0 >= 1 && $0 <= Int(Int32.max) }
    guard parts.count == 2, extents.count == 2 else { throw wrong(field, expected) }
    return extents
  }

  private func sparsity(_ value: JSONValue?) throws -> CompressionConfig.Sparsity? {
    guard let value, value != .null else { return nil }
    guard case .object(let members) = value else { throw wrong("sparsity_config", "an object") }
    if members.isEmpty { return nil }
    guard let format = try format(value["format"], "sparsity_config.format") else {
      throw wrong("sparsity_config.format", "text")
    }
    guard format == .dense || format.isSparse else {
      throw wrong("sparsity_config.format", "dense, sparse-bitmask, sparse-24-bitmask or marlin-24")
    }
    var share: Double?
    switch value["global_sparsity"] {
    case nil, .null?: break
    case .number(let spelling)?:
      // A percentage in older files, a fraction in newer ones.
      share = Double(spelling).map { $0 > 1 ? $0 / 100 : $0 }
    default: throw wrong("sparsity_config.global_sparsity", "a number")
    }
    return CompressionConfig.Sparsity(
      format: format,
      targets: try texts(value["targets"], "sparsity_config.targets"),
      ignore: try texts(value["ignore"], "sparsity_config.ignore") ?? [],
      globalSparsity: share,
      structure: try text(value, "sparsity_structure", of: "sparsity_config")
    )
  }
}
