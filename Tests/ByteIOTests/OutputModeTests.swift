import ByteIO
import ModelIR
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

@Suite("Permissions of outputs")
struct OutputModeTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(
    "A replaced file keeps its permissions",
    arguments: [0o640, 0o600, 0o666, 0o755, 0o444, 0o400] as [UInt32]
  )
  func kept(mode: UInt32) throws {
    let path = try folder.write("old", to: "model")
    try Posix.setMode(mode, of: path)
    let transaction = try OutputTransaction.besideFile(path, force: true, inputs: [])
    try transaction.create("model").write([1], 0..<1, at: 0)
    // Nobody sees more of the unfinished file than of the old one, and a run that takes over can write it.
    #expect(try Posix.mode(of: folder.path(".model.lacuna-part")) == mode | 0o600)
    try transaction.commit()
    #expect(try Posix.mode(of: path) == mode)
    #expect(try folder.read("model") == [1])
  }

  @Test("A new file and a new folder have the permissions that the user's mask leaves")
  func mask() async {
    // In a child: the mask is the process's, and other tests create files at the same time.
    await #expect(processExitsWith: .success) {
      for mask in [0o077, 0o002, 0o022, 0o000] as [UInt32] {
        umask(mode_t(mask))
        let folder = try TemporaryFolder()
        let beside = try OutputTransaction.besideFile(folder.path("model"), force: false, inputs: [])
        _ = try beside.create("model")
        try beside.commit()
        let inside = try OutputTransaction.folder(folder.path("out"), force: false, inputs: [])
        _ = try inside.create("model")
        try inside.commit()
        #expect(try Posix.mode(of: folder.path("model")) == 0o666 & ~mask)
        #expect(try Posix.mode(of: folder.path("out")) & 0o777 == 0o777 & ~mask)
        #expect(try Posix.mode(of: folder.path("out/model")) == 0o666 & ~mask)
        withExtendedLifetime(folder) {}
      }
    }
  }
}
