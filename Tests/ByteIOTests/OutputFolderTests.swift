import ByteIO
import ModelIR
import TestSupport
import Testing

@Suite("OutputTransaction of a folder")
struct OutputFolderTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func begin(_ name: String = "out", force: Bool = false) throws -> OutputTransaction {
    try OutputTransaction.folder(folder.path(name), force: force, inputs: [])
  }

  func refusal(of name: String, force: Bool = false) -> OutputFault? {
    #expect(throws: OutputFault.self) { try begin(name, force: force) }
  }

  @Test("A new folder grows under another name and appears as a whole")
  func newFolder() throws {
    let transaction = try begin()
    let file = try transaction.create("model.safetensors")
    try file.write([1], 0..<1, at: 0)
    try transaction.create("config.json").write([2], 0..<1, at: 0)
    #expect(file.displayName == folder.path("out/model.safetensors"))
    #expect(try folder.entries() == [".out.lacuna-part"])
    try transaction.commit()
    #expect(try folder.entries() == ["out"])
    #expect(try folder.entries(of: "out") == ["config.json", "model.safetensors"])
    #expect(try folder.read("out/model.safetensors") == [1])
  }

  @Test("A slash behind its name makes no difference")
  func trailingSlash() throws {
    let transaction = try begin("out/")
    _ = try transaction.create("a")
    try transaction.commit()
    #expect(try folder.entries() == ["out"])
  }

  @Test("A new folder that is abandoned leaves nothing", arguments: [true, false])
  func abandonNewFolder(explicitly: Bool) throws {
    do {
      let transaction = try begin()
      try transaction.create("a").write([1], 0..<1, at: 0)
      if explicitly { transaction.abandon() }
    }
    #expect(try folder.entries().isEmpty)
  }

  @Test("An empty folder is filled, file by file")
  func emptyFolder() throws {
    try folder.createFolder("out")
    let transaction = try begin()
    try transaction.create("a").write([1], 0..<1, at: 0)
    #expect(try folder.entries(of: "out") == [".a.lacuna-part"])
    try transaction.commit()
    #expect(try folder.entries(of: "out") == ["a"])
    #expect(try folder.entries() == ["out"])
  }

  @Test("A link to a folder is a folder")
  func linkedFolder() throws {
    try folder.createFolder("real")
    try folder.link("out", to: "real")
    let transaction = try begin()
    _ = try transaction.create("a")
    try transaction.commit()
    #expect(try folder.entries(of: "real") == ["a"])
  }

  @Test("A folder that holds files is left alone unless they may be replaced")
  func fullFolder() throws {
    try folder.createFolder("out")
    try folder.write("old", to: "out/a")
    try folder.write("kept", to: "out/b")
    #expect(refusal(of: "out")?.rule == .exists)
    do {
      let abandoned = try begin(force: true)
      try abandoned.create("a").write([1], 0..<1, at: 0)
    }
    #expect(try folder.entries(of: "out") == ["a", "b"])
    #expect(try folder.read("out/a") == Array("old".utf8))
    let committed = try begin(force: true)
    #expect(refusal(of: "out", force: true)?.rule == .busy)
    try committed.create("a").write([1], 0..<1, at: 0)
    try committed.commit()
    #expect(try folder.entries(of: "out") == ["a", "b"])
    #expect(try folder.read("out/a") == [1])
    #expect(try folder.read("out/b") == Array("kept".utf8))
  }

  @Test("An input in the folder is no output")
  func input() throws {
    try folder.createFolder("out")
    let path = try folder.write("input", to: "out/model")
    let input = try #require(try FileIdentity.at(path))
    let transaction = try OutputTransaction.folder(folder.path("out"), force: true, inputs: [input])
    let fault = #expect(throws: OutputFault.self) { try transaction.create("model") }
    #expect(fault?.rule == .isInput(path))
  }

  @Test("What is no folder is refused")
  func noFolder() throws {
    try folder.write("", to: "file")
    try folder.link("dangling", to: "none")
    #expect(refusal(of: "file", force: true)?.rule == .isNoFolder)
    #expect(refusal(of: "dangling", force: true)?.rule == .isLink)
    #expect(refusal(of: "none/out")?.rule == .noParent)
    #expect(try folder.entries() == ["dangling", "file"])
  }

  @Test("A folder that appears meanwhile is not touched, and the new one is gone")
  func appearsMeanwhile() throws {
    do {
      let transaction = try begin()
      _ = try transaction.create("a")
      try folder.createFolder("out")
      try folder.write("theirs", to: "out/b")
      let fault = #expect(throws: OutputFault.self) { try transaction.commit() }
      #expect(fault?.rule == .exists)
    }
    #expect(try folder.entries() == ["out"])
    #expect(try folder.entries(of: "out") == ["b"])
  }

  @Test("Of two runs into one new folder the second is told to try again, until the first is done")
  func busy() throws {
    let first = try begin()
    let fault = refusal(of: "out")
    #expect(fault?.rule == .busy)
    #expect(fault?.diagnosis.kind == .tryAgain)
    _ = try first.create("a")
    first.abandon()
    withExtendedLifetime(first) {}
  }

  @Test("Of two runs into one empty folder the second is told to try again, until the first is done")
  func busyEmptyFolder() throws {
    try folder.createFolder("out")
    do {
      let first = try begin()
      #expect(refusal(of: "out")?.rule == .busy)
      withExtendedLifetime(first) {}
    }
    let second = try begin()
    _ = try second.create("a")
    try second.commit()
    #expect(try folder.entries(of: "out") == ["a"])
  }
}
