internal import Dispatch
internal import Synchronization

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// What SIGINT and SIGTERM do: remove unfinished outputs, say so, and end.
public enum Interruption {
  /// A source that nobody uses but its queue.
  private struct Kept: @unchecked Sendable {
    let source: any DispatchSourceSignal
  }

  /// A source that nothing refers to would end.
  private static let sources = Mutex<[Kept]>([])

  /// Catches both signals from now on. `farewell` gets the signal's name and prints a line; the exit code is
  /// then 128 plus the signal's number.
  ///
  /// A signal that was ignored when the process started stays ignored, as `nohup` wants it. SIGPIPE and
  /// SIGXFSZ are ignored, so that writing reports an error instead.
  public static func install(farewell: @escaping @Sendable (String) -> Void) {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    let queue = DispatchQueue(label: "lacuna.interruption")
    for (number, name) in [(SIGINT, "SIGINT"), (SIGTERM, "SIGTERM")] {
      var current = sigaction()
      sigaction(number, nil, &current)
      if isIgnored(current) { continue }
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        Debris.removeAll {
          farewell(name)
          _exit(128 + number)
        }
      }
      // Registration is another thread's work: a signal must not get lost before it is done.
      let registered = DispatchSemaphore(value: 0)
      source.setRegistrationHandler { registered.signal() }
      source.resume()
      registered.wait()
      #if canImport(Darwin)
        // Elsewhere the source has put its own action in place of the default one.
        signal(number, SIG_IGN)
      #endif
      let kept = Kept(source: source)
      sources.withLock { $0.append(kept) }
    }
  }

  private static func isIgnored(_ action: sigaction) -> Bool {
    #if canImport(Darwin)
      let handler = action.__sigaction_u.__sa_handler
    #else
      let handler = action.__sigaction_handler.sa_handler
    #endif
    return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
