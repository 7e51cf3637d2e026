import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// What tests ask of the system beyond what a temporary folder offers.
enum Posix {
  static let isRoot = geteuid() == 0

  /// The permission bits of what is at `path`.
  static func mode(of path: String) throws -> UInt32 {
    var status = stat()
    try #require(lstat(path, &status) == 0)
    return UInt32(status.st_mode) & 0o7777
  }

  static func setMode(_ mode: UInt32, of path: String) throws {
    try #require(chmod(path, mode_t(mode)) == 0)
  }

  static func hardLink(_ target: String, to path: String) throws {
    try #require(link(target, path) == 0)
  }

  static func move(_ path: String, to target: String) throws {
    try #require(rename(path, target) == 0)
  }

  static func cut(_ path: String, to byteCount: Int) throws {
    try #require(truncate(path, off_t(byteCount)) == 0)
  }

  /// Sets the time of the last change, in seconds since 1970: the clock of a file system may be too coarse
  /// for two changes in a row.
  static func setModified(_ seconds: Int, of path: String) throws {
    var times = [timeval(), timeval()]
    times[0].tv_sec = seconds
    times[1].tv_sec = seconds
    try #require(utimes(path, times) == 0)
  }

  static func createPipe(at path: String) throws {
    try #require(mkfifo(path, 0o600) == 0)
  }

  /// Creates a socket that listens at `path` for as long as its descriptor is open.
  static func createSocket(at path: String) throws -> CInt {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    try #require(bytes.count < MemoryLayout.size(ofValue: address.sun_path))
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    #if canImport(Darwin)
      let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
    #else
      let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
    #endif
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let result = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
    }
    try #require(result == 0)
    return descriptor
  }

  /// Bounds the size of every file that this process writes: only for the child of an exit test.
  static func limitFileSize(to byteCount: Int) throws {
    signal(SIGXFSZ, SIG_IGN)
    var limit = rlimit(rlim_cur: rlim_t(byteCount), rlim_max: rlim_t(byteCount))
    #if canImport(Darwin)
      try #require(setrlimit(RLIMIT_FSIZE, &limit) == 0)
    #else
      try #require(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
    #endif
  }
}
