import ByteIO
import ModelIR
import TestSupport
import Testing

@Suite("InputFile that changes")
struct InputFileChangeTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Opens a file of 100 bytes, last changed long ago.
  func open() throws -> InputFile {
    let path = try folder.write([UInt8](repeating: 1, count: 100), to: "file")
    try Posix.setModified(1_000_000_000, of: path)
    return try InputFile.open(path)
  }

  func read(_ file: InputFile, _ count: Int = 100, at offset: UInt64 = 0) throws -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: count)
    try file.read(count, at: offset, into: &buffer, startingAt: 0)
    return buffer
  }

  /// What can happen to a file; the file then has other bytes, another size, or another time.
  static let changes: [(name: String, change: @Sendable (TemporaryFolder) throws -> Void)] = [
    ("grows", { try $0.write([UInt8](repeating: 1, count: 101), to: "file") }),
    ("is cut", { try Posix.cut($0.path("file"), to: 99) }),
    ("is emptied", { try Posix.cut($0.path("file"), to: 0) }),
    ("is rewritten", { try $0.write([UInt8](repeating: 2, count: 100), to: "file") }),
    ("is touched", { try Posix.setModified(1_000_000_001, of: $0.path("file")) }),
  ]

  @Test("A file that was cut under a read is no data, not even its half", arguments: [0, 50, 99])
  func cutUnderRead(byteCount: Int) throws {
    let file = try open()
    try Posix.cut(file.path, to: byteCount)
    let fault = #expect(throws: InputFileFault.self) { try read(file) }
    #expect(fault?.rule == .changed)
    #expect(fault?.diagnosis.kind == .readOrWriteFailed)
    #expect(throws: InputFileFault.self) { try read(file, 1, at: 99) }
  }

  @Test("A file that is as it was can rest and be read again, any number of times")
  func unchanged() throws {
    let file = try open()
    for _ in 0..<3 {
      #expect(try read(file) == [UInt8](repeating: 1, count: 100))
      try file.rest()
      try file.rest()
    }
  }

  @Test("A change is found when the file rests", arguments: changes)
  func changeBeforeRest(name: String, change: @Sendable (TemporaryFolder) throws -> Void) throws {
    let file = try open()
    _ = try read(file)
    try change(folder)
    let fault = #expect(throws: InputFileFault.self) { try file.rest() }
    #expect(fault?.rule == .changed)
  }

  @Test("A change is found when a rested file is opened again", arguments: changes)
  func changeAfterRest(name: String, change: @Sendable (TemporaryFolder) throws -> Void) throws {
    let file = try open()
    try file.rest()
    try change(folder)
    for _ in 0..<2 {
      let fault = #expect(throws: InputFileFault.self) { try read(file) }
      #expect(fault?.rule == .changed)
    }
  }

  /// Puts another file of the same size, time and name in the file's place.
  func replace() throws {
    let other = try folder.write([UInt8](repeating: 2, count: 100), to: "other")
    try Posix.setModified(1_000_000_000, of: other)
    try Posix.move(other, to: folder.path("file"))
  }

  @Test("A file that is replaced while open gives its old bytes only")
  func replacedWhileOpen() throws {
    let file = try open()
    #expect(try read(file, 50) == [UInt8](repeating: 1, count: 50))
    try replace()
    #expect(try read(file, 50, at: 50) == [UInt8](repeating: 1, count: 50))
  }

  @Test("A file that is replaced while it rests is another file")
  func replacedWhileResting() throws {
    let file = try open()
    try file.rest()
    try replace()
    let fault = #expect(throws: InputFileFault.self) { try read(file) }
    #expect(fault?.rule == .changed)
  }

  @Test("A file that becomes a pipe while it rests does not block", .timeLimit(.minutes(1)))
  func pipeWhileResting() throws {
    let file = try open()
    try file.rest()
    try folder.remove("file")
    try Posix.createPipe(at: file.path)
    #expect(throws: InputFileFault.self) { try read(file) }
  }

  @Test("A file that is removed while it rests is a missing input")
  func removedWhileResting() throws {
    let file = try open()
    try file.rest()
    try folder.remove("file")
    let fault = #expect(throws: SystemFault.self) { try read(file) }
    #expect(fault?.diagnosis.kind == .inputMissing)
  }
}
