/// A text that breaks a rule of JSON (RFC 8259), or one of the stricter rules of this reader.
public struct JSONError: Error, Sendable, Hashable {
  /// The rules, one case each.
  public enum Rule: Sendable, Hashable {
    /// The text ends too early.
    case unexpectedEnd
    /// Another byte than the grammar allows here.
    case unexpectedByte(UInt8, expected: String)
    /// A value of another kind than the caller needs.
    case wrongKind(found: JSONKind, expected: String)
    /// Something after the value.
    case trailingBytes
    /// A byte under 0x20 within a string.
    case controlCharacter(UInt8)
    /// A backslash before something that is no escape.
    case badEscape
    /// Half of a surrogate pair.
    case loneSurrogate
    /// Bytes that are no UTF-8.
    case notUTF8
    /// A number that is no number.
    case badNumber
    /// A number that is no unsigned 64-bit integer in plain decimal digits.
    case notUnsignedInteger
    /// A number beyond double precision.
    case numberOutOfRange
    /// Arrays and objects nested deeper than the limit.
    case tooDeep(limit: Int)
    /// A key that its object already had.
    case duplicateKey(String)
    /// More keys in skipped objects than the limit.
    case tooManyKeys(limit: Int)
  }

  /// The broken rule.
  public var rule: Rule
  /// Where, in bytes from the start of the text.
  public var offset: UInt64

  /// A violation of `rule` at `offset`.
  public init(_ rule: Rule, at offset: UInt64) {
    self.rule = rule
    self.offset = offset
  }

  /// What is wrong, in words.
  public var problem: String {
    switch rule {
    case .unexpectedEnd: "the JSON text ends too early"
    case .unexpectedByte(let byte, let expected): "\(Self.show(byte)) where \(expected) should be"
    case .wrongKind(let found, let expected): "\(found.rawValue) where \(expected) should be"
    case .trailingBytes: "something follows the JSON value"
    case .controlCharacter(let byte): "control character \(Self.show(byte)) within a string"
    case .badEscape: "an unknown escape within a string"
    case .loneSurrogate: "half of a surrogate pair within a string"
    case .notUTF8: "bytes that are not UTF-8"
    case .badNumber: "a malformed number"
    case .notUnsignedInteger: "a number that is no unsigned 64-bit integer in plain digits"
    case .numberOutOfRange: "a number that is out of range"
    case .tooDeep(let limit): "nesting deeper than \(limit)"
    case .duplicateKey(let key): "the key \"\(key)\" twice in one object"
    case .tooManyKeys(let limit): "more than \(limit) keys in unknown fields"
    }
  }

  private static func show(_ byte: UInt8) -> String {
    if byte > 0x20 && byte < 0x7F { return "'\(Character(UnicodeScalar(byte)))'" }
    let digits = String(byte, radix: 16)
    return "byte 0x" + (digits.count < 2 ? "0" : "") + digits
  }
}

/// The kinds of JSON values.
public enum JSONKind: String, Sendable, Hashable {
  /// `{ ... }`
  case object = "an object"
  /// `[ ... ]`
  case array = "an array"
  /// `"..."`
  case string = "a string"
  /// `-1.5e3`
  case number = "a number"
  /// `true` or `false`
  case boolean = "a boolean"
  /// `null`
  case null = "null"
}
