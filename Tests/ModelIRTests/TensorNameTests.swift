import ModelIR
import TestSupport
import Testing

@Suite("TensorName")
struct TensorNameTests {
  static let composed = TensorName("caf\u{E9}")
  static let decomposed = TensorName("cafe\u{301}")

  @Test("Names that only normalization makes equal are two")
  func canonicalEquivalence() {
    #expect(Self.composed.text == Self.decomposed.text)
    #expect(Self.composed != Self.decomposed)
    #expect(Set([Self.composed, Self.decomposed, Self.composed]).count == 2)
    #expect(Self.composed.hashValue != Self.decomposed.hashValue)
    // A composed and a decomposed form of the same length in bytes.
    #expect(TensorName("\u{1E69}\u{323}") != TensorName("\u{1E63}\u{307}\u{323}"))
    #expect(TensorName("a\u{302}\u{323}") != TensorName("a\u{323}\u{302}"))
  }

  @Test("Equal bytes are one name, however the text came about")
  func equality() throws {
    let text = "model.layers.10.self_attn.q_proj.weight"
    let built = TensorName(String(decoding: Array(text.utf8), as: UTF8.self))
    #expect(built == TensorName(text))
    #expect(built.hashValue == TensorName(text).hashValue)
    #expect(TensorName("") == TensorName(String("abc".dropFirst(3))))
    #expect(TensorName("a") != TensorName("a\u{0}"))
    #expect(TensorName("a") != TensorName("A"))
  }

  @Test("Names of every length around a word hash differently from their neighbours")
  func hashesOfLengths() {
    var names = Set<TensorName>()
    var hashes = Set<Int>()
    for length in 0...40 {
      for fill in ["\u{0}", "a"] {
        let name = TensorName(String(repeating: fill, count: length))
        names.insert(name)
        hashes.insert(name.hashValue)
      }
    }
    #expect(names.count == 81)
    #expect(hashes.count == 81)
  }

  @Test("Thousands of canonically equivalent names spread over a table as any others do")
  func equivalentNamesDoNotCollide() {
    let bits = 12
    let names = (0..<(1 << bits)).map { number in
      TensorName((0..<bits).map { number >> $0 & 1 == 1 ? "\u{E9}" : "e\u{301}" }.joined())
    }
    #expect(Set(names.map(\.text)).count == 1)
    #expect(Set(names).count == names.count)
    let hashes = names.map(\.hashValue)
    #expect(Set(hashes).count == names.count)
    // Of as many places as names, randomly thrown names hit 63 in 100; 60 is some ten deviations off.
    let places = Set(hashes.map { $0 & (1 << bits - 1) })
    #expect(places.count > names.count * 60 / 100)
  }

  @Test("Names are ordered by their bytes")
  func order() throws {
    let sorted = [
      "", "\u{0}", "A", "B", "a", "a.10", "a.9", "cafe\u{301}", "caf\u{E9}", "\u{FFFF}", "\u{10000}",
    ]
    let names = sorted.map { TensorName($0) }
    for (index, name) in names.enumerated() {
      #expect(!(name < name))
      for later in names[(index + 1)...] {
        #expect(name < later)
        #expect(!(later < name))
      }
    }
    try withSeed { generator in
      try #require(names.shuffled(using: &generator).sorted() == names)
    }
  }
}
