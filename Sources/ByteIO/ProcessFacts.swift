#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// What the process knows of itself and its machine.
public enum ProcessFacts {
  /// The most memory that was resident so far, in bytes.
  public static var peakMemory: UInt64 {
    var usage = rusage()
    #if canImport(Darwin)
      getrusage(RUSAGE_SELF, &usage)
      return UInt64(clamping: usage.ru_maxrss)
    #else
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      return UInt64(clamping: usage.ru_maxrss) * 1024
    #endif
  }

  /// The processors that are on.
  public static var processors: Int {
    max(1, Int(sysconf(CInt(_SC_NPROCESSORS_ONLN))))
  }

  /// A variable of the environment, if it is set.
  public static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  /// Ends the process at once, without running anything that was registered for its end.
  public static func exit(_ code: Int32) -> Never { _exit(code) }
}
