internal import Synchronization

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// The unfinished outputs of this process, so that an interruption can remove them.
package enum Debris {
  private static let paths = Mutex<[String]>([])

  /// Creates something, and registers its path if that succeeds; an interruption comes before or after both.
  static func creating<Result>(_ path: String, _ create: () throws -> Result) rethrows -> Result {
    try paths.withLock { list in
      let result = try create()
      list.append(path)
      return result
    }
  }

  /// Forgets what has its final name or was removed.
  static func forget(_ path: String) {
    paths.withLock { list in list.removeAll { $0 == path } }
  }

  /// Removes every unfinished output and ends the process by `end`; nothing is created meanwhile.
  package static func removeAll(andThen end: () -> Never) -> Never {
    paths.withLock { list in
      // Files were registered after the folders that hold them.
      for path in list.reversed() where unlink(path) != 0 { _ = rmdir(path) }
      end()
    }
  }
}
