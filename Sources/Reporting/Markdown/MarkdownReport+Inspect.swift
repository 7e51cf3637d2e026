public import Inspection
internal import ModelIR
internal import SparseCoding

extension MarkdownReport {
  /// Writes a heading, what the model is and how sparse, a row for each group of repeated layers, and what deserves a
  /// look.
  /// - Throws: what `sink` throws.
  public static func inspect(
    _ report: ModelReport,
    options: InspectionOptions = InspectionOptions(),
    to sink: @escaping Sink
  ) throws {
    let summary = ModelSummary(report)
    var writer = LineWriter(TerminalStyle(), to: sink)
    try writer.line("### Sparsity of \(code(TerminalReport.lastComponent(report.path)))")
    try writer.line()
    try writer.line(row(["", ""]))
    try writer.line("|---|---|")
    for (label, value) in facts(report, summary) { try writer.line(row([label, value])) }
    try writer.line()
    if !report.tensors.isEmpty { try writeTensors(report, options, to: &writer) }
    try writeList(
      "Needs a look:",
      report.advice.map { "\(code($0.subject)): \(text($0.words))" },
      to: &writer
    )
    try writeList("Warnings:", report.warnings.map { text($0.line) }, to: &writer)
    if !report.readValues {
      try writer.line("Values were not read.")
      try writer.line()
    }
    try writer.finish()
  }

  /// What is said of the whole model.
  private static func facts(_ report: ModelReport, _ summary: ModelSummary) -> [(String, String)] {
    var facts = [
      (
        "parameters",
        "\(Figures.count(summary.parameters)) in \(Figures.things(report.tensors.count, "tensor"))"
      ),
      ("format", report.container.rawValue),
      ("types", counts(summary.shownTypes.map { ($0.key, $0.value) })),
    ]
    let layouts = summary.layouts.map { ($0.key.description, $0.value) }
    if summary.layouts.count > 1 || summary.layouts[.dense] == nil {
      facts.append(("layouts", counts(layouts)))
    }
    if !summary.schemes.isEmpty {
      facts.append(("quantization", counts(summary.schemes.map { ($0.key, $0.value) })))
    }
    facts.append(("bytes", Figures.size(report.fileByteCount)))
    guard report.readValues else { return facts }
    /// Zeros among elements.
    func zeros(_ label: String, _ zeros: ModelSummary.Zeros) {
      guard zeros.elements > 0 else { return }
      facts.append((label, Figures.percent(zeros.zeros, of: zeros.elements)))
    }
    zeros("zeros in weight matrices", summary.matrices)
    zeros("zeros in \(summary.parametersInWords)", summary.weights)
    if let words = summary.patternWords(report.sharedPattern) { facts.append(("shared pattern", words)) }
    if let experts = ExpertLines(report.experts) { facts.append(("experts", experts.summary)) }
    for size in SizeForecast(report, summary).sizes.dropFirst() {
      facts.append((size.label, share(size.bytes, of: summary.storedBytes)))
    }
    if let forecast = report.forecast {
      let error = forecast.standardError > 0 ? " ± \(Figures.size(2 * forecast.standardError))" : ""
      facts.append(("compressed", share(forecast.byteCount, of: forecast.sourceByteCount) + error))
    }
    return facts
  }

  /// A size, and what part of another it is.
  private static func share(_ bytes: UInt64, of whole: UInt64) -> String {
    "\(Figures.size(bytes)) (\(Figures.percent(bytes, of: whole)))"
  }

  /// Things and how many there are of each, the most frequent first.
  private static func counts(_ counts: [(name: String, count: Int)]) -> String {
    let sorted = counts.sorted { ($1.count, $0.name) < ($0.count, $1.name) }
    return sorted.prefix(8).map { counts.count == 1 ? text($0.name) : "\(text($0.name)) ×\($0.count)" }
      .joined(separator: ", ")
  }

  private static func writeTensors(
    _ report: ModelReport,
    _ options: InspectionOptions,
    to writer: inout LineWriter
  ) throws {
    let grouped =
      options.showsEveryTensor
      ? GroupedTensors(separate: report.tensors) : GroupedTensors(folding: report.tensors)
    let heads = ["tensors", "count", "type", "shape", "size"]
    try writer.line(row(heads + (report.readValues ? ["zeros", "pattern", "best layout"] : [])))
    try writer.line("|---|--:|---|--:|--:|" + (report.readValues ? "--:|---|---|" : ""))
    let order = options.order(grouped.groups)
    let limit = options.limit ?? mostRows
    for place in order.prefix(limit) {
      let group = grouped.groups[place]
      let shape = if case .all(let shape) = group.shape { shape.shown() } else { "varied" }
      var cells = [
        code(FoldedName.text(group.name)), "\(group.count)", text(group.typeName), shape,
        Figures.size(group.storedBytes),
      ]
      if report.readValues {
        cells += [
          group.counted == 0 ? "–" : Figures.percent(group.zeros, of: group.elements),
          group.patternWords ?? "–", group.bestWords ?? "–",
        ]
      }
      try writer.line(row(cells))
    }
    try writer.line()
    if order.count > limit {
      let thing = options.showsEveryTensor ? "tensor" : "row"
      try writer.line("and \(Figures.things(order.count - limit, thing)) more")
      try writer.line()
    }
  }

  /// Writes lines under a heading; nothing without any.
  private static func writeList(_ heading: String, _ items: [String], to writer: inout LineWriter) throws {
    guard !items.isEmpty else { return }
    try writer.line(heading)
    try writer.line()
    for item in items.prefix(mostRows) { try writer.line("- \(item)") }
    if items.count > mostRows { try writer.line("- and \(Figures.grouped(items.count - mostRows)) more") }
    try writer.line()
  }
}

extension TensorGroup {
  /// The pattern that most members comply with, and how many do where not all; nil for none.
  var patternWords: String? {
    pattern.map { pattern, members in members == count ? "\(pattern)" : "\(pattern) in \(members) of \(count)"
    }
  }

  /// The smallest layout and what it saves; nil where members were not counted.
  var bestWords: String? {
    guard let bestLayout, counted == count else { return nil }
    switch bestLayout {
    case .all(.dense): return "dense"
    case .all(let layout): return "\(layout) \(Figures.ratio(storedBytes, bestBytes))"
    case .varied: return "varied \(Figures.ratio(storedBytes, bestBytes))"
    }
  }
}
