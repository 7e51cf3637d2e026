public import ModelIR

/// How far a run is at one moment.
public struct ProgressMoment: Sendable, Hashable {
  /// Bytes that were worked on.
  public var done: UInt64
  /// Bytes that there are; 0 while that is not known.
  public var total: UInt64
  /// Seconds since the run began.
  public var seconds: Double
  /// The memory that the process takes, in bytes; nil where that is not known.
  public var memory: UInt64?
  /// What is being worked on; may come from a file.
  public var activity: String

  /// A moment of these parts.
  public init(done: UInt64, total: UInt64, seconds: Double, memory: UInt64? = nil, activity: String = "") {
    self.done = done
    self.total = total
    self.seconds = seconds
    self.memory = memory
    self.activity = activity
  }

  /// The moment that a run is at.
  public init(_ progress: WorkProgress, seconds: Double, memory: UInt64? = nil) {
    self.init(
      done: progress.done,
      total: progress.total,
      seconds: seconds,
      memory: memory,
      activity: progress.current
    )
  }

  /// Seconds until the end at the speed so far; nil where that cannot be told.
  public var secondsLeft: Double? {
    guard done > 0, done <= total, seconds > 0 else { return nil }
    return Double(total - done) / (Double(done) / seconds)
  }
}

/// One line that says how far a run is.
public enum ProgressLine {
  /// The line for a terminal, without a line break; it leaves the last column free, so that no terminal wraps
  /// it.
  public static func terminal(_ moment: ProgressMoment, style: TerminalStyle) -> String {
    let width = style.width - 1
    // The widest that one to five parts usually get: what can be missed goes first, memory before speed.
    let widest = [6, 20, 44, 56, 69]
    let count = widest.lastIndex { $0 <= width } ?? 0
    var parts = parts(moment).prefix(count + 1)
    while parts.count > 1 && cells(parts) > width { parts.removeLast() }
    var line = ""
    var room = width - cells(parts)
    // The bar's width hangs on the terminal's alone, so that it does not jump.
    let bar = min(24, width - widest[count] - 2)
    if moment.total > 0, bar >= 6, bar + 2 <= room {
      let text = Bar.text(min(moment.done, moment.total), of: moment.total, cells: bar, style: style)
      line = text + String(repeating: " ", count: bar - DisplayWidth.cells(of: text) + 2)
      room -= bar + 2
    }
    line += parts.joined(separator: " · ")
    if !moment.activity.isEmpty, room >= 12 {
      line += "  " + style.paint(style.escape(moment.activity, cells: room - 2), .dim)
    }
    return style.useUnicode ? line : TerminalStyle.ascii(line)
  }

  /// The line for a log, without a line break.
  public static func plain(_ moment: ProgressMoment) -> String {
    var parts = ["\(Figures.size(moment.done))"]
    if moment.total > 0 {
      parts = ["\(Figures.size(min(moment.done, moment.total))) of \(Figures.size(moment.total))"]
      parts.append(Figures.percent(min(moment.done, moment.total), of: moment.total))
    }
    parts.append(Figures.rate(moment.done, seconds: moment.seconds))
    if let left = moment.secondsLeft { parts.append("\(Figures.clock(left)) left") }
    if let memory = moment.memory { parts.append("mem \(Figures.size(memory))") }
    if !moment.activity.isEmpty { parts.append(SafeText.escape(moment.activity, cells: 80)) }
    return parts.joined(separator: ", ")
  }

  /// The parts of a line by rank. Numbers keep their widths from one moment to the next as far as they can.
  private static func parts(_ moment: ProgressMoment) -> [String] {
    var parts: [String] = []
    if moment.total > 0 {
      let done = min(moment.done, moment.total)
      let share = Figures.percent(done, of: moment.total)
      parts.append(String(repeating: " ", count: max(0, 6 - DisplayWidth.cells(of: share))) + share)
      if let left = moment.secondsLeft { parts.append("\(Figures.clock(left)) left") }
      parts.append("\(Figures.size(done)) of \(Figures.size(moment.total))")
    } else {
      parts.append(Figures.size(moment.done))
    }
    parts.append(Figures.rate(moment.done, seconds: moment.seconds))
    if let memory = moment.memory { parts.append("mem \(Figures.size(memory))") }
    return parts
  }

  private static func cells(_ parts: ArraySlice<String>) -> Int {
    parts.reduce(0) { $0 + DisplayWidth.cells(of: $1) } + 3 * max(0, parts.count - 1)
  }
}
