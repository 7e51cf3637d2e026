internal import ByteIO
internal import Dispatch
internal import ModelIR
internal import Reporting
internal import Synchronization

/// Shows how far a run is: a line that is rewritten on a terminal, after the first second; elsewhere a plain
/// line every 10 seconds.
final class ProgressDisplay: Sendable {
  private enum Style {
    case rewritten
    case plain
  }

  private struct State {
    var shown = false
    var ended = false
  }

  private let progress: WorkProgress
  private let start = ContinuousClock.now
  private let state = Mutex(State())

  private init(_ progress: WorkProgress) { self.progress = progress }

  /// Runs `body` and shows its progress meanwhile.
  static func during<Result>(
    _ progress: WorkProgress,
    _ options: WorkOptions,
    _ body: () throws -> Result
  ) rethrows -> Result {
    let isTerminal = StandardStream.error.isTerminal
    guard !options.quiet, options.progress != .never else { return try body() }
    let display = ProgressDisplay(progress)
    let style: Style = isTerminal || options.progress == .always ? .rewritten : .plain
    let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "lacuna.progress"))
    timer.setEventHandler { display.show(style) }
    switch style {
    case .rewritten: timer.schedule(deadline: .now() + 1, repeating: 0.2)
    case .plain: timer.schedule(deadline: .now() + 10, repeating: 10)
    }
    timer.resume()
    defer {
      timer.cancel()
      display.end(style)
    }
    return try body()
  }

  private func show(_ style: Style) {
    state.withLock { state in
      if state.ended { return }
      let moment = ProgressMoment(
        progress,
        seconds: (ContinuousClock.now - start) / .seconds(1),
        memory: ProcessFacts.peakMemory
      )
      switch style {
      case .rewritten:
        // The last column stays free: some terminals break the line once it is filled.
        let width = max(TerminalStyle.narrowest, (StandardStream.error.columns ?? 80) - 1)
        let line = ProgressLine.terminal(moment, style: TerminalStyle(width: width))
        try? StandardStream.error.write("\r\u{1B}[K" + line)
        state.shown = true
      case .plain:
        Outcome.say(ProgressLine.plain(moment))
      }
    }
  }

  private func end(_ style: Style) {
    state.withLock { state in
      state.ended = true
      if state.shown { try? StandardStream.error.write("\r\u{1B}[K") }
    }
  }
}
