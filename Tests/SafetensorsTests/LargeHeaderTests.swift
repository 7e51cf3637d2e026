import ModelIR
import Safetensors
import Synchronization
import TestSupport
import Testing

/// A source that notes what is read from it.
final class RecordingSource: ByteSource {
  private let memory: MemorySource
  private let state = Mutex<(reads: [Range<UInt64>], rests: Int)>(([], 0))

  init(_ bytes: [UInt8]) { memory = MemorySource(bytes, named: "recorded") }

  var byteCount: UInt64 { memory.byteCount }
  var displayName: String { memory.displayName }
  var reads: [Range<UInt64>] { state.withLock { $0.reads } }
  var rests: Int { state.withLock { $0.rests } }

  func read(_ count: Int, at offset: UInt64, into buffer: inout [UInt8], startingAt start: Int) throws {
    state.withLock { $0.reads.append(offset..<(offset + UInt64(count))) }
    try memory.read(count, at: offset, into: &buffer, startingAt: start)
  }

  func rest() throws { state.withLock { $0.rests += 1 } }
}

@Suite("Large headers")
struct LargeHeaderTests {
  static let window = 131_072

  @Test("A header of many windows is read in order, window by window, and no data")
  func manyWindows() throws {
    let count = 5000
    let file = SafetensorsBuilder(
      (0..<count).map { .init("model.layers.\($0).weight", "U8", [1, 1], [UInt8(truncatingIfNeeded: $0)]) }
    )
    let source = RecordingSource(file.bytes)
    let header = try SafetensorsHeader.read(from: source)
    #expect(file.header.count > 3 * Self.window)
    #expect(header.entries.count == count)
    for index in [0, 1, 2499, count - 1] {
      #expect(header.entries[index].name == TensorName("model.layers.\(index).weight"))
      #expect(header.entries[index].begin == UInt64(index))
    }
    let dataStart = UInt64(8 + file.header.count)
    #expect(header.dataStart == dataStart)
    #expect(source.reads.allSatisfy { $0.count <= Self.window && $0.upperBound <= dataStart })
    #expect(source.reads.reduce(0) { $0 + $1.count } == Int(dataStart))
  }

  @Test("Whatever a window's border goes through stays whole")
  func borders() throws {
    let tail = "\u{E9}\u{1F9CA}\\u00e9\\ud83e\\uddca\\n\\\\"
    let decoded = "\u{E9}\u{1F9CA}\u{E9}\u{1F9CA}\n\\"
    let opening = #"{"__metadata__":{"k":""#
    // From the border behind the closing quote to the border before the first character of the tail.
    for shift in 0...(tail.utf8.count + 2) {
      let fill = String(repeating: "x", count: Self.window - opening.utf8.count - shift)
      let header = opening + fill + tail + #""},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
      let file = SafetensorsBuilder(header: header, data: [1])
      let read = try SafetensorsHeader.read(from: MemorySource(file.bytes, named: "file"))
      let text = try #require(read.metadata.text(forKey: "k"))
      #expect(text.utf8.elementsEqual((fill + decoded).utf8), "shift \(shift)")
      #expect(read.entries.map(\.name) == ["a"])
    }
  }

  @Test("A hundred thousand metadata entries are read, and one more of the same key is found")
  func manyMetadataEntries() throws {
    let count = 100_000
    let pairs = (0..<count).map { "\"key.\($0)\":\"value.\($0)\"" }.joined(separator: ",")
    func read(_ header: String) throws -> SafetensorsHeader {
      try SafetensorsHeader.read(from: MemorySource(SafetensorsBuilder(header: header).bytes, named: "file"))
    }
    let header = try read("{\"__metadata__\":{\(pairs)}}")
    #expect(header.metadata.count == count)
    for index in [0, 1, 50_000, count - 1] {
      #expect(header.metadata.key(at: index) == "key.\(index)")
      #expect(header.metadata.value(at: index) == .string("value.\(index)"))
    }
    let fault = #expect(throws: SafetensorsFault.self) {
      try read("{\"__metadata__\":{\(pairs),\"key.0\":\"\"}}")
    }
    #expect(fault?.rule == .duplicateMetadataKey("key.0"))
  }

  /// A header in which the last of many keys comes again as many times.
  static let repetitions: [(opening: String, value: String, closing: String)] = [
    ("{", #":["U8",[0],[0,0]]"#, "}"), (#"{"__metadata__":{"#, #":"""#, "}}"),
  ]

  @Test(
    "Keys that come again by the ten thousand are read leniently in one pass",
    .timeLimit(.minutes(1)),
    arguments: repetitions
  )
  func manyRepetitions(opening: String, value: String, closing: String) throws {
    let count = 30_000
    let members = (0..<(2 * count)).map { "\"\(min($0, count - 1))\"\(value)" }
    let file = SafetensorsBuilder(header: opening + members.joined(separator: ",") + closing)
    let header = try SafetensorsHeader.read(from: MemorySource(file.bytes, named: "file"), lenient: true)
    #expect(header.entries.count + header.metadata.count == count)
    #expect(header.warnings.count == count)
  }

  @Test("A header that is mostly space is read", arguments: [1, 300_000])
  func spaces(count: Int) throws {
    let space = String(repeating: " ", count: count)
    let header =
      "\(space){\(space)\"a\"\(space):{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}\(space)"
    let source = RecordingSource(SafetensorsBuilder(header: header).bytes)
    #expect(try SafetensorsHeader.read(from: source).entries.count == 1)
    #expect(source.reads.allSatisfy { $0.count <= Self.window })
  }

  @Test("A header that the Hub would not show is read with a warning")
  func hubLimit() throws {
    let byteCount = 25_000_001
    let frame = #"{"__metadata__":{"k":""}}"#
    let text = String(repeating: "x", count: byteCount - frame.utf8.count)
    let file = SafetensorsBuilder(header: #"{"__metadata__":{"k":"\#(text)"}}"#)
    let header = try SafetensorsHeader.read(from: MemorySource(file.bytes, named: "file"))
    #expect(header.warnings.count == 1)
  }
}
