import GGUF
import ModelIR
import TestSupport
import Testing

/// Counts what is read.
private final class CountingSource: ByteSource, @unchecked Sendable {
  let inner: MemorySource
  private(set) var largestRead = 0
  private(set) var reads = 0

  init(_ bytes: [UInt8]) { inner = MemorySource(bytes, named: "counted") }

  var byteCount: UInt64 { inner.byteCount }
  var displayName: String { inner.displayName }

  func read(_ count: Int, at offset: UInt64, into buffer: inout [UInt8], startingAt start: Int) throws {
    largestRead = max(largestRead, count)
    reads += 1
    try inner.read(count, at: offset, into: &buffer, startingAt: start)
  }

  func rest() throws {}
}

@Suite("Large headers")
struct LargeHeaderTests {
  /// A vocabulary of the size of Qwen2's: 152,000 tokens with their types, and 151,000 merges.
  static let vocabulary: [UInt8] = {
    var file = GGUFBuilder.simple()
    var tokens: [UInt8] = []
    for number in 0..<152_000 { tokens += file.form.text("token\(number)") }
    var merges: [UInt8] = []
    for number in 0..<151_000 { merges += file.form.text("tok en\(number)") }
    file.add("tokenizer.ggml.tokens", arrayOf: 8, count: 152_000, tokens)
    file.add("tokenizer.ggml.token_type", arrayOf: 5, count: 152_000, [UInt8](repeating: 0, count: 608_000))
    file.add("tokenizer.ggml.merges", arrayOf: 8, count: 151_000, merges)
    file.add("tokenizer.ggml.bos_token_id", u32: 7)
    file.append(tensor: "a", dims: [4], type: 24, [1, 2, 3, 4])
    return file.bytes
  }()

  @Test("A large vocabulary is passed over: one window at a time, in a moment")
  func passedOver() throws {
    let source = CountingSource(Self.vocabulary)
    let clock = ContinuousClock()
    let start = clock.now
    let header = try GGUFHeader.read(from: source)
    // An optimized build takes 5 ms; this bound is for debug builds on busy machines.
    #expect(clock.now - start < .seconds(5))
    #expect(source.largestRead <= 1 << 17)
    #expect(source.reads <= Self.vocabulary.count / (1 << 16) + 2)
    #expect(header.entries.count == 5)
    #expect(header.entry(forKey: "tokenizer.ggml.bos_token_id")?.value == .unsigned(7, bits: 32))
    guard case .array(.string, 152_000, let payload)? = header.entries[1].content as GGUFHeader.Entry.Content?
    else {
      Issue.record("the vocabulary is no array")
      return
    }
    #expect(payload.upperBound == header.entries[1].range.upperBound)
  }

  @Test("A run of its tokens is decoded")
  func run() throws {
    let source = MemorySource(Self.vocabulary, named: "vocabulary")
    let header = try GGUFHeader.read(from: source)
    let tokens = try header.elements(of: header.entries[1], in: source, range: 151_998..<200_000)
    #expect(tokens == [.string("token151998"), .string("token151999")])
    let types = try header.elements(of: header.entries[2], in: source, range: 10..<12)
    #expect(types == [.signed(0, bits: 32), .signed(0, bits: 32)])
    #expect(try header.elements(of: header.entries[1], in: source, range: 200_000..<200_001).isEmpty)
  }

  @Test("The length of a string that lies, deep in an array, is found")
  func lyingLength() throws {
    var bytes = Self.vocabulary
    // The last token's length: its 8 bytes stand before its 11 bytes of text.
    let header = try read(bytes)
    let place = Int(header.entries[1].range.upperBound) - 11 - 8
    #expect(bytes[place] == 11)
    bytes[place + 7] = 1
    let fault = try #require(try fault(bytes))
    #expect(fault.rule == .stringTooLong(11 | 1 << 56))
    #expect(fault.offset == UInt64(place))
    #expect(fault.key == "tokenizer.ggml.tokens")
  }

  @Test("Ten thousand tensors are read, their extents shared")
  func manyTensors() throws {
    var file = GGUFBuilder.simple()
    for number in 0..<10_000 {
      file.add(tensor: "blk.\(number).weight", dims: [4, 8], type: 24, offset: UInt64(number * 32))
    }
    file.data = [UInt8](repeating: 1, count: 320_000)
    let reader = try GGUFReader(source: MemorySource(file.bytes, named: "file"), name: "file")
    let tensors = Array(reader.tensors(inFile: 3))
    #expect(tensors.count == 10_000)
    #expect(tensors[9_999].name == "blk.9999.weight")
    #expect(tensors[9_999].shape.extents == [8, 4])
    #expect(tensors[9_999].storage.file == 3)
    #expect(
      tensors[9_999].storage.regions[0].offset == reader.header.dataStart + 9_999 * 32
    )
  }

  @Test("A long text is not held and read on demand")
  func longText() throws {
    let text = String(repeating: "template ", count: 20_000)
    var file = GGUFBuilder.simple()
    file.add("tokenizer.chat_template", type: 8, file.form.text(text))
    file.add("short", type: 8, file.form.text(String(repeating: "x", count: 65_536)))
    file.add("none", type: 8, file.form.bytes([0x61, 0xFF]))
    let source = MemorySource(file.bytes, named: "file")
    let header = try GGUFHeader.read(from: source)
    #expect(header.entries[1].value == nil)
    #expect(try header.text(of: header.entries[1], in: source) == text)
    #expect(header.entries[2].value != nil)
    #expect(throws: GGUFFault.self) { try header.text(of: header.entries[3], in: source) }
    #expect(try header.text(of: header.entries[3], in: source, repairing: true) == "a\u{FFFD}")
    let metadata = try GGUFReader(source: source, name: "file").file(numbered: 0).metadata
    #expect(metadata.count == 2)
  }

  @Test("Strings of arrays that are no UTF-8 are refused, or repaired if asked")
  func brokenStrings() throws {
    var file = GGUFBuilder.simple()
    file.add("a", arrayOf: 8, count: 2, file.form.text("one") + file.form.bytes([0xC3]))
    let source = MemorySource(file.bytes, named: "file")
    let header = try GGUFHeader.read(from: source)
    let entry = header.entries[1]
    #expect(try header.elements(of: entry, in: source, range: 0..<1) == [.string("one")])
    #expect(throws: GGUFFault.self) { try header.elements(of: entry, in: source) }
    #expect(
      try header.elements(of: entry, in: source, repairing: true) == [.string("one"), .string("\u{FFFD}")]
    )
  }

  /// A header, and behind it nothing but fives.
  private struct EndlessSource: ByteSource {
    let header: [UInt8]
    let byteCount: UInt64
    let displayName = "endless"

    func read(_ count: Int, at offset: UInt64, into buffer: inout [UInt8], startingAt start: Int) throws {
      for place in 0..<count {
        let from = Int(offset) + place
        buffer[start + place] = from < header.count ? header[from] : 5
      }
    }

    func rest() throws {}
  }

  @Test("More elements than the limit are not decoded at once")
  func tooManyAtOnce() throws {
    var file = GGUFBuilder.simple()
    let count = GGUFHeader.mostDecodedElements + 1
    file.add("a", arrayOf: 0, count: count, [])
    let header = file.header
    let source = EndlessSource(header: header, byteCount: UInt64(header.count + count))
    let read = try GGUFHeader.read(from: source)
    #expect(throws: GGUFFault.self) { try read.elements(of: read.entries[1], in: source) }
    let last = UInt64(count - 1)
    #expect(
      try read.elements(of: read.entries[1], in: source, range: last..<(last + 1))
        == [.unsigned(5, bits: 8)]
    )
  }
}
