public import Inspection
internal import ModelIR

extension TerminalReport {
  /// Says what a conversion did, or would do: bytes before and after for each layout, what stayed as it was
  /// and why, the files, and the way back.
  /// - Throws: what `sink` throws.
  public static func convert(
    _ report: ConversionReport,
    style: TerminalStyle,
    to sink: @escaping Sink
  ) throws {
    var writer = LineWriter(style, to: sink)
    try writer.lines(
      Flow.lines(
        [
          Cell(report.isDryRun ? "plan" : "done", .strong), Cell(foreign: report.input), Cell("→"),
          Cell(foreign: report.output),
        ],
        separator: "  ",
        indent: 6,
        style: style
      )
    )
    try writer.line()
    if report.isUnchanged {
      let verb = report.isDryRun ? "will go" : "went"
      try writer.lines(
        Flow.lines(
          [Cell("nothing to change: the files \(verb) out byte for byte")],
          start: "  ",
          indent: 2,
          style: style
        )
      )
    } else if !report.tensors.isEmpty {
      try writeLayouts(report, to: &writer)
    }
    try writer.line()
    try writeStayed(report, to: &writer)
    var facts = facts(report)
    addChanges(report, to: &facts)
    try facts.write(separator: " · ", to: &writer)
    try writer.line()
    try writeWarnings(report.warnings, to: &writer)
    try writeNext(report, to: &writer)
    try writer.finish()
  }

  private static func writeLayouts(_ report: ConversionReport, to writer: inout LineWriter) throws {
    var table = TerminalTable([
      .init("layout", squeezes: [.init(order: 5, width: 12)]),
      .init("tensors", .right, squeezes: [.init(order: 4, width: 0)]),
      .init("before", .right, squeezes: [.init(order: 3, width: 0)]), .init("after", .right),
      .init("", .right), .init("ratio", .right, squeezes: [.init(order: 2, width: 0)]),
      .init(
        "",
        floor: 16,
        isElastic: true,
        squeezes: [.init(order: 0, width: 6), .init(order: 1, width: 0)]
      ),
    ])
    /// A row of sums.
    func add(_ label: Cell, _ tensors: Int, _ before: UInt64, _ after: UInt64, _ tone: Tone) {
      table.add([
        label, Cell(Figures.grouped(tensors), tone), Cell(Figures.size(before), tone),
        Cell(Figures.size(after), tone), Cell(Figures.percent(after, of: before), tone),
        Cell(Figures.ratio(before, after), tone), Cell(bar: after, of: before, tone),
      ])
    }
    let totals = ConversionTotals.of(report.tensors)
    for total in totals {
      let label = total.isChange ? "\(total.from) → \(total.to)" : "\(total.to)"
      add(Cell(label), total.tensors, total.before, total.after, total.isChange ? .plain : .dim)
    }
    if totals.count > 1 {
      add(
        Cell("all tensors", .strong),
        report.tensors.count,
        totals.reduce(0) { $0 &+ $1.before },
        totals.reduce(0) { $0 &+ $1.after },
        .plain
      )
    }
    try table.write(to: &writer)
  }

  /// Tensors that did not take the layout that was asked for, by reason.
  private static func writeStayed(_ report: ConversionReport, to writer: inout LineWriter) throws {
    let stayed = report.tensors.compactMap { result in result.reason.map { (result.name, $0) } }
    for group in ReasonGroup.group(stayed) {
      let reason = writer.style.escape(group.reason, cells: 200)
      let head =
        group.count == 1
        ? "1 tensor stays as it is: \(reason)"
        : "\(Figures.grouped(group.count)) tensors stay as they are: \(reason)"
      try writer.lines(
        Flow.lines([Cell(head)] + group.examples(), start: "  ", indent: 4, style: writer.style)
      )
    }
    if !stayed.isEmpty { try writer.line() }
  }

  private static func facts(_ report: ConversionReport) -> Facts {
    var facts = Facts()
    let output = report.outputByteCount
    facts.add(
      "weight files",
      [
        Cell("\(Figures.size(report.inputByteCount)) → \(Figures.size(output))", .strong),
        Cell(Figures.percent(output, of: report.inputByteCount)),
        Cell(Figures.ratio(report.inputByteCount, output)),
      ]
    )
    let most = 3
    var files = report.files.prefix(most).map {
      Cell(foreign: "\($0.name) \(Figures.size($0.byteCount))")
    }
    if report.files.count > most {
      files.append(Cell("and \(Figures.things(report.files.count - most, "more", plural: "more"))"))
    }
    if !files.isEmpty { facts.add("writes", files) }
    if !report.carriedFiles.isEmpty {
      let bytes = report.carriedFiles.reduce(UInt64(0)) { $0 &+ $1.byteCount }
      facts.add(
        "carries over",
        [Cell(Figures.things(report.carriedFiles.count, "other file")), Cell(Figures.size(bytes))]
      )
    }
    if report.isDryRun {
      facts.add("memory", [Cell("at most \(Figures.size(report.plannedMemory)) of buffers")])
    } else {
      facts.add(
        "took",
        [
          Cell(Figures.duration(report.seconds)),
          Cell("\(Figures.rate(report.inputByteCount, seconds: report.seconds)) in"),
        ]
      )
      facts.add(
        "checked",
        [
          Cell(
            report.wasVerified
              ? "read back: every tensor has the digest of its original"
              : "every chunk was decoded and compared; --verify reads the output back too"
          )
        ]
      )
    }
    return facts
  }

  private static func writeNext(_ report: ConversionReport, to writer: inout LineWriter) throws {
    let style = writer.style
    if report.isDryRun { return try writer.line("nothing was written") }
    let isSparse = report.tensors.contains { $0.from == .dense && $0.to != .dense }
    guard isSparse else { return }
    let words: [Suggestion.Word] = ["convert", .path(report.output), "AGAIN", "--layout", "dense"]
    if let text = Suggestion(words).text(style, room: style.width - 12) {
      try writer.line("back again: " + text)
    }
  }
}
