import StrictJSON
import Testing

@Suite("Skipped values")
struct SkippedValueTests {
  /// Texts with a key twice in one object, and where the pair stands.
  static let duplicates: [(text: String, key: String, offset: UInt64)] = [
    (#"{"a":1,"a":1}"#, "a", 6),
    (#"{"a":1,"b":2,"a":1}"#, "a", 12),
    (#"{"x":{"a":[],"a":{}}}"#, "a", 12),
    (#"[[{"a":1,"a":1}]]"#, "a", 8),
    // Behind an inner object, which has keys of its own.
    (#"{"a":{"b":{"a":1}},"a":1}"#, "a", 18),
    (#"{"a":1,"\u0061":1}"#, "a", 6),
    (#"{"":1,"":1}"#, "", 5),
  ]

  @Test("A key twice in one object is refused at any depth", arguments: duplicates)
  func duplicateKey(text: String, key: String, offset: UInt64) throws {
    for pieces in Pieces.allCases {
      let failure = try pieces.failure(of: Array(text.utf8)) { try $0.skipValue() }
      #expect(failure == JSONError(.duplicateKey(key), at: offset), "\(pieces)")
    }
  }

  @Test(
    "The same key in different objects is fine",
    arguments: [#"{"a":{"a":{"a":1}}}"#, #"[{"a":1},{"a":1}]"#, #"{"a":[{"a":1}],"b":{"a":1}}"#]
  )
  func sameKeyElsewhere(text: String) throws {
    for pieces in Pieces.allCases {
      #expect(try pieces.failure(of: Array(text.utf8)) { try $0.skipValue() } == nil, "\(pieces)")
    }
  }

  @Test("Skipping takes one value and stands behind it")
  func takesOneValue() throws {
    let text = #"[{"a":[1,{"b":"]"}]},"x\"]",-1.5e3,true,null,7]"#
    for pieces in Pieces.allCases {
      let last = try pieces.read(Array(text.utf8)) { reader -> UInt64? in
        var last: UInt64?
        var index = 0
        try reader.beginArray()
        while try reader.nextElement() {
          if index < 5 { try reader.skipValue() } else { last = try reader.readUInt64() }
          index += 1
        }
        return last
      }
      #expect(last == 7, "\(pieces)")
    }
  }

  @Test("A skipped value may have 100,000 keys and no more", arguments: [0, 1])
  func keyLimit(excess: Int) throws {
    let limit = JSONReader.skippedKeyLimit
    // Spread over objects: the limit is on all of them together.
    var text = "["
    for key in 0..<(limit + excess) {
      text += key % 1000 == 0 ? (key == 0 ? "{" : "},{") : ","
      text += "\"\(key)\":0"
    }
    let failure = try Pieces.windows(64).failure(of: Array((text + "}]").utf8)) { try $0.skipValue() }
    #expect(failure?.rule == (excess == 0 ? nil : .tooManyKeys(limit: limit)))
    #expect(limit == 100_000)
  }

  /// Characters that a part of a long string may end in, and what breaks each off.
  static let tails: [(bytes: [UInt8], isValid: Bool)] = [
    ([0x78], true), ([0xC3, 0xA9], true), ([0xE6, 0xB0, 0xB4], true), ([0xF0, 0x9F, 0xA7, 0x8A], true),
    ([0xC3], false), ([0xE6, 0xB0], false), ([0xF0, 0x9F, 0xA7], false), ([0xA9], false),
    ([0xC3, 0xA9, 0xA9], false), ([0xF0, 0x9F, 0xA7, 0x8A, 0x8A], false), ([0xFF], false),
  ]

  @Test("A long skipped string is checked wherever its parts end", arguments: tails)
  func longString(bytes: [UInt8], isValid: Bool) throws {
    for pieces in Pieces.allCases {
      for length in 4092...4097 {
        let string = [UInt8](repeating: 0x78, count: length) + bytes + [UInt8](repeating: 0x79, count: 9)
        let text = [0x5B, 0x22] + string + [0x22, 0x5D]
        let failure = try pieces.failure(of: text) { try $0.skipValue() }
        #expect(failure == (isValid ? nil : JSONError(.notUTF8, at: 1)), "\(pieces), \(length)")
      }
    }
  }
}
