internal import StrictJSON

/// Reads the compression part of a config.json.
///
/// Memory: the text, which is bounded, and the part's values.
enum ConfigReader {
  /// The longest config.json that is read, in bytes: the longest known lists some 100,000 modules.
  static let sizeLimit: UInt64 = 16_000_000

  /// The configuration in `text`, and whether another library's stands in its place.
  /// - Throws: ``ConfigFault``.
  static func read(_ text: [UInt8], file: String) throws -> (CompressionConfig?, isForeign: Bool) {
    do {
      var found: CompressionConfig?
      var isForeign = false
      for (places, key, value) in try members(of: text) {
        // The older name means something only where the newer is not.
        if found != nil && key == .compression { continue }
        let parser = ConfigParser(file: file, key: key, places: places)
        if let config = try parser.parse(value) {
          found = config
        } else if value != .null && value != .object([]) {
          isForeign = true
        }
      }
      return (found, found == nil && isForeign)
    } catch let error as JSONError {
      throw ConfigFault(file: file, .json(error.problem), offset: error.offset)
    }
  }

  /// The members of the top level that may hold the configuration.
  private static func members(
    of text: [UInt8]
  ) throws -> [(ConfigPlaces, CompressionConfig.Key, JSONValue)] {
    var found: [(ConfigPlaces, CompressionConfig.Key, JSONValue)] = []
    var keys = Set<String>()
    var reader = JSONReader(text)
    reader.takesNonFinite = true
    try reader.beginObject()
    var before = Int(reader.offset)
    while let name = try reader.nextKey() {
      if !keys.insert(name).inserted { throw JSONError(.duplicateKey(name), at: UInt64(before)) }
      guard let key = CompressionConfig.Key(rawValue: name) else {
        try reader.skipValue()
        before = Int(reader.offset)
        continue
      }
      _ = try reader.peekKind()
      let start = Int(reader.offset)
      let value = try JSONValue(reading: &reader)
      let end = Int(reader.offset)
      var places = ConfigPlaces(
        key: keyRange(in: text, from: before, to: start),
        value: start..<end,
        member: cut(in: text, before: before, end: end)
      )
      if case .object(let members) = value, members.contains(where: { $0.key == "sparsity_config" }) {
        places.sparsity = try place(of: "sparsity_config", in: text, at: start)
      }
      found.append((places, key, value))
      before = end
    }
    try reader.readEnd()
    return found
  }

  /// What to cut so that a member of the object that starts at `start` is gone.
  private static func place(of key: String, in text: [UInt8], at start: Int) throws -> Range<Int>? {
    var reader = JSONReader(Array(text[start...]))
    reader.takesNonFinite = true
    try reader.beginObject()
    var before = start + Int(reader.offset)
    while let name = try reader.nextKey() {
      try reader.skipValue()
      let end = start + Int(reader.offset)
      if name == key { return cut(in: text, before: before, end: end) }
      before = end
    }
    return nil
  }

  /// From the first quote behind `start` to the last before `end`.
  private static func keyRange(in text: [UInt8], from start: Int, to end: Int) -> Range<Int> {
    let quote = UInt8(ascii: "\"")
    let first = text[start..<end].firstIndex(of: quote) ?? start
    let last = text[start..<end].lastIndex(of: quote) ?? (end - 1)
    return first..<(last + 1)
  }

  /// What a member takes with the comma that sets it off: the one before it, or for the first the one behind.
  ///
  /// - Parameter before: where the member before it ends, or the object's brace.
  private static func cut(in text: [UInt8], before: Int, end: Int) -> Range<Int> {
    if text[before..<end].first(where: { $0 > 0x20 }) == UInt8(ascii: ",") { return before..<end }
    var next = end
    while next < text.count && text[next] <= 0x20 { next += 1 }
    if next < text.count && text[next] == UInt8(ascii: ",") { return before..<(next + 1) }
    // The only one: the braces close up.
    return before..<next
  }
}
