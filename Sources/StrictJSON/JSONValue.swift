/// One value of a small document, kept whole: members in their order, numbers as they are spelled.
///
/// For configurations only; what may be large is read value by value.
public indirect enum JSONValue: Sendable, Hashable {
  /// A member of an object.
  public struct Member: Sendable, Hashable {
    /// The key, unique in its object.
    public var key: String
    /// The value.
    public var value: JSONValue

    /// A member of this key and value.
    public init(_ key: String, _ value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  /// `{ ... }`
  case object([Member])
  /// `[ ... ]`
  case array([JSONValue])
  /// `"..."`
  case string(String)
  /// A number, as it is spelled.
  case number(String)
  /// `true` or `false`
  case boolean(Bool)
  /// `null`
  case null

  /// The most values that one document may have.
  public static let valueLimit = 200_000

  /// Reads one value of any kind. Memory: some 50 bytes a value and the text; nesting is bounded by the reader.
  /// - Throws: ``JSONError`` for what is no JSON, a key twice in one object, or more than ``valueLimit`` values.
  public init(reading reader: inout JSONReader) throws {
    var count = 0
    self = try Self.read(&reader, &count)
  }

  private static func read(_ reader: inout JSONReader, _ count: inout Int) throws -> JSONValue {
    count += 1
    if count > valueLimit { throw reader.failure(.tooManyKeys(limit: valueLimit)) }
    switch try reader.peekKind() {
    case .object:
      var members: [Member] = []
      var keys = Set<String>()
      try reader.beginObject()
      while true {
        let start = reader.offset
        guard let key = try reader.nextKey() else { return .object(members) }
        if !keys.insert(key).inserted { throw JSONError(.duplicateKey(key), at: start) }
        members.append(Member(key, try read(&reader, &count)))
      }
    case .array:
      var elements: [JSONValue] = []
      try reader.beginArray()
      while try reader.nextElement() { elements.append(try read(&reader, &count)) }
      return .array(elements)
    case .string: return .string(try reader.readString())
    case .number: return .number(try reader.readNumberText())
    case .boolean: return .boolean(try reader.readBoolean())
    case .null:
      _ = try reader.readNull()
      return .null
    }
  }

  /// The value under `key`; nil where this is no object or has no such key.
  public subscript(_ key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  /// The text as Python's `json.dumps(indent: 2)` writes it: two spaces a level, nothing but ASCII, empty
  /// containers closed on their line, no line break at the end.
  ///
  /// - Parameters:
  ///   - sortsKeys: whether keys are sorted by code points, as `sort_keys` does.
  ///   - level: how deep the value stands, for the lines after its first.
  public func pythonText(sortsKeys: Bool, level: Int = 0) -> String {
    var text: [UInt8] = []
    append(to: &text, sortsKeys: sortsKeys, level: level)
    return String(decoding: text, as: UTF8.self)
  }

  private func append(to text: inout [UInt8], sortsKeys: Bool, level: Int) {
    /// Starts a line within this value, or ends it.
    func breakLine(_ depth: Int) {
      text.append(UInt8(ascii: "\n"))
      text.append(contentsOf: repeatElement(0x20, count: 2 * depth))
    }
    switch self {
    case .object(let members):
      let ordered =
        sortsKeys
        ? members.sorted { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) } : members
      text.append(UInt8(ascii: "{"))
      for (index, member) in ordered.enumerated() {
        if index > 0 { text.append(UInt8(ascii: ",")) }
        breakLine(level + 1)
        Self.appendASCII(member.key, to: &text)
        text.append(contentsOf: ": ".utf8)
        member.value.append(to: &text, sortsKeys: sortsKeys, level: level + 1)
      }
      if !members.isEmpty { breakLine(level) }
      text.append(UInt8(ascii: "}"))
    case .array(let elements):
      text.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { text.append(UInt8(ascii: ",")) }
        breakLine(level + 1)
        element.append(to: &text, sortsKeys: sortsKeys, level: level + 1)
      }
      if !elements.isEmpty { breakLine(level) }
      text.append(UInt8(ascii: "]"))
    case .string(let string): Self.appendASCII(string, to: &text)
    case .number(let spelling): text.append(contentsOf: spelling.utf8)
    case .boolean(let flag): text.append(contentsOf: (flag ? "true" : "false").utf8)
    case .null: text.append(contentsOf: "null".utf8)
    }
  }

  /// Appends a string whose characters beyond ASCII are escaped, as `ensure_ascii` does.
  private static func appendASCII(_ string: String, to text: inout [UInt8]) {
    var plain: [UInt8] = []
    JSONWriter.append(quoting: string.utf8, to: &plain)
    if plain.allSatisfy({ $0 < 0x7F }) {
      text.append(contentsOf: plain)
      return
    }
    for unit in String(decoding: plain, as: UTF8.self).utf16 {
      if unit < 0x7F {
        text.append(UInt8(unit))
      } else {
        let digits = String(unit, radix: 16)
        text.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits).utf8)
      }
    }
  }
}

extension [JSONValue.Member] {
  /// Gives `key` this value, in its place if it is there, else at the end.
  public mutating func set(_ key: String, to value: JSONValue) {
    if let index = firstIndex(where: { $0.key == key }) {
      self[index].value = value
    } else {
      append(JSONValue.Member(key, value))
    }
  }
}
