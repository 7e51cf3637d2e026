import ByteIO
import ModelIR
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

@Suite("InputFile")
struct InputFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(
    "A path that leads nowhere is a missing input",
    arguments: [
      "none", "none/file", "file/below", "dangling", "loop", String(repeating: "n", count: 256), "",
    ]
  )
  func missing(name: String) throws {
    try folder.write("text", to: "file")
    try folder.link("dangling", to: "none")
    try folder.link("loop", to: "loop")
    let path = name.isEmpty ? "" : folder.path(name)
    let fault = #expect(throws: SystemFault.self) { try InputFile.open(path) }
    #expect(fault?.diagnosis.kind == .inputMissing)
    #expect(fault?.diagnosis.file == path)
  }

  @Test("A folder is no file")
  func isFolder() throws {
    let fault = #expect(throws: InputFileFault.self) { try InputFile.open(folder.path) }
    #expect(fault?.rule == .isFolder)
    #expect(fault?.diagnosis.kind == .badData)
  }

  @Test(
    "A pipe or a device is refused at once",
    .timeLimit(.minutes(1)),
    arguments: ["pipe", "/dev/zero", "/dev/null", "/dev/random"]
  )
  func notRegular(name: String) throws {
    let path = name.hasPrefix("/") ? name : folder.path(name)
    if name == "pipe" { try Posix.createPipe(at: path) }
    if try FileIdentity.at(path) == nil { return }
    let fault = #expect(throws: InputFileFault.self) { try InputFile.open(path) }
    #expect(fault?.rule == .notRegular)
  }

  @Test("A socket is refused at once", .timeLimit(.minutes(1)))
  func socket() throws {
    let descriptor = try Posix.createSocket(at: folder.path("socket"))
    defer { close(descriptor) }
    let fault = #expect(throws: InputFileFault.self) { try InputFile.open(folder.path("socket")) }
    #expect(fault?.rule == .notRegular)
  }

  @Test("A file that may not be read says so", .enabled(if: !Posix.isRoot, "root may read everything"))
  func forbidden() throws {
    let path = try folder.write("secret", to: "file")
    try Posix.setMode(0, of: path)
    let fault = #expect(throws: SystemFault.self) { try InputFile.open(path) }
    #expect(fault?.diagnosis.kind == .permissionDenied)
  }

  @Test("A link is followed unless its path was resolved before")
  func links() throws {
    try folder.write("text", to: "file")
    let link = try folder.link("link", to: "file")
    #expect(try InputFile.open(link).byteCount == 4)
    #expect(throws: SystemFault.self) { try InputFile.open(link, followsLink: false) }
  }

  @Test("Messages use the name that the user knows")
  func displayName() throws {
    let path = try folder.write("text", to: "file")
    #expect(try InputFile.open(path).displayName == path)
    #expect(try InputFile.open(path, displayName: "model.safetensors").displayName == "model.safetensors")
    let fault = #expect(throws: InputFileFault.self) { try InputFile.open(folder.path, displayName: "shown") }
    #expect(fault?.diagnosis.file == "shown")
  }

  @Test("A read fills its range of the buffer and leaves the rest alone")
  func reads() throws {
    let content = (0..<200).map { UInt8($0) }
    let file = try InputFile.open(folder.write(content, to: "file"))
    #expect(file.byteCount == 200)
    for (count, offset, start) in [(200, 0, 0), (1, 199, 5), (0, 200, 0), (17, 100, 183), (0, 500, 0)] {
      var buffer = [UInt8](repeating: 255, count: 200)
      try file.read(count, at: UInt64(offset), into: &buffer, startingAt: start)
      var expected = [UInt8](repeating: 255, count: 200)
      for index in 0..<count { expected[start + index] = content[offset + index] }
      #expect(buffer == expected, "\(count) bytes at \(offset)")
    }
  }

  @Test(
    "A read past the end is refused before it is tried",
    arguments: [(5, 0), (1, 4), (2, 3), (1, UInt64(Int64.max)), (4, .max), (1, .max)] as [(Int, UInt64)]
  )
  func readsPastTheEnd(count: Int, offset: UInt64) throws {
    let file = try InputFile.open(folder.write("text", to: "file"))
    var buffer = [UInt8](repeating: 0, count: 8)
    let fault = #expect(throws: InputFileFault.self) {
      try file.read(count, at: offset, into: &buffer, startingAt: 0)
    }
    #expect(fault?.rule == .cutShort(offset: offset, count: UInt64(count)))
    #expect(fault?.diagnosis.kind == .badData)
    #expect(fault?.diagnosis.offset == offset)
  }

  @Test("An empty file is a file")
  func empty() throws {
    let file = try InputFile.open(folder.write("", to: "file"))
    #expect(file.byteCount == 0)
    try file.rest()
  }

  @Test("Threads read and rest at the same time without disturbing one another")
  func threads() async throws {
    let content = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 >> 8) }
    let file = try InputFile.open(folder.write(content, to: "file"))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for block in 0..<256 {
        group.addTask {
          var buffer = [UInt8](repeating: 0, count: 256)
          try file.read(256, at: UInt64(block * 256), into: &buffer, startingAt: 0)
          #expect(buffer.allSatisfy { $0 == UInt8(block) })
        }
      }
      try await group.waitForAll()
    }
    try file.rest()
  }

  @Test("More files than there are descriptors can be read, one after the other")
  func fewDescriptors() async {
    await #expect(processExitsWith: .success) { [path = folder.path as String] in
      let folder = TemporaryFolder(of: path)
      var files: [InputFile] = []
      try limitOpenFiles(to: 24)
      for number in 0..<100 {
        let file = try InputFile.open(folder.write([UInt8(number)], to: "\(number)"))
        try file.rest()
        files.append(file)
      }
      var buffer: [UInt8] = [0]
      for (number, file) in files.enumerated() {
        try file.read(1, at: 0, into: &buffer, startingAt: 0)
        try #require(buffer == [UInt8(number)])
        try file.rest()
      }
      // The limit does hold: without a rest it is reached.
      #expect(throws: SystemFault.self) {
        for file in files { try file.read(1, at: 0, into: &buffer, startingAt: 0) }
      }
    }
  }
}
