import ByteIO
import ModelIR
import TestSupport
import Testing

@Suite("OutputTransaction beside a file")
struct OutputTransactionTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func begin(_ name: String = "model", force: Bool = false) throws -> OutputTransaction {
    try OutputTransaction.besideFile(folder.path(name), force: force, inputs: [])
  }

  @Test("Nothing is visible before the commit, everything after")
  func commit() throws {
    let transaction = try begin()
    let first = try transaction.create("first")
    let second = try transaction.create("second")
    try first.write([1, 2, 3], 0..<3, at: 0)
    try second.write([4], 0..<1, at: 0)
    #expect(try folder.entries().allSatisfy { $0.hasPrefix(".") && $0.hasSuffix(".lacuna-part") })
    #expect(first.displayName == folder.path("first"))
    try transaction.commit()
    #expect(try folder.entries() == ["first", "second"])
    #expect(try folder.read("first") == [1, 2, 3])
    #expect(try folder.read("second") == [4])
    transaction.abandon()
    #expect(try folder.entries() == ["first", "second"])
  }

  @Test("What is abandoned leaves nothing", arguments: [true, false])
  func abandon(explicitly: Bool) throws {
    do {
      let transaction = try begin()
      let file = try transaction.create("model")
      try file.write([1], 0..<1, at: 0)
      if explicitly {
        transaction.abandon()
        #expect(try folder.entries().isEmpty)
      }
    }
    #expect(try folder.entries().isEmpty)
  }

  @Test("A file that exists is kept until the commit, and then replaced, if that is asked for")
  func replace() throws {
    try folder.write("old", to: "model")
    let abandoned = try begin(force: true)
    try abandoned.create("model").write([1], 0..<1, at: 0)
    #expect(try folder.read("model") == Array("old".utf8))
    abandoned.abandon()
    #expect(try folder.entries() == ["model"])
    #expect(try folder.read("model") == Array("old".utf8))

    let committed = try begin(force: true)
    try committed.create("model").write([1], 0..<1, at: 0)
    try committed.commit()
    #expect(try folder.entries() == ["model"])
    #expect(try folder.read("model") == [1])
  }

  @Test("A file that someone has open keeps its old bytes when it is replaced")
  func replaceOpenFile() throws {
    let reader = try InputFile.open(folder.write("old", to: "model"))
    let transaction = try begin(force: true)
    try transaction.create("model").write([1, 1, 1], 0..<3, at: 0)
    try transaction.commit()
    var buffer: [UInt8] = [0, 0, 0]
    try reader.read(3, at: 0, into: &buffer, startingAt: 0)
    #expect(buffer == Array("old".utf8))
  }

  @Test("Threads write ranges of one file, which reads back before it is visible")
  func threads() async throws {
    let transaction = try begin()
    let file = try transaction.create("model")
    try file.reserve(65_536)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for block in 0..<256 {
        group.addTask {
          let bytes = [0] + [UInt8](repeating: UInt8(block), count: 256) + [0]
          try file.write(bytes, 1..<257, at: UInt64(block * 256))
        }
      }
      try await group.waitForAll()
    }
    let expected = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 >> 8) }
    let source = file.readBack()
    #expect(source.byteCount == 65_536)
    var buffer = [UInt8](repeating: 255, count: 65_538)
    try source.read(65_536, at: 0, into: &buffer, startingAt: 1)
    #expect(buffer == [255] + expected + [255])
    #expect(throws: SystemFault.self) { try source.read(2, at: 65_535, into: &buffer, startingAt: 0) }
    try transaction.commit()
    #expect(try folder.read("model") == expected)
  }

  @Test("A reserved size is the file's size, holes read as zero", arguments: [0, 1, 100_000])
  func reserve(byteCount: Int) throws {
    let transaction = try begin()
    let file = try transaction.create("model")
    try file.write([1, 2], 0..<2, at: 0)
    try file.reserve(UInt64(byteCount))
    try transaction.commit()
    let expected = [1, 2] + [UInt8](repeating: 0, count: 100_000)
    #expect(try folder.read("model") == Array(expected.prefix(byteCount)))
  }

  @Test("A size that no file can have is refused", arguments: [UInt64.max, 1 << 63])
  func reserveTooMuch(byteCount: UInt64) throws {
    let transaction = try begin()
    let file = try transaction.create("model")
    let fault = #expect(throws: SystemFault.self) { try file.reserve(byteCount) }
    #expect(fault?.diagnosis.kind == .cannotCreate)
  }

  @Test("More space than the disk has is not there")
  func requireSpace() throws {
    let transaction = try begin()
    try transaction.requireSpace(0, for: "model")
    let fault = #expect(throws: OutputFault.self) { try transaction.requireSpace(.max, for: "model") }
    guard case .noSpace(needed: .max, available: let available) = fault?.rule else {
      Issue.record("\(String(describing: fault))")
      return
    }
    #expect(available < .max)
    #expect(fault?.diagnosis.kind == .cannotCreate)
  }

  /// Names that a file system may hold, longest ones included.
  static let names = [
    "a", " ", "-", "--force", "a b", "a\nb", "\"'", ".hidden", "caf\u{E9}", "cafe\u{301}", "*",
    "model.lacuna-part",
    String(repeating: "n", count: 199), String(repeating: "n", count: 200),
    String(repeating: "n", count: 201),
    String(repeating: "n", count: 243),
    String(repeating: "n", count: 255), String(repeating: "\u{6C34}", count: 85),
    "n" + String(repeating: "\u{E9}", count: 127),
  ]

  @Test("A name may be as long and as strange as the file system allows", arguments: names)
  func name(name: String) throws {
    let transaction = try begin(name)
    try transaction.create(name).write([1], 0..<1, at: 0)
    try transaction.commit()
    #expect(try folder.entries().map { Array($0.utf8) } == [Array(name.utf8)])
  }

  @Test("Long names that start alike do not get into each other's way")
  func longNames() throws {
    let transaction = try begin()
    let names = ["a", "b"].map { String(repeating: "n", count: 254) + $0 }
    for name in names { _ = try transaction.create(name) }
    try transaction.commit()
    #expect(try folder.entries() == names)
  }

  @Test("A name that is too long cannot be created")
  func nameTooLong() throws {
    let transaction = try begin()
    let fault = #expect(throws: SystemFault.self) {
      try transaction.create(String(repeating: "n", count: 256))
    }
    #expect(fault?.diagnosis.kind == .cannotCreate)
    transaction.abandon()
    #expect(try folder.entries().isEmpty)
  }
}
