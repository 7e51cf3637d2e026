import ModelIR
import Safetensors
import TestSupport
import Testing

@Suite("Sweeps over a small file")
struct SweepTests {
  static let file = SafetensorsBuilder(
    [
      .init("b", "F32", [2], [UInt8](repeating: 1, count: 8)), .init("caf\u{E9}", "BF16", [], [2, 3]),
      .init("a", "F4", [2, 3], [4, 5, 6]), .init("none", "I64", [0, 2], []),
    ],
    metadata: [("format", "pt")]
  )

  /// Reads `bytes`; what is accepted must hold together, and what is refused must be so by a rule.
  func check(_ bytes: [UInt8], lenient: Bool, _ comment: String) throws -> SafetensorsFault? {
    let header: SafetensorsHeader
    do {
      header = try SafetensorsHeader.read(from: MemorySource(bytes, named: "file"), lenient: lenient)
    } catch let fault as SafetensorsFault {
      return fault
    }
    #expect(header.dataStart <= UInt64(bytes.count), "\(comment)")
    var end: UInt64 = 0
    for entry in header.entries.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      #expect(entry.begin == end, "\(comment)")
      #expect(entry.shape.byteCount(of: entry.elementType) == entry.end - entry.begin, "\(comment)")
      end = entry.end
    }
    #expect(header.dataStart + end == UInt64(bytes.count), "\(comment)")
    #expect(Set(header.entries.map(\.name)).count == header.entries.count, "\(comment)")
    return nil
  }

  @Test("The file itself is read")
  func whole() throws {
    #expect(try check(Self.file.bytes, lenient: false, "whole") == nil)
  }

  @Test("A file that is cut anywhere is refused")
  func truncation() throws {
    let bytes = Self.file.bytes
    for count in bytes.indices {
      let fault = try #require(
        try check(Array(bytes[..<count]), lenient: true, "\(count) bytes"),
        "\(count) bytes"
      )
      let expected =
        count < 8
        ? "headerTooSmall" : count < 8 + Self.file.header.count ? "invalidHeaderLength" : "cutShort"
      #expect(ruleName(fault.rule) == expected, "\(count) bytes")
    }
  }

  @Test("A header that is cut anywhere is refused even if its length is right")
  func headerTruncation() throws {
    for count in Self.file.header.indices {
      let file = SafetensorsBuilder(header: Array(Self.file.header[..<count]), data: Self.file.data)
      let fault = try check(file.bytes, lenient: true, "\(count) bytes")
      #expect(fault.map { caseName(of: $0.rule) } == "json", "\(count) bytes")
    }
  }

  @Test(
    "A bit that flips anywhere in the header makes a refusal or another valid header",
    arguments: [true, false]
  )
  func bitFlips(lenient: Bool) throws {
    var refusals = 0
    for index in 0..<(8 + Self.file.header.count) {
      for bit in 0..<8 {
        var bytes = Self.file.bytes
        bytes[index] ^= 1 << bit
        if try check(bytes, lenient: lenient, "byte \(index), bit \(bit)") != nil { refusals += 1 }
      }
    }
    // What passes is another name, another metadata text, or an unknown field.
    let flips = 8 * (8 + Self.file.header.count)
    #expect(refusals > flips / 2)
    #expect(refusals < flips)
  }

  @Test("Bytes that change at random make a refusal or another valid header")
  func randomChanges() throws {
    let alphabet = Array(#"{}[]:,"\ud0123456789-.eE afFI_"#.utf8) + [0x00, 0x80, 0xC3, 0xFF]
    try withSeed { generator in
      for _ in 0..<1500 {
        var header = Self.file.header
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
          let index = Int.random(in: header.indices, using: &generator)
          let byte = alphabet.randomElement(using: &generator) ?? 0
          switch Int.random(in: 0..<4, using: &generator) {
          case 0: header.remove(at: index)
          case 1: header.insert(byte, at: index)
          case 2:
            let other = Int.random(in: header.indices, using: &generator)
            header.insert(contentsOf: header[min(index, other)...max(index, other)], at: index)
          default: header[index] = byte
          }
        }
        let file = SafetensorsBuilder(header: header, data: Self.file.data)
        _ = try check(file.bytes, lenient: Bool.random(using: &generator), "\(generator): \(header)")
      }
    }
  }
}
