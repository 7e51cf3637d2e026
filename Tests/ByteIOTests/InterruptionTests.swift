import ByteIO
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

@Suite("Interruption")
struct InterruptionTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// What the child of an exit test does: starts outputs and is sent a signal.
  static func beInterrupted(by signal: CInt, in path: String) throws {
    Interruption.install { _ in }
    let beside = try OutputTransaction.besideFile(path + "/model", force: true, inputs: [])
    let inside = try OutputTransaction.folder(path + "/out", force: false, inputs: [])
    _ = try beside.create("model")
    _ = try inside.create("model")
    kill(getpid(), signal)
    // The handler ends the process from its own thread.
    sleep(30)
    withExtendedLifetime((beside, inside)) {}
  }

  @Test("SIGTERM removes what is unfinished and ends with 143", .timeLimit(.minutes(1)))
  func terminate() async throws {
    try folder.write("old", to: "model")
    await #expect(processExitsWith: .exitCode(143)) { [path = folder.path as String] in
      try Self.beInterrupted(by: SIGTERM, in: path)
    }
    #expect(try folder.entries() == ["model"])
    #expect(try folder.read("model") == Array("old".utf8))
  }

  @Test("SIGINT removes what is unfinished and ends with 130", .timeLimit(.minutes(1)))
  func interrupt() async throws {
    await #expect(processExitsWith: .exitCode(130)) { [path = folder.path as String] in
      try Self.beInterrupted(by: SIGINT, in: path)
    }
    #expect(try folder.entries().isEmpty)
  }

  @Test("A signal that was ignored stays ignored, and a broken pipe ends nothing", .timeLimit(.minutes(1)))
  func ignored() async {
    await #expect(processExitsWith: .success) {
      signal(SIGINT, SIG_IGN)
      Interruption.install { _ in }
      kill(getpid(), SIGINT)
      kill(getpid(), SIGPIPE)
      usleep(200_000)
    }
  }

  @Test("A run that was killed leaves the old file, and the next one takes over", .timeLimit(.minutes(1)))
  func killed() async throws {
    let path = try folder.write("old", to: "model")
    try Posix.setMode(0o400, of: path)
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = folder.path as String] in
      try Self.beInterrupted(by: SIGKILL, in: path)
    }
    #expect(try folder.read("model") == Array("old".utf8))
    let beside = try OutputTransaction.besideFile(path, force: true, inputs: [])
    let inside = try OutputTransaction.folder(folder.path("out"), force: false, inputs: [])
    try beside.create("model").write([1], 0..<1, at: 0)
    _ = try inside.create("model")
    try beside.commit()
    try inside.commit()
    #expect(try folder.entries() == ["model", "out"])
    #expect(try folder.read("model") == [1])
  }
}
