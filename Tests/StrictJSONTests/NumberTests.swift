import StrictJSON
import Testing

@Suite("Numbers")
struct NumberTests {
  static let doubles: [(text: String, value: Double)] = [
    ("0", 0), ("-0", -0.0), ("7", 7), ("-1", -1), ("10", 10), ("0.5", 0.5), ("-1.25e2", -125), ("1E3", 1000),
    ("1e+3", 1000), ("25e-2", 0.25), ("0e0", 0), ("0.0", 0), ("1e00", 1),
    ("9007199254740993", 9007199254740992),
    ("1.7976931348623157e308", .greatestFiniteMagnitude), ("5e-324", .leastNonzeroMagnitude), ("1e-400", 0),
    ("0.1", 0.1), ("18446744073709551615", 0x1p64),
  ]

  @Test("A number in the grammar is read to the nearest double", arguments: doubles)
  func double(text: String, value: Double) throws {
    for pieces in Pieces.allCases {
      let read = try pieces.read(Array(text.utf8)) { try $0.readDouble() }
      #expect(read.bitPattern == value.bitPattern, "\(pieces)")
    }
  }

  @Test("A number may have 4096 characters and no more")
  func length() throws {
    for pieces in Pieces.allCases {
      let longest = Array(("0." + String(repeating: "3", count: 4094)).utf8)
      #expect(try pieces.failure(of: longest) { _ = try $0.readDouble() } == nil)
      let longer = try pieces.failure(of: longest + [0x33]) { _ = try $0.readDouble() }
      #expect(longer?.rule == .numberOutOfRange)
    }
  }

  static let integers: [(text: String, value: UInt64?)] = [
    ("0", 0), ("1", 1), ("10", 10), ("100000", 100000), ("18446744073709551615", .max),
    ("9007199254740993", 9_007_199_254_740_993), ("18446744073709551616", nil), ("18446744073709551620", nil),
    ("99999999999999999999", nil), ("100000000000000000000000000000", nil), ("-0", nil), ("-1", nil),
    ("1.0", nil), ("16.0", nil), ("2e0", nil), ("2E1", nil), ("00", nil), ("01", nil), ("0.0", nil),
    ("0e0", nil),
  ]

  @Test("An unsigned integer is plain digits that 64 bits hold", arguments: integers)
  func unsignedInteger(text: String, value: UInt64?) throws {
    for pieces in Pieces.allCases {
      let document = Array(" [ \(text) ]".utf8)
      var read: UInt64?
      let failure = try pieces.failure(of: document) { reader in
        try reader.beginArray()
        while try reader.nextElement() { read = try reader.readUInt64() }
      }
      #expect(read == value, "\(pieces)")
      #expect(failure == (value == nil ? JSONError(.notUnsignedInteger, at: 3) : nil), "\(pieces)")
    }
  }

  @Test("An unsigned integer is no other kind of value", arguments: ["\"1\"", "true", "null", "[1]", "{}"])
  func wrongKind(text: String) throws {
    let failure = try Pieces.whole.failure(of: Array(text.utf8)) { _ = try $0.readUInt64() }
    guard case .wrongKind(_, expected: "an unsigned integer") = failure?.rule else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(failure?.offset == 0)
  }

  static let wholeNumbers: [(text: String, value: UInt64?)] = [
    ("0", 0), ("42", 42), ("42.0", 42), ("1e3", 1000), ("1.5e1", 15), ("18446744073709551615", .max),
    ("9007199254740993", 9_007_199_254_740_993), ("18446744073709551616", nil),
    ("1e19", 10_000_000_000_000_000_000),
    ("1e20", nil), ("1.5", nil), ("-1", nil), ("-1.0", nil),
  ]

  @Test("A whole number is read exactly however it is written", arguments: wholeNumbers)
  func wholeNumber(text: String, value: UInt64?) throws {
    for pieces in Pieces.allCases {
      #expect(try pieces.read(Array(text.utf8)) { try $0.readWholeNumber() } == value, "\(pieces)")
    }
  }
}
