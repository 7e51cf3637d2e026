import StrictJSON
import Testing

/// A text that is JSON, and what it says.
struct ValidDocument: Sendable, CustomTestStringConvertible {
  let text: [UInt8]
  let value: JSONTree
  // Escaped: it goes to a terminal.
  var testDescription: String { String(reflecting: String(decoding: text.prefix(60), as: UTF8.self)) }

  init(_ text: String, _ value: JSONTree) {
    self.text = Array(text.utf8)
    self.value = value
  }

  static let all = [
    ValidDocument("null", .null),
    ValidDocument("true", .boolean(true)),
    ValidDocument("false", .boolean(false)),
    ValidDocument(" \t\r\n null \n", .null),
    ValidDocument("{}", .object([])),
    ValidDocument("[]", .array([])),
    ValidDocument("[ ]", .array([])),
    ValidDocument("{\n}", .object([])),
    ValidDocument("[[],{}]", .array([.array([]), .object([])])),
    ValidDocument("[1,2]", .array([.number(1), .number(2)])),
    ValidDocument("[ 1 , 2 ]", .array([.number(1), .number(2)])),
    ValidDocument(#"{"b":1,"a":2}"#, .object([.init("b", .number(1)), .init("a", .number(2))])),
    ValidDocument(#"{ "a" : { "b" : [ null ] } }"#, nested),
    ValidDocument(#"{"":""}"#, .object([.init("", .string(""))])),
    // Whoever keeps keys refuses these; the reader hides none.
    ValidDocument(#"{"a":1,"a":2}"#, .object([.init("a", .number(1)), .init("a", .number(2))])),
    ValidDocument("\"caf\u{E9}\"", .string("caf\u{E9}")),
    ValidDocument("\"cafe\u{301}\"", .string("cafe\u{301}")),
    ValidDocument("\"\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}\"", .string("\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}")),
    ValidDocument("\"\u{10000}\u{10FFFF}\"", .string("\u{10000}\u{10FFFF}")),
    ValidDocument("\"\u{2028}\u{2029}\u{FEFF}\"", .string("\u{2028}\u{2029}\u{FEFF}")),
    ValidDocument(#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{C}\n\r\t")),
    ValidDocument(#""\u0041\u00e9\u00E9\u6c34""#, .string("A\u{E9}\u{E9}\u{6C34}")),
    ValidDocument(#""a\u0000b""#, .string("a\u{0}b")),
    ValidDocument(#""\ud83e\uddca""#, .string("\u{1F9CA}")),
    ValidDocument(#""\uD800\uDC00\uDBFF\uDFFF""#, .string("\u{10000}\u{10FFFF}")),
    ValidDocument(#""\ud7ff\ue000\uffff""#, .string("\u{D7FF}\u{E000}\u{FFFF}")),
    // Two scalars that one would be normalized to stay two.
    ValidDocument(#""e\u0301""#, .string("e\u{301}")),
    ValidDocument(#"{"\u0061":1}"#, .object([.init("a", .number(1))])),
  ]

  private static let nested = JSONTree.object([.init("a", .object([.init("b", .array([.null]))]))])
}

@Suite("Valid documents")
struct ValidDocumentTests {
  @Test("A document says the same in whatever pieces it comes", arguments: ValidDocument.all)
  func reads(document: ValidDocument) throws {
    for pieces in Pieces.allCases {
      #expect(try pieces.read(document.text, JSONTree.read) == document.value, "\(pieces)")
    }
  }

  @Test("Text is the same bytes whether a string is made of it or not", arguments: ValidDocument.all)
  func readsText(document: ValidDocument) throws {
    guard case .text(let bytes) = document.value else { return }
    for pieces in Pieces.allCases {
      let read = try pieces.read(document.text) { reader in try reader.readText { Array($0) } }
      #expect(read == bytes, "\(pieces)")
    }
  }

  @Test("Strings read whole around the length at which skipped ones are checked in parts")
  func longStrings() throws {
    for pieces in Pieces.allCases {
      for length in 4090...4100 {
        let text = String(repeating: "x", count: length) + "\u{1F9CA}\u{E9}\u{6C34}"
        let document = Array("\"\(text)\"".utf8)
        #expect(try pieces.read(document, JSONTree.read) == .string(text), "\(pieces), \(length)")
        #expect(try pieces.failure(of: document) { try $0.skipValue() } == nil, "\(pieces), \(length)")
      }
    }
  }

  @Test("A value may nest 127 deep", arguments: ["[", #"{"k":"#])
  func deepestNesting(opening: String) throws {
    let closing = opening == "[" ? "]" : "}"
    let depth = JSONReader.depthLimit
    let innermost = opening == "[" ? "" : "null"
    let document = Array(
      (String(repeating: opening, count: depth) + innermost + String(repeating: closing, count: depth)).utf8
    )
    for pieces in Pieces.allCases {
      #expect(try pieces.failure(of: document) { _ = try JSONTree.read(&$0) } == nil, "\(pieces)")
      #expect(try pieces.failure(of: document) { try $0.skipValue() } == nil, "\(pieces)")
    }
    #expect(depth == 127)
  }
}
