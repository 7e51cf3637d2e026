public import Inspection
internal import ModelIR

extension TerminalReport {
  /// Says what compressing files did: bytes before and after, what the container takes, and the way back.
  /// - Throws: what `sink` throws.
  public static func compress(_ report: ExportReport, style: TerminalStyle, to sink: @escaping Sink) throws {
    var writer = LineWriter(style, to: sink)
    try writeHead(report.isDryRun ? "plan" : "done", report.input, report.output, to: &writer)
    var table = Self.table()
    for file in report.files.prefix(mostFiles) {
      table.add(row(file.source, file.sourceByteCount, file.byteCount, .plain))
    }
    if report.files.count > 1 {
      table.add(row("all files", report.sourceByteCount, report.byteCount, .strong))
    }
    try table.write(to: &writer)
    if report.files.count > mostFiles {
      try writer.line("  and \(Figures.things(report.files.count - mostFiles, "more", plural: "more"))")
    }
    try writer.line()
    var facts = Facts()
    facts.add(
      "container",
      [
        Cell(Figures.size(report.containerByteCount)),
        Cell("\(Figures.percent(report.containerByteCount, of: report.sourceByteCount)) of the source"),
      ]
    )
    addCarried(report.carriedFiles, to: &facts)
    facts.add("level", [Cell(report.level)])
    addTime(report.seconds, report.sourceByteCount, to: &facts)
    facts.add(
      "checked",
      [
        Cell(
          report.wasVerified
            ? "read back: the SHA-256 of every file is that of its source"
            : "every chunk was decoded and compared; --verify reads the output back too"
        )
      ]
    )
    try facts.write(separator: " · ", to: &writer)
    try writer.line()
    try writeWarnings(report.warnings, to: &writer)
    if report.isDryRun {
      try writer.line("nothing was written")
    } else if let text = Suggestion(["decompress", .path(report.output)]).text(style, room: style.width - 12)
    {
      try writer.line("back again: " + text)
    }
    try writer.finish()
  }

  /// Says what restoring files did, and what is lost.
  /// - Throws: what `sink` throws.
  public static func decompress(
    _ report: RestorationReport,
    style: TerminalStyle,
    to sink: @escaping Sink
  ) throws {
    var writer = LineWriter(style, to: sink)
    try writeHead(report.isWhole ? "done" : "salvaged", report.input, report.output, to: &writer)
    var table = Self.table()
    for file in report.files.prefix(mostFiles) {
      table.add(row(file.name, file.exportByteCount, file.byteCount, file.isWhole ? .plain : .failure))
    }
    if report.files.count > 1 {
      table.add(row("all files", report.exportByteCount, report.byteCount, .strong))
    }
    try table.write(to: &writer)
    if report.files.count > mostFiles {
      try writer.line("  and \(Figures.things(report.files.count - mostFiles, "more", plural: "more"))")
    }
    try writer.line()
    try writeDamage(report, to: &writer)
    var facts = Facts()
    addCarried(report.carriedFiles, to: &facts)
    addTime(report.seconds, report.byteCount, to: &facts)
    if report.isWhole {
      facts.add("checked", [Cell("the SHA-256 of every file is that of its source")])
    }
    try facts.write(separator: " · ", to: &writer)
    try writer.line()
    try writeWarnings(report.warnings, to: &writer)
    if !report.isWhole {
      let text = "the output is NOT the source: what is listed above is zeros in it"
      try writer.line(style.paint("DAMAGED:", .failure) + " " + text)
    }
    try writer.finish()
  }

  private static let (mostFiles, mostDamage) = (12, 40)

  private static func writeHead(
    _ word: String,
    _ input: String,
    _ output: String,
    to writer: inout LineWriter
  ) throws {
    try writer.lines(
      Flow.lines(
        [Cell(word, .strong), Cell(foreign: input), Cell("→"), Cell(foreign: output)],
        separator: "  ",
        indent: 6,
        style: writer.style
      )
    )
    try writer.line()
  }

  private static func table() -> TerminalTable {
    TerminalTable([
      .init("file", squeezes: [.init(order: 3, width: 12)]),
      .init("before", .right, squeezes: [.init(order: 2, width: 0)]), .init("after", .right),
      .init("", .right), .init("ratio", .right, squeezes: [.init(order: 1, width: 0)]),
      .init("", floor: 16, isElastic: true, squeezes: [.init(order: 0, width: 0)]),
    ])
  }

  private static func row(_ name: String, _ before: UInt64, _ after: UInt64, _ tone: Tone) -> [Cell] {
    [
      Cell(foreign: name, tone), Cell(Figures.size(before), tone), Cell(Figures.size(after), tone),
      Cell(Figures.percent(after, of: before), tone), Cell(Figures.ratio(before, after), tone),
      Cell(bar: min(after, before), of: max(after, before), tone),
    ]
  }

  private static func addCarried(_ files: [(name: String, byteCount: UInt64)], to facts: inout Facts) {
    if files.isEmpty { return }
    let bytes = files.reduce(UInt64(0)) { $0 &+ $1.byteCount }
    facts.add("carries over", [Cell(Figures.things(files.count, "other file")), Cell(Figures.size(bytes))])
  }

  private static func addTime(_ seconds: Double, _ bytes: UInt64, to facts: inout Facts) {
    facts.add("took", [Cell(Figures.duration(seconds)), Cell(Figures.rate(bytes, seconds: seconds))])
  }

  private static func writeDamage(_ report: RestorationReport, to writer: inout LineWriter) throws {
    let all = report.files.flatMap { file in file.damage.map { (file.name, $0) } }
    for (file, damage) in all.prefix(mostDamage) {
      let line = "\(SafeText.escape(file)): \(words(damage))"
      try writer.lines(
        Flow.paragraph(
          writer.style.escaped(line),
          start: "lost: ",
          startTone: .failure,
          indent: 6,
          style: writer.style
        )
      )
    }
    if all.count > mostDamage {
      try writer.line("and \(Figures.grouped(all.count - mostDamage)) more; --json lists them all")
    }
    if !all.isEmpty { try writer.line() }
  }

  /// What is lost, in words without anything that a terminal would act on.
  private static func words(_ damage: RestorationReport.Damage) -> String {
    let bytes = "bytes \(damage.bytes.inWords)"
    let problem = SafeText.escape(damage.problem)
    guard let tensor = damage.tensor else { return "\(bytes) of what stands around the tensors: \(problem)" }
    let rows = damage.rows.map { "rows \($0.inWords), " } ?? ""
    return "\(SafeText.escape(tensor.text)): \(rows)\(bytes): \(problem)"
  }
}
