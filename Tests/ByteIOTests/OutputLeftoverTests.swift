import ByteIO
import ModelIR
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

@Suite("Leftovers and other runs")
struct OutputLeftoverTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func begin(force: Bool = false) throws -> OutputTransaction {
    try OutputTransaction.besideFile(folder.path("model"), force: force, inputs: [])
  }

  @Test("Of two runs that write one file the second is told to try again, and disturbs nothing")
  func busy() throws {
    let first = try begin()
    let file = try first.create("model")
    try file.write([1, 2, 3], 0..<3, at: 0)
    let second = try begin()
    let fault = #expect(throws: OutputFault.self) { try second.create("model") }
    #expect(fault?.rule == .busy)
    #expect(fault?.diagnosis.kind == .tryAgain)
    second.abandon()
    try first.commit()
    #expect(try folder.entries() == ["model"])
    #expect(try folder.read("model") == [1, 2, 3])
  }

  @Test("When a run is over the next one can start")
  func oneAfterTheOther() throws {
    for number in UInt8(0)..<3 {
      let transaction = try begin(force: true)
      try transaction.create("model").write([number], 0..<1, at: 0)
      try transaction.commit()
    }
    #expect(try folder.read("model") == [2])
  }

  @Test("What a dead run left is taken over, none of its bytes stay")
  func leftover() throws {
    try folder.write("a longer text than the new one", to: ".model.lacuna-part")
    let transaction = try begin()
    try transaction.create("model").write([1], 0..<1, at: 0)
    try transaction.commit()
    #expect(try folder.entries() == ["model"])
    #expect(try folder.read("model") == [1])
  }

  @Test("What a dead run left of a new folder is emptied")
  func leftoverFolder() throws {
    try folder.createFolder(".out.lacuna-part")
    try folder.write("old", to: ".out.lacuna-part/model-00001-of-00002.safetensors")
    let transaction = try OutputTransaction.folder(folder.path("out"), force: false, inputs: [])
    _ = try transaction.create("model.safetensors")
    try transaction.commit()
    #expect(try folder.entries() == ["out"])
    #expect(try folder.entries(of: "out") == ["model.safetensors"])
  }

  @Test("A folder that holds nothing but leftovers counts as empty")
  func leftoverInFolder() throws {
    try folder.createFolder("out")
    try folder.write("old", to: "out/.model.lacuna-part")
    let transaction = try OutputTransaction.folder(folder.path("out"), force: false, inputs: [])
    _ = try transaction.create("model")
    try transaction.commit()
    #expect(try folder.entries(of: "out") == ["model"])
    #expect(try folder.read("out/model").isEmpty)
  }

  @Test("A link in the place of a leftover is not followed")
  func link() throws {
    try folder.write("precious", to: "precious")
    try folder.link(".model.lacuna-part", to: "precious")
    let transaction = try begin()
    let fault = #expect(throws: SystemFault.self) { try transaction.create("model") }
    #expect(fault?.diagnosis.kind == .cannotCreate)
    #expect(try folder.read("precious") == Array("precious".utf8))
  }

  @Test("A pipe or folder in the place of a leftover is not written to", .timeLimit(.minutes(1)))
  func noFile() throws {
    try Posix.createPipe(at: folder.path(".model.lacuna-part"))
    try folder.createFolder(".other.lacuna-part")
    let transaction = try begin()
    #expect(throws: OutputFault.self) { try transaction.create("model") }
    let fault = #expect(throws: SystemFault.self) { try transaction.create("other") }
    #expect(fault?.diagnosis.kind == .cannotCreate)
    transaction.abandon()
    #expect(try folder.entries() == [".model.lacuna-part", ".other.lacuna-part"])
  }

  @Test("An interruption removes all that is unfinished and nothing else")
  func debris() async {
    await #expect(processExitsWith: .exitCode(3)) { [path = folder.path as String] in
      let folder = TemporaryFolder(of: path)
      try folder.write("old", to: "model")
      let beside = try OutputTransaction.besideFile(folder.path("model"), force: true, inputs: [])
      let staged = try OutputTransaction.folder(folder.path("out"), force: false, inputs: [])
      let done = try OutputTransaction.besideFile(folder.path("done"), force: false, inputs: [])
      _ = try beside.create("model")
      for name in ["a", "b"] { _ = try staged.create(name) }
      _ = try done.create("done")
      try done.commit()
      try #require(try folder.entries().count == 4)
      Debris.removeAll {
        let entries = try? folder.entries()
        let isWhole = (try? folder.read("model")) == Array("old".utf8)
        withExtendedLifetime((beside, staged)) {}
        exit(entries == ["done", "model"] && isWhole ? 3 : 1)
      }
    }
  }
}
