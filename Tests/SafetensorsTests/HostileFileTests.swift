import ModelIR
import Safetensors
import StrictJSON
import TestSupport
import Testing

/// One line of the golden list.
struct HostileFile: Sendable, CustomTestStringConvertible {
  static let folder = "hostile/safetensors"

  let name: String
  /// The rule that the file breaks when read strictly, or `accept`.
  let rule: String
  /// Whether the reference reads the file.
  let referenceAccepts: Bool

  var testDescription: String { name }

  static let all: [HostileFile] = {
    let rows = (try? Fixture.table("\(folder)/EXPECTED.tsv")) ?? []
    return rows.map { HostileFile(name: $0[0], rule: $0[1], referenceAccepts: $0[2] == "accept") }
  }()

  /// Reads the file; returns the rule that it breaks, or `accept`.
  func verdict(lenient: Bool) throws -> String {
    let source = MemorySource(try Fixture.bytes("\(Self.folder)/\(name)"), named: name)
    do {
      _ = try SafetensorsHeader.read(from: source, lenient: lenient)
      return "accept"
    } catch let fault as SafetensorsFault {
      #expect(fault.file == name)
      return ruleName(fault.rule)
    }
  }
}

/// The name of a rule as the golden list spells it: that of JSON's own rule where the JSON is to blame.
func ruleName(_ rule: SafetensorsFault.Rule) -> String {
  if case .json(let error) = rule { "json.\(caseName(of: error.rule))" } else { caseName(of: rule) }
}

@Suite("Hostile files")
struct HostileFileTests {
  @Test("The golden list has every file of its folder once")
  func list() throws {
    let files = try Fixture.names(in: HostileFile.folder).filter { $0.hasSuffix(".safetensors") }
    #expect(HostileFile.all.map(\.name) == files)
    #expect(files.count == 51)
  }

  @Test("A file breaks the rule that the golden list names", arguments: HostileFile.all)
  func strict(file: HostileFile) throws {
    #expect(try file.verdict(lenient: false) == file.rule)
  }

  @Test(
    "Read leniently, a file is accepted if and only if the reference accepts it",
    arguments: HostileFile.all
  )
  func lenient(file: HostileFile) throws {
    let verdict = try file.verdict(lenient: true)
    #expect((verdict == "accept") == file.referenceAccepts, "\(verdict)")
  }

  @Test("Read strictly, all that the reference accepts is accepted, but for duplicates")
  func difference() {
    let refused = HostileFile.all.filter { $0.referenceAccepts && $0.rule != "accept" }
    #expect(refused.map { String($0.name.prefix(4)) } == ["s020", "s022", "s025"])
    #expect(refused.allSatisfy { $0.rule.hasPrefix("duplicate") })
    #expect(HostileFile.all.allSatisfy { $0.referenceAccepts || $0.rule != "accept" })
  }

  /// What people take for a safetensors file: its first bytes, read as a length, are far too large.
  static let impostors: [(name: String, bytes: [UInt8])] = [
    ("Git LFS pointer", Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n".utf8)),
    ("HTML page", Array("<!DOCTYPE html><html><head><title>404</title></head></html>".utf8)),
    ("zip, as PyTorch writes", [0x50, 0x4B, 0x03, 0x04, 0, 0, 8, 8, 0, 0, 0, 0, 0, 0, 0, 0]),
    ("pickle", [0x80, 0x02, 0x7D, 0x71, 0x00, 0x28, 0x58, 0x01, 0x00, 0x00, 0x00, 0x61]),
    ("GGUF", Array("GGUF".utf8) + [3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    ("JSON", Array(#"{"metadata": {"total_size": 1}}"#.utf8)),
  ]

  @Test("A file of another kind is refused by its first eight bytes", arguments: impostors)
  func impostor(name: String, bytes: [UInt8]) {
    let fault = #expect(throws: SafetensorsFault.self) {
      try SafetensorsHeader.read(from: MemorySource(bytes, named: name))
    }
    #expect(fault.map { ruleName($0.rule) } == "headerTooLarge")
  }
}
