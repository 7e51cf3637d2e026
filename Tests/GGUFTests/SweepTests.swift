import GGUF
import ModelIR
import TestSupport
import Testing

@Suite("Sweeps over a small file")
struct SweepTests {
  static let file: GGUFBuilder = {
    var file = GGUFBuilder.simple()
    file.add("a.text", type: 8, file.form.text("caf\u{E9}"))
    file.add("a.flag", type: 7, [1])
    file.add("a.words", arrayOf: 8, count: 2, file.form.text("one") + file.form.text(""))
    file.add("a.numbers", arrayOf: 4, count: 2, [1, 0, 0, 0, 2, 0, 0, 0])
    file.add("a.nest", arrayOf: 9, count: 1, file.array(of: 0, count: 2, [7, 8]))
    file.add("a.real", type: 12, [0, 0, 0, 0, 0, 0, 0xF8, 0x7F])
    file.append(tensor: "first", dims: [32, 2], type: 2, [UInt8](repeating: 1, count: 36))
    file.append(tensor: "second", dims: [3], type: 0, [UInt8](repeating: 2, count: 12))
    return file
  }()

  /// The same file without what llama.cpp refuses.
  static let plainFile: GGUFBuilder = {
    var file = Self.file
    file.pairs.removeAll { $0.count > 16 && $0[8...].starts(with: Array("a.nest".utf8)) }
    return file
  }()

  /// Reads `bytes`; what is accepted must hold together, and what is refused must be so by a rule.
  func check(_ bytes: [UInt8], lenient: Bool, _ comment: String) throws -> GGUFFault? {
    let source = MemorySource(bytes, named: "file")
    let header: GGUFHeader
    do {
      header = try GGUFHeader.read(from: source, lenient: lenient)
    } catch let fault as GGUFFault {
      _ = fault.diagnosis
      return fault
    }
    #expect(header.dataStart <= header.dataEnd, "\(comment)")
    #expect(header.dataEnd <= UInt64(bytes.count), "\(comment)")
    for entry in header.entries {
      #expect(entry.range.upperBound <= header.dataStart, "\(comment)")
      if case .array(_, let count, _) = entry.content {
        let values = try header.elements(of: entry, in: source, repairing: true)
        #expect(UInt64(values.count) == count, "\(comment)")
      }
    }
    for info in header.tensors {
      let count = try #require(info.byteCount, "\(comment)")
      #expect(header.dataStart + info.offset + count <= UInt64(bytes.count), "\(comment)")
      #expect(lenient || info.offset % header.alignment == 0, "\(comment)")
    }
    #expect(Set(header.tensors.map(\.name)).count == header.tensors.count, "\(comment)")
    _ = header.warnings
    return nil
  }

  @Test("The file itself is read")
  func whole() throws {
    #expect(try check(Self.file.bytes, lenient: true, "whole") == nil)
    #expect(try check(Self.plainFile.bytes, lenient: false, "whole") == nil)
    #expect(try read(Self.plainFile.bytes).oddities.isEmpty)
  }

  @Test("A file that is cut anywhere is refused", arguments: [true, false])
  func truncation(lenient: Bool) throws {
    let bytes = (lenient ? Self.file : Self.plainFile).bytes
    // The last 20 bytes are padding.
    let needed = lenient ? bytes.count - 20 : bytes.count
    for count in 0..<needed {
      let fault = try check(Array(bytes[..<count]), lenient: lenient, "\(count) bytes")
      let rule = try #require(fault.map { caseName(of: $0.rule) }, "\(count) bytes")
      let rules = [
        "cutShort", "countTooLarge", "stringBeyondEnd", "arrayBeyondEnd", "dataBeyondEnd", "dataCutShort",
        "paddingCutShort",
      ]
      #expect(rules.contains(rule), "\(count) bytes")
    }
    for count in needed..<bytes.count {
      #expect(try check(Array(bytes[..<count]), lenient: lenient, "\(count) bytes") == nil)
    }
  }

  @Test(
    "A bit that flips anywhere in the header makes a refusal or another header",
    arguments: [true, false]
  )
  func bitFlips(lenient: Bool) throws {
    let file = lenient ? Self.file : Self.plainFile
    var refusals = 0
    for index in file.header.indices {
      for bit in 0..<8 {
        var bytes = file.bytes
        bytes[index] ^= 1 << bit
        if try check(bytes, lenient: lenient, "byte \(index), bit \(bit)") != nil { refusals += 1 }
      }
    }
    #expect(refusals > 2 * file.header.count)
    #expect(refusals < 8 * file.header.count)
  }

  @Test("Bytes that change at random make a refusal or another header")
  func randomChanges() throws {
    try withSeed { generator in
      for _ in 0..<1500 {
        var bytes = Self.file.bytes
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
          let index = Int.random(in: 4..<bytes.count, using: &generator)
          let byte = [0, 1, 8, 9, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &generator)]
            .randomElement(using: &generator)
          switch Int.random(in: 0..<5, using: &generator) {
          case 0: bytes.remove(at: index)
          case 1: bytes.insert(byte ?? 0, at: index)
          case 2:
            for place in index..<min(index + 8, bytes.count) { bytes[place] = byte ?? 0 }
          default: bytes[index] = byte ?? 0
          }
        }
        _ = try check(bytes, lenient: Bool.random(using: &generator), "\(generator): \(bytes)")
      }
    }
  }
}
