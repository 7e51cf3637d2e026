public import Inspection
internal import ModelIR

extension TerminalReport {
  /// Says whether a model's files are whole: a line for each check, and the findings of those that failed.
  /// At most `limit` findings of each check are told.
  /// - Throws: what `sink` throws.
  public static func verify(
    _ report: IntegrityReport,
    limit: Int? = 20,
    style: TerminalStyle,
    to sink: @escaping Sink
  ) throws {
    var writer = LineWriter(style, to: sink)
    try writer.lines(Flow.lines([Cell(foreign: lastComponent(report.path), .strong)], style: style))
    let widest = report.checks.reduce(0) { max($0, DisplayWidth.cells(of: $1.name)) }
    for check in report.checks {
      let (word, tone): (String, Tone) =
        switch check.outcome {
        case .passed: ("ok", .plain)
        case .failed: ("FAIL", .failure)
        case .skipped: ("skip", .dim)
        }
      let name = check.name + String(repeating: " ", count: widest - DisplayWidth.cells(of: check.name))
      let start = word + String(repeating: " ", count: 6 - word.utf8.count)
      let painted = style.paint(word, tone) + String(repeating: " ", count: 6 - word.utf8.count)
      var lines = Flow.paragraph(
        style.escape(check.summary, cells: 1000),
        start: start + name + "  ",
        indent: min(8 + widest, 20),
        style: style
      )
      lines[0] = painted + lines[0].dropFirst(start.count)
      try writer.lines(lines)
      let shown = min(limit ?? .max, check.findings.count)
      for finding in check.findings.prefix(shown) {
        try writer.lines(
          Flow.paragraph(style.escaped(finding.line), start: "      ", indent: 10, style: style)
        )
      }
      if shown < check.findings.count {
        try writer.line("      and \(Figures.grouped(check.findings.count - shown)) more")
      }
    }
    try writer.line()
    try writeWarnings(report.warnings, to: &writer)
    let failed = report.checks.count { $0.outcome == .failed }
    if failed > 0 {
      try writer.line(
        style.paint("FAILED:", .failure) + " \(failed) of \(Figures.things(report.checks.count, "check"))"
      )
    } else {
      let skipped = report.checks.count { $0.outcome == .skipped }
      try writer.line("ok: whole" + (skipped == 0 ? "" : ", as far as could be checked"))
    }
    try writer.finish()
  }
}
