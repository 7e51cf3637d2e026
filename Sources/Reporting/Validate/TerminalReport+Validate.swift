public import Inspection
internal import ModelIR

extension TerminalReport {
  /// Says which weights follow the pattern, which do not and where, and which were not checked.
  /// The first `limit` failing tensors are told in full, the others as folded names.
  /// - Throws: what `sink` throws.
  public static func validate(
    _ report: ValidationReport,
    limit: Int = 10,
    style: TerminalStyle,
    to sink: @escaping Sink
  ) throws {
    var writer = LineWriter(style, to: sink)
    var title = [Cell(foreign: lastComponent(report.path), .strong)]
    if let profile = report.profile {
      if profile.name != .any { title.append(Cell("for \(profile.name.title)")) }
      title.append(Cell(profile.patternText))
      title.append(Cell(profile.grouping.words))
    } else {
      title.append(Cell("\(report.pattern)"))
      title.append(Cell("at most \(report.pattern.kept) of \(report.pattern.group) values are not zero"))
    }
    switch report.tail {
    case _ where report.profile != nil: break
    case .error: break
    case .ignore: title.append(Cell("short groups ignored"))
    case .pad: title.append(Cell("short groups padded"))
    }
    try writer.lines(Flow.lines(title, style: style))
    try writer.line()
    let violating = report.tensors.filter { $0.status == .violating }
    for result in violating.prefix(limit) {
      try ViolatingTensor(result, report.pattern(of: result)).write(to: &writer)
      try writer.line()
    }
    if violating.count > limit { try writeOthers(violating.dropFirst(limit), to: &writer) }
    try writePassed(report, to: &writer)
    try writeIneligible(report, to: &writer)
    try writeSkipped(report, to: &writer)
    try writer.line()
    try writeWarnings(report.warnings, to: &writer)
    let isYes = report.isCompliant
    try writer.lines(
      Flow.paragraph(
        report.verdictWords,
        start: isYes ? "ok: " : "FAILED: ",
        startTone: isYes ? .plain : .failure,
        indent: 2,
        style: style
      )
    )
    if let note = report.profile?.note {
      try writer.lines(Flow.paragraph(note, indent: 0, tone: .dim, style: style))
    }
    try writer.finish()
  }

  /// Failing tensors beyond the limit, folded.
  private static func writeOthers(
    _ results: ArraySlice<ValidationReport.TensorResult>,
    to writer: inout LineWriter
  ) throws {
    let most = 12
    let groups = GroupedTensors(folding: results.map { TensorReport(tensor: $0.tensor) }).groups
    var also = groups.prefix(most).map { group in
      let name = FoldedName.text(group.name)
      return Cell(foreign: group.count > 1 ? "\(name) (\(group.count))" : name)
    }
    if groups.count > most { also.append(Cell("and \(Figures.grouped(groups.count - most)) more names")) }
    let head = "\(Figures.grouped(results.count)) more"
    try writeStatus("FAIL", .failure, [Cell(head)] + also, to: &writer)
  }

  private static func writePassed(_ report: ValidationReport, to writer: inout LineWriter) throws {
    let passed = report.count(.compliant)
    if passed == 0 { return }
    let groups = report.tensors.reduce(UInt64(0)) { $0 &+ ($1.status == .compliant ? $1.groups : 0) }
    try writeStatus(
      "ok",
      .plain,
      [Cell("\(Figures.things(passed, "tensor"))"), Cell("\(Figures.count(groups)) groups, no violation")],
      to: &writer
    )
  }

  /// What the runtime does not take, by reason: first what holds the pattern all the same.
  private static func writeIneligible(_ report: ValidationReport, to writer: inout LineWriter) throws {
    let stopped = report.tensors.filter { $0.status == .ineligible }
    for holds in [true, false] {
      let results = stopped.filter { $0.patternHolds == holds }
      for group in ReasonGroup.group(results.map { ($0.tensor.name, $0.reason ?? "not eligible") }) {
        let what = holds ? "compliant but not eligible" : "not eligible, nor compliant"
        let text =
          "\(Figures.things(group.count, "tensor")) \(what): \(writer.style.escape(group.reason, cells: 300))"
        try writeStatus("no", holds ? .look : .dim, [Cell(text)] + group.examples(), to: &writer)
      }
    }
  }

  private static func writeSkipped(_ report: ValidationReport, to writer: inout LineWriter) throws {
    let skipped = report.tensors.filter { $0.status == .skipped }
    for group in ReasonGroup.group(skipped.map { ($0.tensor.name, $0.reason ?? "not asked for") }) {
      try writeStatus(
        "skip",
        .dim,
        [Cell("\(Figures.things(group.count, "tensor")): \(writer.style.escape(group.reason, cells: 200))")]
          + group.examples(),
        to: &writer
      )
    }
  }

  /// A line with a word in front that says how it went.
  static func writeStatus(
    _ word: String,
    _ tone: Tone,
    _ pieces: [Cell],
    separator: String = " · ",
    to writer: inout LineWriter
  ) throws {
    let start = word + String(repeating: " ", count: max(1, 6 - word.utf8.count))
    var lines = Flow.lines(pieces, separator: separator, start: start, indent: 6, style: writer.style)
    lines[0] = writer.style.paint(word, tone) + lines[0].dropFirst(word.count)
    try writer.lines(lines)
  }
}

extension RuntimeProfile.Grouping {
  /// Where groups run, in words.
  fileprivate var words: String {
    switch self {
    case .reductionAxis: "along the axis that products sum over"
    case .lastAxis: "along the last axis"
    case .memory: "through memory"
    }
  }
}
