#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// Standard output or standard error, written without a buffer of the C library, so that every failure is
/// seen.
public struct StandardStream: Sendable {
  /// Results.
  public static let output = StandardStream(descriptor: 1, name: "standard output")
  /// Everything else.
  public static let error = StandardStream(descriptor: 2, name: "standard error")

  private let descriptor: CInt
  private let name: String

  /// Makes sure that the three standard descriptors are taken, before anything is opened: an output file
  /// must not become the standard output of a process that was started without one.
  public static func occupyDescriptors() {
    for descriptor in CInt(0)...2 where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
      // Opened the wrong way round, so that using it is still the error that it would have been.
      let wrongWay = descriptor == 0 ? O_WRONLY : O_RDONLY
      _ = open("/dev/null", wrongWay)
    }
  }

  /// Whether a person sees it.
  public var isTerminal: Bool { isatty(descriptor) == 1 }

  /// The columns of the terminal, or nil if it is none.
  public var columns: Int? {
    var size = winsize()
    #if canImport(Darwin)
      let request = UInt(TIOCGWINSZ)
    #else
      let request = UInt(TIOCGWINSZ)
    #endif
    guard isTerminal, ioctl(descriptor, request, &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// Writes all of the text.
  /// - Throws: ``ClosedPipe`` if nobody reads it any more, else ``SystemFault``.
  public func write(_ text: String) throws { try write(Array(text.utf8)) }

  /// Writes all of the bytes.
  /// - Throws: ``ClosedPipe`` if nobody reads them any more, else ``SystemFault``.
  public func write(_ bytes: [UInt8]) throws {
    let (descriptor, name) = (descriptor, name)
    do {
      try bytes.withUnsafeBytes { bytes in
        var done = 0
        while done < bytes.count {
          let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
          #if canImport(Darwin)
            done += try retrying("write", path: name, role: .output) {
              Darwin.write(descriptor, rest.baseAddress, rest.count)
            }
          #else
            done += try retrying("write", path: name, role: .output) {
              Glibc.write(descriptor, rest.baseAddress, rest.count)
            }
          #endif
        }
      }
    } catch let fault as SystemFault {
      if fault.code == EPIPE { throw ClosedPipe() }
      throw StreamFault(name: name, code: fault.code)
    }
  }
}

/// Nobody reads a stream any more, which ends a program quietly.
public struct ClosedPipe: Error {}
