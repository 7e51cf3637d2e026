internal import Synchronization

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// The unfinished outputs of this process, so that an interruption can remove them.
///
/// Paths are registered before they are created and forgotten once renamed or removed.
public enum Debris {
  private static let paths = Mutex<[String]>([])

  static func register(_ path: String) { paths.withLock { $0.append(path) } }

  static func forget(_ path: String) {
    paths.withLock { list in list.removeAll { $0 == path } }
  }

  /// Removes every unfinished output. Nothing may be created afterwards: the process is about to end.
  public static func removeAll() {
    paths.withLock { list in
      // Files were registered after the folders that hold them.
      for path in list.reversed() where unlink(path) != 0 { _ = rmdir(path) }
      list = []
    }
  }
}
