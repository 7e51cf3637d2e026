import StrictJSON
import Testing

/// A text that is no JSON, or that this reader refuses, and the error.
struct InvalidDocument: Sendable, CustomTestStringConvertible {
  let text: [UInt8]
  let error: JSONError
  // Escaped: it goes to a terminal.
  var testDescription: String { String(reflecting: String(decoding: text.prefix(60), as: UTF8.self)) }

  init(_ text: String, _ rule: JSONError.Rule, at offset: UInt64) {
    self.init(bytes: Array(text.utf8), rule, at: offset)
  }

  init(bytes: [UInt8], _ rule: JSONError.Rule, at offset: UInt64) {
    text = bytes
    error = JSONError(rule, at: offset)
  }

  /// A string of these bytes, quotes not included, that is refused where it starts.
  static func notUTF8(_ bytes: [UInt8]) -> InvalidDocument {
    InvalidDocument(bytes: [0x5B, 0x22, 0x61] + bytes + [0x22, 0x5D], .notUTF8, at: 1)
  }

  static func unexpected(_ character: Character, _ expected: String) -> JSONError.Rule {
    .unexpectedByte(character.asciiValue ?? 0, expected: expected)
  }

  static let structure = [
    InvalidDocument("", .unexpectedEnd, at: 0),
    InvalidDocument("  ", .unexpectedEnd, at: 2),
    InvalidDocument("[", .unexpectedEnd, at: 1),
    InvalidDocument("[1", .unexpectedEnd, at: 2),
    InvalidDocument("[1,", .unexpectedEnd, at: 3),
    InvalidDocument("{", .unexpectedEnd, at: 1),
    InvalidDocument(#"{"a""#, .unexpectedEnd, at: 4),
    InvalidDocument(#"{"a":"#, .unexpectedEnd, at: 5),
    InvalidDocument(#"{"a":1"#, .unexpectedEnd, at: 6),
    InvalidDocument("]", unexpected("]", "a value"), at: 0),
    InvalidDocument("[,]", unexpected(",", "a value"), at: 1),
    InvalidDocument("[1,]", unexpected("]", "a value"), at: 3),
    InvalidDocument("[1 2]", unexpected("2", "',' or ']'"), at: 3),
    InvalidDocument("[1}", unexpected("}", "',' or ']'"), at: 2),
    InvalidDocument("{,}", unexpected(",", "a key"), at: 1),
    InvalidDocument("{1:2}", unexpected("1", "a key"), at: 1),
    InvalidDocument("{a:2}", unexpected("a", "a key"), at: 1),
    InvalidDocument(#"{"a":1,}"#, unexpected("}", "a key"), at: 7),
    InvalidDocument(#"{"a" 1}"#, unexpected("1", "':'"), at: 5),
    InvalidDocument(#"{"a":}"#, unexpected("}", "a value"), at: 5),
    InvalidDocument(#"{"a":1 "b":2}"#, unexpected("\"", "',' or '}'"), at: 7),
    InvalidDocument(#"{"a":1]"#, unexpected("]", "',' or '}'"), at: 6),
    InvalidDocument("'a'", unexpected("'", "a value"), at: 0),
    InvalidDocument("// a\n1", unexpected("/", "a value"), at: 0),
    InvalidDocument("\u{FEFF}1", .unexpectedByte(0xEF, expected: "a value"), at: 0),
    InvalidDocument("\u{0}", .unexpectedByte(0, expected: "a value"), at: 0),
    // White space of Unicode, and of C, but not of JSON.
    InvalidDocument("\u{A0}1", .unexpectedByte(0xC2, expected: "a value"), at: 0),
    InvalidDocument("\u{C}1", .unexpectedByte(0x0C, expected: "a value"), at: 0),
    InvalidDocument("1 1", .trailingBytes, at: 2),
    InvalidDocument("{}{}", .trailingBytes, at: 2),
    InvalidDocument("[]\u{0}", .trailingBytes, at: 2),
    InvalidDocument("null,", .trailingBytes, at: 4),
    InvalidDocument("nullx", .trailingBytes, at: 4),
  ]

  static let words = [
    InvalidDocument("nul", .unexpectedEnd, at: 3),
    InvalidDocument("nulL", unexpected("L", "'null'"), at: 3),
    InvalidDocument("tru", .unexpectedEnd, at: 3),
    InvalidDocument("[trua]", unexpected("a", "'true'"), at: 4),
    InvalidDocument("fals", .unexpectedEnd, at: 4),
    InvalidDocument("[false1]", unexpected("1", "',' or ']'"), at: 6),
    InvalidDocument("True", unexpected("T", "a value"), at: 0),
    InvalidDocument("NaN", unexpected("N", "a value"), at: 0),
    InvalidDocument("Infinity", unexpected("I", "a value"), at: 0),
    InvalidDocument("undefined", unexpected("u", "a value"), at: 0),
  ]

  static let numbers = [
    InvalidDocument("-", .badNumber, at: 0),
    InvalidDocument("[-a]", .badNumber, at: 1),
    InvalidDocument("-Infinity", .badNumber, at: 0),
    InvalidDocument("01", .badNumber, at: 0),
    InvalidDocument("-01", .badNumber, at: 0),
    InvalidDocument("00", .badNumber, at: 0),
    InvalidDocument("1.", .badNumber, at: 0),
    InvalidDocument("1.e1", .badNumber, at: 0),
    InvalidDocument("1e", .badNumber, at: 0),
    InvalidDocument("[1e+]", .badNumber, at: 1),
    InvalidDocument("1e-", .badNumber, at: 0),
    InvalidDocument("+1", unexpected("+", "a value"), at: 0),
    InvalidDocument(".5", unexpected(".", "a value"), at: 0),
    InvalidDocument("0x10", .trailingBytes, at: 1),
    InvalidDocument("1_000", .trailingBytes, at: 1),
    InvalidDocument("1e400", .numberOutOfRange, at: 0),
    InvalidDocument("[-1e400]", .numberOutOfRange, at: 1),
    InvalidDocument(String(repeating: "1", count: 400), .numberOutOfRange, at: 0),
  ]

  static let strings = [
    InvalidDocument("\"", .unexpectedEnd, at: 1),
    InvalidDocument("\"abc", .unexpectedEnd, at: 4),
    InvalidDocument(#"["a\"#, .unexpectedEnd, at: 4),
    InvalidDocument(#""\u12"#, .unexpectedEnd, at: 5),
    InvalidDocument(#""\ud83e"#, .unexpectedEnd, at: 7),
    InvalidDocument("\"a\nb\"", .controlCharacter(0x0A), at: 2),
    InvalidDocument("\"\u{0}\"", .controlCharacter(0), at: 1),
    InvalidDocument("\"abc\u{1F}\"", .controlCharacter(0x1F), at: 4),
    InvalidDocument("{\"a\tb\":1}", .controlCharacter(0x09), at: 3),
    InvalidDocument(#""\x41""#, .badEscape, at: 1),
    InvalidDocument(#""a\'""#, .badEscape, at: 2),
    InvalidDocument(#""\U0041""#, .badEscape, at: 1),
    InvalidDocument(#""\u00g0""#, .badEscape, at: 1),
    InvalidDocument(#""\u 041""#, .badEscape, at: 1),
    InvalidDocument(#""\u+041""#, .badEscape, at: 1),
    InvalidDocument(#""\u00""#, .badEscape, at: 1),
    InvalidDocument("\"\\\n\"", .badEscape, at: 1),
    InvalidDocument(#""\ud83e""#, .loneSurrogate, at: 1),
    InvalidDocument(#""a\uddca""#, .loneSurrogate, at: 2),
    InvalidDocument(#""\udc00\ud800""#, .loneSurrogate, at: 1),
    InvalidDocument(#""\ud83ex""#, .loneSurrogate, at: 1),
    InvalidDocument(#""\ud83e\n""#, .loneSurrogate, at: 1),
    InvalidDocument(#""\ud83e\ud83e""#, .loneSurrogate, at: 1),
    InvalidDocument(#""\ud83e\u0041""#, .loneSurrogate, at: 1),
    InvalidDocument(#"{"\udfff":1}"#, .loneSurrogate, at: 2),
  ]

  static let encoding = [
    notUTF8([0x80]), notUTF8([0xBF, 0xBF]), notUTF8([0xC3]), notUTF8([0xC3, 0x28]),
    // Longer than need be.
    notUTF8([0xC0, 0x80]), notUTF8([0xC1, 0xBF]), notUTF8([0xE0, 0x80, 0x80]), notUTF8([0xE0, 0x9F, 0xBF]),
    notUTF8([0xF0, 0x80, 0x80, 0x80]), notUTF8([0xF0, 0x8F, 0xBF, 0xBF]),
    // Halves of surrogate pairs, and beyond the last character.
    notUTF8([0xED, 0xA0, 0x80]), notUTF8([0xED, 0xBF, 0xBF]), notUTF8([0xF4, 0x90, 0x80, 0x80]),
    notUTF8([0xF5, 0x80, 0x80, 0x80]), notUTF8([0xFE]), notUTF8([0xFF]),
    // Cut off, and gone on with.
    notUTF8([0xE6, 0xB0]), notUTF8([0xF0, 0x9F, 0xA7]), notUTF8([0xC3, 0xA9, 0xA9]),
    notUTF8([0xC3] + Array("\\n".utf8)), notUTF8(Array("\\u00e9".utf8) + [0xA9]),
  ]

  static let all = structure + words + numbers + strings + encoding
}

@Suite("Invalid documents")
struct InvalidDocumentTests {
  @Test(
    "A document breaks the same rule at the same byte in whatever pieces it comes",
    arguments: InvalidDocument.all
  )
  func isRefused(document: InvalidDocument) throws {
    for pieces in Pieces.allCases {
      let failure = try pieces.failure(of: document.text) { _ = try JSONTree.read(&$0) }
      #expect(failure == document.error, "\(pieces)")
    }
  }

  @Test("What is skipped is checked as strictly as what is read", arguments: InvalidDocument.all)
  func isRefusedWhereSkipped(document: InvalidDocument) throws {
    for pieces in Pieces.allCases {
      let failure = try pieces.failure(of: document.text) { try $0.skipValue() }
      #expect(failure == document.error, "\(pieces)")
    }
  }

  @Test("Nesting 128 deep is refused", arguments: ["[", #"{"k":"#, #"[{"k":"#])
  func tooDeep(opening: String) throws {
    let text = Array(String(repeating: opening, count: 128).utf8)
    for pieces in Pieces.allCases {
      let read = try pieces.failure(of: text) { _ = try JSONTree.read(&$0) }
      let skipped = try pieces.failure(of: text) { try $0.skipValue() }
      #expect(read?.rule == .tooDeep(limit: 127), "\(pieces)")
      #expect(skipped == read, "\(pieces)")
    }
  }

  @Test("A depth of millions takes no stack")
  func hostileDepth() throws {
    let text = [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
    #expect(try Pieces.whole.failure(of: text) { try $0.skipValue() }?.rule == .tooDeep(limit: 127))
  }

  @Test("An error says in words what is wrong", arguments: InvalidDocument.all)
  func problem(document: InvalidDocument) {
    #expect(!document.error.problem.isEmpty)
    #expect(document.error.problem.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
  }
}
