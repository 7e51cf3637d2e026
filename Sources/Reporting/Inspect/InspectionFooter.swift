internal import Inspection
internal import ModelIR
internal import SparseCoding

/// What an inspection says under its table.
struct InspectionFooter {
  private let report: ModelReport
  private let summary: ModelSummary
  private let grouped: GroupedTensors
  private let sharedPattern: NMPattern?

  /// The footer of a report whose values were read.
  init(_ report: ModelReport, _ summary: ModelSummary, _ grouped: GroupedTensors) {
    self.report = report
    self.summary = summary
    self.grouped = grouped
    sharedPattern = report.sharedPattern
  }

  /// Writes values, sizes, and what wants a look.
  func write(to writer: inout LineWriter) throws {
    let values = values
    try values.write(separator: " · ", to: &writer)
    if !values.isEmpty { try writer.line() }
    try writeSizes(to: &writer)
    try writer.line()
    try writeMasked(to: &writer)
    try ExpertLines(report.experts)?.write(to: &writer)
    try AdviceLines(report)?.write(to: &writer)
  }

  private static let mostMasked = 8

  /// What weights are like with the masks applied that stand beside them.
  private func writeMasked(to writer: inout LineWriter) throws {
    let masked = report.tensors.filter { $0.maskedStatistics != nil }
    guard !masked.isEmpty else { return }
    let style = writer.style
    try writer.line(style.paint("with their masks applied", .look))
    for tensor in masked.prefix(Self.mostMasked) {
      guard let statistics = tensor.maskedStatistics else { continue }
      let pattern = statistics.compliant.min { $0.strictness < $1.strictness }.map { ", \($0)" } ?? ""
      let share = Figures.percent(statistics.zeros, of: statistics.elements)
      try writer.lines(
        Flow.lines(
          [Cell(foreign: tensor.tensor.name.text), Cell("\(share) zeros\(pattern)")],
          separator: "  ",
          start: "  ",
          indent: 4,
          style: style
        )
      )
    }
    if masked.count > Self.mostMasked {
      try writer.line("  and \(Figures.things(masked.count - Self.mostMasked, "tensor")) more")
    }
    try writer.line()
  }

  private var values: Facts {
    var facts = Facts()
    let (matrices, weights) = (summary.matrices, summary.weights)
    if matrices.elements > 0 {
      facts.add(
        "zeros in weights",
        [
          Cell(Figures.percent(matrices.zeros, of: matrices.elements), .strong),
          Cell("\(Figures.percent(weights.zeros, of: weights.elements)) of \(summary.parametersInWords)"),
        ]
      )
    } else if weights.elements > 0 {
      facts.add("zeros", [Cell(Figures.percent(weights.zeros, of: weights.elements), .strong)])
    }
    if let words = summary.patternWords(sharedPattern) { facts.add("shared pattern", [Cell(words)]) }
    if sharedPattern == nil && !grouped.groups.contains(where: { $0.pattern != nil }) && matrices.elements > 0
    {
      facts.add("N:M patterns", [Cell("none holds")])
    }
    if let experts = ExpertLines(report.experts) { facts.add("experts", [Cell(experts.summary)]) }
    if let line = MagnitudeLine(report.tensors) { facts.add("magnitudes", [Cell(line.text)]) }
    var odd: [Cell] = []
    if summary.nan > 0 { odd.append(Cell("NaN \(Figures.grouped(summary.nan))", .look)) }
    if summary.infinite > 0 { odd.append(Cell("Inf \(Figures.grouped(summary.infinite))", .look)) }
    if summary.negativeZeros > 0 {
      odd.append(Cell("-0.0 \(Figures.grouped(summary.negativeZeros)) (kept, and stored as values are)"))
    }
    if !odd.isEmpty { facts.add("odd values", odd) }
    if summary.uncounted > 0 {
      facts.add(
        "not counted",
        [Cell("\(Figures.things(summary.uncounted, "tensor")) by type or size")]
      )
    }
    return facts
  }

  private func writeSizes(to writer: inout LineWriter) throws {
    let style = writer.style
    let rows = SizeForecast(report, summary).sizes
    let label = rows.reduce(0) { max($0, $1.label.utf8.count) }
    for row in rows {
      let size = Figures.size(row.bytes)
      var line = "  " + style.paint(row.label, .dim)
      line +=
        String(repeating: " ", count: label - row.label.utf8.count + 2 + max(0, 9 - size.utf8.count)) + size
      var width = 2 + label + 2 + max(9, size.utf8.count)
      if row.bytes != summary.storedBytes {
        let share = Figures.percent(row.bytes, of: summary.storedBytes)
        line += String(repeating: " ", count: 2 + max(0, 6 - share.utf8.count)) + share
        width += 2 + max(6, share.utf8.count)
      }
      guard let command = row.command else {
        try writer.line(line)
        continue
      }
      if let text = command.text(style, room: style.width - width - 3, exact: true) {
        try writer.line(line + "   " + text)
      } else {
        try writer.line(line)
        if let text = command.text(style, room: style.width - 6) { try writer.line("      " + text) }
      }
    }
    try writeForecast(label: label, to: &writer)
  }

  /// The size of a compressed export, as a sample tells it, with twice its standard error.
  private func writeForecast(label: Int, to writer: inout LineWriter) throws {
    guard let forecast = report.forecast, forecast.sourceByteCount > 0 else { return }
    let style = writer.style
    let name = "compressed"
    let size = Figures.size(forecast.byteCount)
    let share = Figures.percent(forecast.byteCount, of: forecast.sourceByteCount)
    var line = "  " + style.paint(name, .dim)
    line +=
      String(repeating: " ", count: max(0, label - name.utf8.count) + 2 + max(0, 9 - size.utf8.count)) + size
    line += String(repeating: " ", count: 2 + max(0, 6 - share.utf8.count)) + share
    let error =
      forecast.standardError == 0
      ? "by compressing all of it"
      : "± \(Figures.size(2 * forecast.standardError)), from \(Figures.size(forecast.sampledByteCount))"
    try writer.line(line + "   " + style.paint(style.useUnicode ? error : TerminalStyle.ascii(error), .dim))
    // Nobody wants a file that grows.
    guard forecast.byteCount < forecast.sourceByteCount else { return }
    if let text = Suggestion(["compress", .path(report.path)]).text(style, room: style.width - 6) {
      try writer.line("      " + text)
    }
  }
}
