#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// The system refused a test what it needs.
package struct SystemRefusal: Error {
  /// The system's error number.
  package let code: Int32
}

/// Bounds how many files this process may have open: only for the child of an exit test.
package func limitOpenFiles(to count: Int) throws {
  var limit = rlimit(rlim_cur: rlim_t(count), rlim_max: rlim_t(count))
  #if canImport(Darwin)
    let result = setrlimit(RLIMIT_NOFILE, &limit)
  #else
    let result = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  #endif
  if result != 0 { throw SystemRefusal(code: errno) }
}
