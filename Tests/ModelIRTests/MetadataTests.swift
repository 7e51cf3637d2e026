import ModelIR
import Testing

@Suite("Metadata")
struct MetadataTests {
  static let values: [MetadataValue] = [
    .string(""), .string("text"), .string("e\u{301}\u{0}\u{1F9CA}"), .bool(true), .signed(.min, bits: 64),
    .unsigned(255, bits: 8), .float32(bitPattern: 0x7FC0_0001), .float64(bitPattern: 0x8000_0000_0000_0000),
    .array([.string("a"), .array([.bool(false)])]),
  ]

  static func sample() -> Metadata {
    var metadata = Metadata()
    for (index, value) in values.enumerated() { metadata.append(key: "key.\(index)", value: value) }
    return metadata
  }

  @Test("Entries keep their order, keys and values of every type")
  func order() {
    let metadata = Self.sample()
    #expect(metadata.count == Self.values.count)
    #expect(!metadata.isEmpty)
    for (index, value) in Self.values.enumerated() {
      #expect(metadata.key(at: index) == "key.\(index)")
      #expect(metadata.value(at: index) == value)
      #expect(metadata.value(forKey: "key.\(index)") == value)
    }
  }

  @Test("No metadata has no entry")
  func empty() {
    let metadata = Metadata()
    #expect(metadata.isEmpty)
    #expect(metadata.value(forKey: "") == nil)
    #expect(metadata.text(forKey: "") == nil)
  }

  @Test("Text is found under its key, other values are no text")
  func text() {
    let metadata = Self.sample()
    #expect(metadata.text(forKey: "key.1") == "text")
    #expect(metadata.text(forKey: "key.0") == "")
    #expect(metadata.text(forKey: "key.3") == nil)
    #expect(metadata.text(forKey: "key") == nil)
    #expect(metadata.text(forKey: "key.11") == nil)
  }

  @Test("Keys are compared by bytes, and the first of two equal ones is found")
  func keys() {
    var metadata = Metadata()
    metadata.append(key: "caf\u{E9}", value: .string("composed"))
    metadata.append(key: "cafe\u{301}", value: .string("decomposed"))
    metadata.append(key: "", value: .string("empty"))
    metadata.append(key: "", value: .string("second"))
    #expect(metadata.text(forKey: "cafe\u{301}") == "decomposed")
    #expect(metadata.text(forKey: "caf\u{E9}") == "composed")
    #expect(metadata.text(forKey: "") == "empty")
    #expect(metadata.index(ofKey: "".utf8) == 2)
    #expect(metadata.index(ofKey: "cafe".utf8) == nil)
  }

  @Test("Where a key ends and its value starts is not mixed up")
  func packing() {
    var metadata = Metadata()
    metadata.append(key: "ab".utf8, text: "cd".utf8)
    metadata.append(key: "abc".utf8, text: "d".utf8)
    metadata.append(key: "".utf8, text: "abcd".utf8)
    metadata.append(key: "abcd".utf8, text: "".utf8)
    #expect((0..<4).map { metadata.key(at: $0) } == ["ab", "abc", "", "abcd"])
    #expect((0..<4).map { metadata.value(at: $0) } == ["cd", "d", "abcd", ""].map(MetadataValue.string))
    #expect(metadata.index(ofKey: "abcd".utf8) == 3)
  }

  @Test("Removing an entry leaves the others as they were", arguments: 0..<9)
  func remove(index: Int) {
    var metadata = Self.sample()
    metadata.remove(at: index)
    let left = (0..<Self.values.count).filter { $0 != index }
    #expect(metadata.count == left.count)
    for (place, original) in left.enumerated() {
      #expect(metadata.key(at: place) == "key.\(original)")
      #expect(metadata.value(at: place) == Self.values[original])
    }
    metadata.append(key: "new", value: .bool(true))
    #expect(metadata.value(forKey: "new") == .bool(true))
    #expect(metadata.value(forKey: "key.\(index)") == nil)
  }

  @Test("Removing a prefix keeps the rest in order, values of every type included")
  func removingPrefix() {
    var metadata = Metadata()
    for (index, value) in Self.values.enumerated() {
      metadata.append(key: "lacuna.\(index)", value: .string("ours"))
      metadata.append(key: "key.\(index)", value: value)
    }
    metadata.append(key: "lacuna", value: .string("is no prefix of itself with a dot"))
    let rest = metadata.removing(prefix: "lacuna.")
    #expect(rest.count == Self.values.count + 1)
    for (index, value) in Self.values.enumerated() {
      #expect(rest.key(at: index) == "key.\(index)")
      #expect(rest.value(at: index) == value)
    }
    #expect(rest.text(forKey: "lacuna") != nil)
    #expect(metadata.count == 2 * Self.values.count + 1)
  }

  @Test("A hundred thousand entries keep apart")
  func many() {
    var metadata = Metadata()
    for index in 0..<100_000 { metadata.append(key: "k\(index)".utf8, text: "v\(index)".utf8) }
    #expect(metadata.count == 100_000)
    for index in [0, 1, 49_999, 99_999] {
      #expect(metadata.key(at: index) == "k\(index)")
      #expect(metadata.value(at: index) == .string("v\(index)"))
    }
  }
}
