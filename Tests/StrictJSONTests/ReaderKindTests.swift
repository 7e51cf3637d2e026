import StrictJSON
import Testing

@Suite("Kinds of values")
struct ReaderKindTests {
  static let kinds: [(text: String, kind: JSONKind)] = [
    ("{}", .object), ("[]", .array), ("\"\"", .string), ("-1", .number), ("0", .number), ("true", .boolean),
    ("false", .boolean), ("null", .null),
  ]

  @Test("Whoever asks for another kind learns what is there", arguments: kinds)
  func wrongKind(text: String, kind: JSONKind) throws {
    let calls: [(kind: JSONKind, read: (inout JSONReader) throws -> Void)] = [
      (.object, { try $0.beginObject() }), (.array, { try $0.beginArray() }),
      (.string, { _ = try $0.readString() }), (.string, { try $0.readText { _ in } }),
      (.boolean, { _ = try $0.readBoolean() }),
    ]
    for call in calls where call.kind != kind {
      let failure = try Pieces.whole.failure(of: Array("  \(text)".utf8), call.read)
      #expect(failure == JSONError(.wrongKind(found: kind, expected: call.kind.rawValue), at: 2))
    }
  }

  @Test("Asking for null leaves another value alone", arguments: kinds)
  func readNull(text: String, kind: JSONKind) throws {
    for pieces in Pieces.allCases {
      var reader = pieces.reader(over: Array(" \(text)".utf8))
      #expect(try reader.readNull() == (kind == .null))
      #expect(reader.offset == (kind == .null ? 5 : 1))
      if kind != .null { #expect(try reader.peekKind() == kind) }
    }
  }

  @Test("Looking at a kind reads nothing but white space", arguments: kinds)
  func peekKind(text: String, kind: JSONKind) throws {
    for pieces in Pieces.allCases {
      var reader = pieces.reader(over: Array("\n\t\(text)".utf8))
      #expect(try reader.peekKind() == kind)
      #expect(try reader.peekKind() == kind)
      #expect(reader.offset == 2)
    }
  }

  @Test("Depth counts what is open")
  func depth() throws {
    var reader = JSONReader(Array(#"{"a":[1]}"#.utf8))
    #expect(reader.depth == 0)
    try reader.beginObject()
    #expect(try reader.nextKey() == "a")
    try reader.beginArray()
    #expect(reader.depth == 2)
    #expect(try reader.nextElement())
    #expect(try reader.readUInt64() == 1)
    #expect(try !reader.nextElement())
    #expect(reader.depth == 1)
    #expect(try reader.nextKey() == nil)
    #expect(reader.depth == 0)
  }

  @Test("An error of the text's source comes through")
  func sourceFails() {
    struct Broken: Error {}
    #expect(throws: Broken.self) {
      var reader = JSONReader(windowSize: 4) { _ in throw Broken() }
      try reader.skipValue()
    }
  }
}
