import ByteIO
import ModelIR
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

@Suite("Full disks and size limits")
struct FullDiskTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("A limit on file sizes is found before any work is done, and nothing is left")
  func sizeLimit() async {
    await #expect(processExitsWith: .success) { [path = folder.path as String] in
      let folder = TemporaryFolder(of: path)
      try Posix.limitFileSize(to: 1 << 20)
      let transaction = try OutputTransaction.besideFile(folder.path("model"), force: false, inputs: [])
      let file = try transaction.create("model")
      try file.reserve(1 << 20)
      let reserved = #expect(throws: SystemFault.self) { try file.reserve(1 << 20 + 1) }
      #expect(reserved?.diagnosis.kind == .cannotCreate)
      let written = #expect(throws: SystemFault.self) { try file.write([1, 2], 0..<2, at: 1 << 20) }
      #expect(written?.diagnosis.kind == .cannotCreate)
      transaction.abandon()
      #expect(try folder.entries().isEmpty)
    }
  }

  #if os(Linux)
    /// Whether this process may have a file system of its own, to fill it up.
    static let canMount =
      Posix.isRoot
      && system("unshare --mount mount -t tmpfs -o size=64k none /tmp >/dev/null 2>&1") == 0

    /// Puts this process where it alone sees a file system of `byteCount` bytes at `path`.
    static func mountPrivately(at path: String, byteCount: Int) throws {
      // Glibc's module hides it behind _GNU_SOURCE.
      let symbol = try #require(dlsym(nil, "unshare"))
      let unshare = unsafeBitCast(symbol, to: (@convention(c) (CInt) -> CInt).self)
      let newMountNamespace: CInt = 0x0002_0000
      try #require(unshare(newMountNamespace) == 0)
      let recursivePrivate: UInt = 1 << 14 | 1 << 18
      try #require(mount("none", "/", nil, recursivePrivate, nil) == 0)
      try #require("size=\(byteCount)".withCString { mount("none", path, "tmpfs", 0, $0) } == 0)
    }

    @Test(
      "A full disk is found before any work is done, and what was there stays",
      .enabled(if: canMount, "needs the right to mount a small file system")
    )
    func fullDisk() async {
      await #expect(processExitsWith: .success) { [path = folder.path as String] in
        let folder = TemporaryFolder(of: path)
        try Self.mountPrivately(at: folder.path, byteCount: 65_536)
        try folder.write("old", to: "model")
        let transaction = try OutputTransaction.besideFile(folder.path("model"), force: true, inputs: [])
        let space = #expect(throws: OutputFault.self) { try transaction.requireSpace(65_537, for: "model") }
        #expect(space?.diagnosis.kind == .cannotCreate)
        let file = try transaction.create("model")
        let reserved = #expect(throws: SystemFault.self) { try file.reserve(65_537) }
        #expect(reserved?.code == ENOSPC)
        #expect(reserved?.diagnosis.kind == .cannotCreate)
        let bytes = [UInt8](repeating: 1, count: 65_537)
        let written = #expect(throws: SystemFault.self) { try file.write(bytes, bytes.indices, at: 0) }
        #expect(written?.code == ENOSPC)
        transaction.abandon()
        #expect(try folder.entries() == ["model"])
        #expect(try folder.read("model") == Array("old".utf8))
      }
    }
  #endif
}
