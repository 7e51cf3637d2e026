internal import SparseCoding

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// What figures depend on.
struct Machine: Sendable {
  /// What the processor calls itself.
  var processor: String
  /// Processors that are online.
  var cores: Int
  var memoryBytes: Int
  /// The operating system and its release.
  var system: String
  /// The kernels that run.
  var kernelSet: String
  /// How many processes wanted to run in the minute before; what is far from 0 makes figures doubtful.
  var load: Double

  /// This machine.
  static func current() -> Machine {
    Machine(
      processor: processorName(),
      cores: Int(sysconf(CInt(_SC_NPROCESSORS_ONLN))),
      memoryBytes: Int(sysconf(CInt(_SC_PHYS_PAGES))) * Int(sysconf(CInt(_SC_PAGESIZE))),
      system: systemName(),
      kernelSet: KernelSet.current.rawValue,
      load: load()
    )
  }

  private static func load() -> Double {
    var averages = [0.0]
    return getloadavg(&averages, 1) == 1 ? averages[0] : .nan
  }

  private static func systemName() -> String {
    var facts = utsname()
    guard uname(&facts) == 0 else { return "unknown" }
    return "\(text(facts.sysname)) \(text(facts.release)) \(text(facts.machine))"
  }

  /// The text in a C array of characters, which Swift sees as a tuple.
  private static func text<Characters>(_ characters: Characters) -> String {
    withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  private static func processorName() -> String {
    #if canImport(Darwin)
      var size = 0
      sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0)
      var bytes = [UInt8](repeating: 0, count: size)
      guard sysctlbyname("machdep.cpu.brand_string", &bytes, &size, nil, 0) == 0 else { return "unknown" }
      return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    #else
      guard let file = fopen("/proc/cpuinfo", "r") else { return "unknown" }
      defer { fclose(file) }
      var line = [CChar](repeating: 0, count: 512)
      while fgets(&line, CInt(line.count), file) != nil {
        let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard text.hasPrefix("model name"), let colon = text.firstIndex(of: ":") else { continue }
        return String(text[text.index(after: colon)...].drop { $0.isWhitespace }.prefix { $0 != "\n" })
      }
      return "unknown"
    #endif
  }
}
