import ByteIO
import ModelIR
import TestSupport
import Testing

@Suite("What an output may not be")
struct OutputTargetTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Tries to write `name` and returns the refusal.
  func refusal(of name: String, force: Bool, inputs: [String] = []) throws -> OutputFault? {
    let before = try folder.entries()
    let identities = try inputs.map { try #require(try FileIdentity.at(folder.path($0))) }
    let fault = #expect(throws: OutputFault.self) {
      let transaction = try OutputTransaction.besideFile(folder.path(name), force: force, inputs: identities)
      _ = try transaction.create(name)
    }
    #expect(try folder.entries() == before)
    return fault
  }

  @Test("A file that exists is replaced only if that is asked for")
  func exists() throws {
    try folder.write("old", to: "model")
    let fault = try refusal(of: "model", force: false)
    #expect(fault == OutputFault(file: folder.path("model"), rule: .exists))
    #expect(fault?.diagnosis.kind == .cannotCreate)
    #expect(try folder.read("model") == Array("old".utf8))
  }

  @Test(
    "An input is never an output, by whatever name",
    arguments: ["input", "hard", "link", "far", "chain"]
  )
  func isInput(name: String) throws {
    try folder.write("input", to: "input")
    try Posix.hardLink(folder.path("input"), to: folder.path("hard"))
    try folder.link("link", to: "input")
    try folder.link("far", to: folder.path("input"))
    try folder.link("chain", to: "link")
    for force in [true, false] {
      let fault = try refusal(of: name, force: force, inputs: ["input"])
      guard case .isInput = fault?.rule else {
        Issue.record("\(String(describing: fault))")
        return
      }
    }
    #expect(try folder.read("input") == Array("input".utf8))
  }

  @Test("An input that is read through a link is an input too")
  func inputThroughLink() throws {
    try folder.write("input", to: "input")
    try folder.link("link", to: "input")
    let fault = try refusal(of: "input", force: true, inputs: ["link"])
    #expect(fault?.rule == .isInput(folder.path("input")))
  }

  @Test(
    "A link is neither replaced nor followed, wherever it leads",
    arguments: ["other", "none", "folder", "link"]
  )
  func isLink(target: String) throws {
    try folder.write("other", to: "other")
    try folder.createFolder("folder")
    try folder.link("link", to: target == "link" ? "other" : target)
    #expect(try refusal(of: "link", force: true)?.rule == .isLink)
    #expect(try folder.read("other") == Array("other".utf8))
  }

  @Test("A folder is no file")
  func isFolder() throws {
    try folder.createFolder("model")
    #expect(try refusal(of: "model", force: true)?.rule == .isFolder)
  }

  @Test("A pipe is not written to", .timeLimit(.minutes(1)))
  func isPipe() throws {
    try Posix.createPipe(at: folder.path("model"))
    #expect(try refusal(of: "model", force: true)?.rule == .notRegular)
  }

  @Test("A folder that is not there, or is none, holds no output", arguments: ["none/model", "file/model"])
  func noParent(path: String) throws {
    try folder.write("", to: "file")
    let fault = #expect(throws: OutputFault.self) {
      try OutputTransaction.besideFile(folder.path(path), force: true, inputs: [])
    }
    #expect(fault?.rule == .noParent)
    #expect(fault?.diagnosis.kind == .cannotCreate)
  }

  @Test("A folder that may not be written says so", .enabled(if: !Posix.isRoot, "root may write everywhere"))
  func forbidden() throws {
    try folder.createFolder("sealed")
    try Posix.setMode(0o500, of: folder.path("sealed"))
    let transaction = try OutputTransaction.besideFile(folder.path("sealed/model"), force: false, inputs: [])
    let fault = #expect(throws: SystemFault.self) { try transaction.create("model") }
    #expect(fault?.diagnosis.kind == .permissionDenied)
  }

  @Test("Every refusal says what would be right or why")
  func words() {
    let rules: [OutputFault.Rule] = [
      .exists, .isInput("a"), .isLink, .isFolder, .isNoFolder, .notRegular, .busy, .noParent,
      .otherWeights("w"),
      .noSpace(needed: 2, available: 1),
    ]
    for rule in rules {
      let diagnosis = OutputFault(file: "f", rule: rule).diagnosis
      #expect(diagnosis.kind == (rule == .busy ? .tryAgain : .cannotCreate))
      #expect(!diagnosis.problem.isEmpty)
      #expect(diagnosis.file == "f")
    }
  }
}
