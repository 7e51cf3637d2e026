import StrictJSON
import TestSupport
import Testing

@Suite("Writing and reading back")
struct RoundTripTests {
  /// Text in which what is escaped, and every length of UTF-8, is frequent.
  static func text(_ generator: inout SeededGenerator) -> String {
    var text = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0...24, using: &generator) {
      let highest: UInt32 = [0x20, 0x7F, 0x7FF, 0xFFFF, 0x10FFFF].randomElement(using: &generator) ?? 0
      if let scalar = Unicode.Scalar(UInt32.random(in: 0...highest, using: &generator)) {
        text.append(scalar)
      }
    }
    return String(text)
  }

  static func tree(_ generator: inout SeededGenerator, depth: Int) -> JSONTree {
    switch Int.random(in: 0..<(depth == 0 ? 4 : 6), using: &generator) {
    case 0: return .null
    case 1: return .boolean(Bool.random(using: &generator))
    case 2:
      let number = Double(bitPattern: generator.next())
      return .number(number.isFinite ? number : 0)
    case 3: return .string(text(&generator))
    case 4: return .array((0..<3).map { _ in tree(&generator, depth: depth - 1) })
    default:
      return .object(
        (0..<3).map { _ in JSONTree.Member(text(&generator), tree(&generator, depth: depth - 1)) }
      )
    }
  }

  @Test("Any text comes back as the same bytes, and its quoted length is known beforehand")
  func strings() throws {
    try withSeed { generator in
      for _ in 0..<500 {
        let text = Self.text(&generator)
        var quoted: [UInt8] = []
        JSONWriter.append(quoting: text.utf8, to: &quoted)
        try #require(JSONWriter.quotedByteCount(text.utf8) == quoted.count)
        for pieces in Pieces.allCases {
          try #require(try pieces.read(quoted, JSONTree.read) == .string(text))
        }
      }
    }
  }

  @Test("Any value comes back, indented or not")
  func values() throws {
    try withSeed { generator in
      for _ in 0..<200 {
        let value = Self.tree(&generator, depth: 3)
        for indent in [nil, 0, 3] {
          var writer = JSONWriter(indent: indent)
          try value.write(&writer)
          let text = try writer.finish()
          for pieces in [Pieces.whole, .windows(1), .windows(7)] {
            try #require(try pieces.read(text, JSONTree.read) == value)
          }
        }
      }
    }
  }

  @Test("Random bytes are refused or read, the same in all pieces")
  func randomBytes() throws {
    let alphabet = Array(#"{}[]:,"\ud8e01-.tfnulrse "#.utf8) + [0x00, 0x0A, 0x80, 0xC3, 0xA9, 0xED, 0xF0]
    try withSeed { generator in
      for _ in 0..<2000 {
        let count = Int.random(in: 0...16, using: &generator)
        let text = (0..<count).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
        let whole = try Pieces.whole.failure(of: text) { _ = try JSONTree.read(&$0) }
        for pieces in Pieces.allCases {
          try #require(try pieces.failure(of: text) { _ = try JSONTree.read(&$0) } == whole)
        }
      }
    }
  }
}
