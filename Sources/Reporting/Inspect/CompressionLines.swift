internal import Inspection

/// What an inspection says of another library's compression: which it is, who loads it, and the way back.
struct CompressionLines {
  private let report: CompressionReport
  private let path: String

  /// The lines for a model at `path`.
  init(_ report: CompressionReport, path: String) {
    self.report = report
    self.path = path
  }

  /// Writes the lines.
  func write(to writer: inout LineWriter) throws {
    let style = writer.style
    try writer.line()
    var facts = Facts()
    var what = report.formats.map { Cell("\($0.name) ×\($0.modules)", .strong) }
    if let version = report.version { what.append(Cell("version \(style.escape(version, cells: 24))")) }
    what.append(Cell(report.era, .dim))
    facts.add(report.library, what)
    let (loading, failing) = (report.loaders.filter(\.loads), report.loaders.filter { !$0.loads })
    if !loading.isEmpty { facts.add("loads in", loading.map(cell)) }
    if !failing.isEmpty { facts.add("does not load in", failing.map(cell), tone: .look) }
    try facts.write(separator: " · ", to: &writer)
    if let remedy = report.remedy {
      let words: [Suggestion.Word] = ["convert", .path(path), "OUT"] + remedy.map { .word($0) }
      if let text = Suggestion(words).text(style, room: style.width - 8) {
        try writer.line("  back  " + text)
      }
    }
  }

  private func cell(_ loader: CompressionReport.Loader) -> Cell {
    Cell(loader.detail.map { "\(loader.program): \($0)" } ?? loader.program)
  }
}
