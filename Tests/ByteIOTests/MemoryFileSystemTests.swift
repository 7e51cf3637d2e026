import ByteIO
import Testing

@Suite("File systems in memory")
struct MemoryFileSystemTests {
  private static let mounts = """
    21 1 254:0 / / rw,relatime - ext4 /dev/root rw
    22 21 0:5 / /dev rw,relatime shared:2 master:1 - devtmpfs devtmpfs rw,size=4k
    24 21 0:21 / /dev/shm rw - tmpfs tmpfs rw,size=24684084k
    25 21 0:210 / /a\\040-\\040tmpfs rw - xfs /dev/b rw
    26 21 0:33 / /cut rw -
    27 21 0:34
    """

  @Test(
    "the type of a device's file system stands behind the hyphen of its mount",
    arguments: [
      (254, 0, "ext4"), (0, 5, "devtmpfs"), (0, 21, "tmpfs"), (0, 210, "xfs"), (0, 2, nil), (0, 33, nil),
      (0, 34, nil), (25, 4, nil),
    ] as [(UInt32, UInt32, String?)]
  )
  func types(major: UInt32, minor: UInt32, type: String?) {
    #expect(MemoryFileSystems.type(of: (major, minor), in: Self.mounts).map(String.init) == type)
    #expect(MemoryFileSystems.type(of: (major, minor), in: "") == nil)
  }
}
