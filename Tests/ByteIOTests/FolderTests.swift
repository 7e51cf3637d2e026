import ByteIO
import ModelIR
import TestSupport
import Testing

@Suite("Folder")
struct FolderTests {
  let temporary: TemporaryFolder

  init() throws { temporary = try TemporaryFolder() }

  @Test(
    "A plain name names a file in the folder",
    arguments: [
      "model.safetensors", "a", " ", ".hidden", "...", "-", "--", "a b", "a\nb", "\"", "caf\u{E9}",
      "cafe\u{301}",
      "..a", "a..", "C:", "~", "*",
    ]
  )
  func plainName(name: String) {
    #expect(Folder.isPlainName(name))
  }

  static let otherNames = [
    "", ".", "..", "/", "/etc/passwd", "../a", "a/../../b", "a/b", "a/", "./a", "a\\b", "..\\a",
    "\\\\host\\a", "a\u{0}",
    "\u{0}", "a\u{0}/../b",
  ]

  @Test("Another name is none, whatever is there", arguments: otherNames)
  func notPlainName(name: String) throws {
    #expect(!Folder.isPlainName(name))
    try temporary.write("outside", to: "a")
    try temporary.createFolder("model/a")
    let folder = try Folder(temporary.path("model"))
    let fault = #expect(throws: FolderFault.self) { try folder.open(name) }
    #expect(fault?.rule == .notPlainName(name))
    #expect(fault?.diagnosis.kind == .badData)
  }

  @Test("A folder that is not there is a missing input", arguments: ["none", "file/below"])
  func missing(name: String) throws {
    try temporary.write("", to: "file")
    let fault = #expect(throws: SystemFault.self) { try Folder(temporary.path(name)) }
    #expect(fault?.diagnosis.kind == .inputMissing)
  }

  @Test("Entries are listed by bytes, hidden ones too")
  func entries() throws {
    let names = [".hidden", "A", "a b", "a\nb", "b", "cafe\u{301}", String(repeating: "n", count: 255)]
    for name in names { try temporary.write("", to: name) }
    try temporary.createFolder("B")
    let expected = (names + ["B"]).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    #expect(try Folder(temporary.path).entries().map { Array($0.utf8) } == expected.map { Array($0.utf8) })
    #expect(throws: SystemFault.self) { try Folder(temporary.path("A")).entries() }
  }

  @Test("An entry is known by what it leads to")
  func kinds() throws {
    try temporary.write("", to: "file")
    try temporary.createFolder("folder")
    try temporary.link("link", to: "folder")
    try temporary.link("dangling", to: "none")
    try Posix.createPipe(at: temporary.path("pipe"))
    let folder = try Folder(temporary.path)
    #expect(try folder.kind(of: "file") == .regular)
    #expect(try folder.kind(of: "folder") == .folder)
    #expect(try folder.kind(of: "link") == .folder)
    #expect(try folder.kind(of: "pipe") == .other)
    #expect(try folder.kind(of: "dangling") == nil)
    #expect(try folder.kind(of: "none") == nil)
  }

  @Test("Names are shown under the path that the user gave, and the folder has its own name")
  func names() throws {
    try temporary.createFolder("model")
    try temporary.write("x", to: "model/file")
    try temporary.link("alias", to: "model")
    let folder = try Folder(temporary.path("alias"))
    #expect(folder.displayPath("file") == temporary.path("alias/file"))
    #expect(folder.name == "model")
    #expect(try folder.open("file").displayName == temporary.path("alias/file"))
    #expect(try Folder(temporary.path("model/../model/.")).name == "model")
  }

  /// Where the link `model/link` leads, and whether it may be followed.
  static let links: [(target: String, isAllowed: Bool)] = [
    ("file", true), ("below/file", true), ("../model/file", true), ("chain", true), ("../outside", false),
    ("/etc/passwd", false), ("../model2/file", false), ("escape", false), ("aside/outside", false),
    ("../blobs/file", false),
  ]

  @Test("A link may stay in its folder and not leave it", arguments: links)
  func link(target: String, isAllowed: Bool) throws {
    for name in ["model/below", "model2", "blobs"] { try temporary.createFolder(name) }
    for name in ["outside", "model/file", "model/below/file", "model2/file", "blobs/file"] {
      try temporary.write("x", to: name)
    }
    try temporary.link("model/chain", to: "below/file")
    try temporary.link("model/escape", to: "../outside")
    try temporary.link("model/aside", to: "..")
    try temporary.link("model/link", to: target)
    let folder = try Folder(temporary.path("model"))
    if isAllowed {
      #expect(try folder.open("link").byteCount == 1)
      return
    }
    let fault = #expect(throws: FolderFault.self) { try folder.open("link") }
    #expect(fault?.file == temporary.path("model/link"))
    guard case .linkLeaves = fault?.rule else {
      Issue.record("\(String(describing: fault))")
      return
    }
  }

  @Test("A link to nothing is a missing input")
  func danglingLink() throws {
    try temporary.link("link", to: "none")
    let folder = try Folder(temporary.path)
    let fault = #expect(throws: SystemFault.self) { try folder.open("link") }
    #expect(fault?.diagnosis.kind == .inputMissing)
  }
}
