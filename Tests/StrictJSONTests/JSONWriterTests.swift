import StrictJSON
import Testing

@Suite("JSONWriter")
struct JSONWriterTests {
  static func text(_ value: JSONTree, indent: Int? = nil) throws -> String {
    var writer = JSONWriter(indent: indent)
    try value.write(&writer)
    return String(decoding: try writer.finish(), as: UTF8.self)
  }

  static let scalars: [(value: JSONTree, text: String)] = [
    (.null, "null"), (.boolean(true), "true"), (.boolean(false), "false"), (.string(""), "\"\""),
    (.number(0), "0"), (.number(-0.0), "-0"), (.number(1), "1"), (.number(-2.5), "-2.5"),
    (.number(0.1), "0.1"),
    (.number(1e300), "1e+300"), (.number(.leastNonzeroMagnitude), "5e-324"),
    (.number(9_007_199_254_740_992), "9007199254740992"),
    // JSON has no such numbers.
    (.number(.nan), "\"nan\""), (.number(.infinity), "\"inf\""), (.number(-.infinity), "\"-inf\""),
  ]

  @Test("A scalar has one spelling", arguments: scalars)
  func scalar(value: JSONTree, text: String) throws {
    #expect(try Self.text(value) == text)
  }

  @Test("Integers of every width are written in full")
  func integers() throws {
    var writer = JSONWriter()
    try writer.array { writer in
      try writer.value(UInt64.max)
      try writer.value(Int64.min)
      try writer.value(UInt8(0))
      try writer.value(-1)
    }
    let text = String(decoding: try writer.finish(), as: UTF8.self)
    #expect(text == "[18446744073709551615,-9223372036854775808,0,-1]")
  }

  static let escapes: [(text: String, quoted: String)] = [
    ("\"", #""\"""#), ("\\", #""\\""#), ("/", #""/""#), ("\u{8}\u{C}\n\r\t", #""\b\f\n\r\t""#),
    ("\u{0}\u{1}\u{B}\u{1F}", #""\u0000\u0001\u000b\u001f""#), ("\u{7F}", "\"\u{7F}\""),
    ("\u{80}\u{2028}\u{1F9CA}", "\"\u{80}\u{2028}\u{1F9CA}\""), ("e\u{301}", "\"e\u{301}\""),
    ("<script>'&", "\"<script>'&\""),
  ]

  @Test("Only quotes, backslashes and control characters are escaped", arguments: escapes)
  func escape(text: String, quoted: String) throws {
    #expect(Array(try Self.text(.string(text)).utf8) == Array(quoted.utf8))
    let key = try Self.text(.object([.init(text, .null)]))
    #expect(Array(key.utf8) == Array("{\(quoted):null}".utf8))
  }

  static let sample = JSONTree.object([
    .init("b", .array([.number(1), .object([.init("k", .null)]), .array([])])), .init("a", .object([])),
    .init("b", .boolean(false)),
  ])

  @Test("Without an indent there is no white space, and keys keep their order")
  func compact() throws {
    #expect(try Self.text(Self.sample) == #"{"b":[1,{"k":null},[]],"a":{},"b":false}"#)
  }

  @Test("An indent puts each item on its line, leaves empty ones closed, and ends the text with a break")
  func indented() throws {
    let expected = """
      {
        "b": [
          1,
          {
            "k": null
          },
          []
        ],
        "a": {},
        "b": false
      }

      """
    #expect(try Self.text(Self.sample, indent: 2) == expected)
    #expect(try Self.text(Self.sample, indent: 0).utf8.count { $0 == 0x20 } == 4)
  }

  @Test("A sink gets the same text in pieces of some 64 KiB")
  func sink() throws {
    final class Collected {
      var pieces: [[UInt8]] = []
    }
    let collected = Collected()
    var whole = JSONWriter()
    var pieced = JSONWriter(indent: nil) { collected.pieces.append(copy $0) }
    func write(_ writer: inout JSONWriter) throws {
      try writer.array { writer in
        for number in 0..<40_000 { try writer.value(number) }
      }
    }
    try write(&whole)
    try write(&pieced)
    #expect(try pieced.finish().isEmpty)
    #expect(try whole.finish() == collected.pieces.flatMap { $0 })
    #expect(collected.pieces.count > 2)
    #expect(collected.pieces.allSatisfy { $0.count < 66_000 })
  }
}
