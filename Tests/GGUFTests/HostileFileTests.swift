import GGUF
import ModelIR
import TestSupport
import Testing

/// One line of the golden list.
struct HostileFile: Sendable, CustomTestStringConvertible {
  static let folder = "hostile/gguf"

  let name: String
  /// The rule that the file breaks when read strictly, or `accept`.
  let rule: String
  /// What llama.cpp does with the file: `accept`, `refuse` or `abort`.
  let reference: String
  /// What the message must say.
  let mention: String
  /// Whether the file is read leniently.
  let isReadLeniently: Bool

  var testDescription: String { name }

  static let all: [HostileFile] = {
    let rows = (try? Fixture.table("\(folder)/EXPECTED.tsv")) ?? []
    return rows.map {
      HostileFile(
        name: $0[0],
        rule: $0[1],
        reference: $0[2],
        mention: $0[3],
        isReadLeniently: $0[4] == "accept"
      )
    }
  }()

  func bytes() throws -> [UInt8] { try Fixture.bytes("\(Self.folder)/\(name)") }
}

@Suite("Hostile files")
struct HostileFileTests {
  @Test("The golden list has every file of its folder once")
  func list() throws {
    let files = try Fixture.names(in: HostileFile.folder).filter { $0.hasSuffix(".gguf") }
    #expect(HostileFile.all.map(\.name).sorted() == files)
    #expect(files.count == 54)
  }

  @Test("A file breaks the rule that the golden list names", arguments: HostileFile.all)
  func strict(file: HostileFile) throws {
    let fault = try fault(file.bytes())
    #expect((fault.map { caseName(of: $0.rule) } ?? "accept") == file.rule)
    if let fault {
      let diagnosis = fault.diagnosis
      #expect(diagnosis.file == "file")
      #expect("\(diagnosis.problem)".contains(file.mention), "\(diagnosis.problem)")
    }
  }

  @Test("Read leniently, a file is accepted if the golden list says so", arguments: HostileFile.all)
  func lenient(file: HostileFile) throws {
    let fault = try fault(file.bytes(), lenient: true)
    #expect((fault == nil) == file.isReadLeniently, "\(String(describing: fault))")
  }

  @Test("Read strictly, what llama.cpp loads is accepted and nothing else, but for keys that are no UTF-8")
  func difference() {
    let different = HostileFile.all.filter { ($0.rule == "accept") != ($0.reference == "accept") }
    #expect(different.map(\.name) == ["g024_key_bad_utf8.gguf"])
    #expect(HostileFile.all.filter { $0.reference == "abort" }.map(\.name) == ["g060_dims_eq_limit.gguf"])
  }

  @Test(
    "What is accepted strictly is accepted leniently, with the same result",
    arguments: HostileFile.all.filter { $0.rule == "accept" }
  )
  func same(file: HostileFile) throws {
    let (strict, lenient) = (try read(file.bytes()), try read(file.bytes(), lenient: true))
    #expect(strict.entries == lenient.entries)
    #expect(strict.tensors == lenient.tensors)
    #expect(strict.oddities == lenient.oddities)
  }

  @Test("A shape that cannot be said is refused when tensors are made of it")
  func unspeakableShape() throws {
    let bytes = try Fixture.bytes("hostile/gguf/g064_zero_then_huge.gguf")
    #expect(throws: GGUFFault.self) {
      try GGUFReader(source: MemorySource(bytes, named: "file"), name: "file")
    }
  }

  /// What people take for a GGUF file.
  static let impostors: [(name: String, bytes: [UInt8], mention: String)] = [
    ("Git LFS pointer", Array("version https://git-lfs.github.com/spec/v1\n".utf8), "76 65 72 73"),
    ("HTML page", Array("<!DOCTYPE html><html>".utf8), "3c 21 44 4f"),
    ("GGML", Array("lmgg".utf8) + [1, 0, 0, 0], "before GGUF"),
    ("nothing", [], "the first four bytes"),
    ("the magic's start", Array("GG".utf8), "the first four bytes"),
  ]

  @Test("What is no GGUF file is said to be none", arguments: impostors)
  func impostor(file: (name: String, bytes: [UInt8], mention: String)) throws {
    let fault = try #require(try fault(file.bytes, lenient: true))
    #expect(fault.diagnosis.problem.contains(file.mention), "\(fault.diagnosis.problem)")
  }
}
