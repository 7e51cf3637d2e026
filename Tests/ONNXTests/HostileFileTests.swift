import ModelIR
import ONNX
import TestSupport
import Testing

/// One line of the golden list.
struct HostileFile: Sendable, CustomTestStringConvertible {
  static let folder = "hostile/onnx"

  let name: String
  /// The rule that the file breaks when read strictly, or `accept`.
  let rule: String
  /// The tensor to blame, if one is.
  let tensor: String
  /// What the message must say.
  let mention: String
  /// Whether the file is read leniently.
  let isReadLeniently: Bool

  var testDescription: String { name }

  static let all: [HostileFile] = {
    let rows = (try? Fixture.table("\(folder)/EXPECTED.tsv")) ?? []
    return rows.map {
      HostileFile(name: $0[0], rule: $0[1], tensor: $0[2], mention: $0[3], isReadLeniently: $0[4] == "accept")
    }
  }()

  func fault(lenient: Bool = false) throws -> ONNXFault? {
    let bytes = try Fixture.bytes("\(Self.folder)/\(name)")
    return try ONNXTests.fault(bytes, lenient: lenient, in: Fixture.path(Self.folder))
  }
}

@Suite("Hostile files")
struct HostileFileTests {
  @Test("The golden list has every file of its folder once")
  func list() throws {
    let files = try Fixture.names(in: HostileFile.folder).filter { $0.hasSuffix(".onnx") }
    #expect(HostileFile.all.map(\.name).sorted() == files)
    #expect(files.count == 80)
  }

  @Test("A file breaks the rule that the golden list names", arguments: HostileFile.all)
  func strict(file: HostileFile) throws {
    let fault = try file.fault()
    #expect((fault.map { caseName(of: $0.rule) } ?? "accept") == file.rule)
    if let diagnosis = fault?.diagnosis {
      #expect(diagnosis.file == "file" && diagnosis.offset != nil)
      #expect((diagnosis.tensor?.text ?? "") == file.tensor)
      #expect(diagnosis.problem.contains(file.mention), "\(diagnosis.problem)")
    }
  }

  @Test("Read leniently, a file is accepted if the golden list says so", arguments: HostileFile.all)
  func lenient(file: HostileFile) throws {
    #expect((try file.fault(lenient: true) == nil) == file.isReadLeniently)
  }
}
