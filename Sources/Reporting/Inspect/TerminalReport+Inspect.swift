public import Inspection
internal import ModelIR
internal import SparseCoding

/// Reports for a person at a terminal. No line is wider than the style says.
///
/// Text goes to the sink in pieces of whole lines, so that a model with any number of tensors takes the memory
/// of one piece.
public enum TerminalReport {
  /// Takes text, in pieces of whole lines.
  public typealias Sink = (String) throws -> Void

  /// Says what is in a model.
  /// - Throws: what `sink` throws.
  /// - Complexity: one look at each tensor; only rows are sorted.
  public static func inspect(
    _ report: ModelReport,
    options: InspectionOptions = InspectionOptions(),
    style: TerminalStyle,
    to sink: @escaping Sink
  ) throws {
    let summary = ModelSummary(report)
    let grouped =
      options.showsEveryTensor
      ? GroupedTensors(separate: report.tensors) : GroupedTensors(folding: report.tensors)
    var writer = LineWriter(style, to: sink)
    try writer.lines(title(report, summary, style))
    if let export = report.metadata.export {
      let ratio = Figures.percent(export.byteCount, of: export.sourceByteCount)
      let cells = [
        Cell("compressed export of \(export.formats.joined(separator: ", "))"),
        Cell("\(Figures.size(export.byteCount)), \(ratio) of \(Figures.size(export.sourceByteCount))"),
      ]
      try writer.lines(Flow.lines(cells, style: style))
    }
    if !report.metadata.headline.isEmpty {
      try writer.lines(Flow.lines(report.metadata.headline.map { Cell(foreign: $0) }, style: style))
    }
    if let compression = report.compression {
      try CompressionLines(compression, path: report.path).write(to: &writer)
    }
    try writer.line()
    if let entries = report.metadata.entries, !entries.isEmpty {
      try MetadataTable(entries).write(to: &writer)
      try writer.line()
    }
    if !report.tensors.isEmpty {
      let table = InspectionTable(
        grouped.groups,
        options: options,
        showsValues: report.readValues,
        summary: summary,
        style: style
      )
      try table.write(to: &writer)
      try writer.line()
    }
    if let reference = report.reference {
      try OriginTable(report, reference, grouped, options: options).write(to: &writer)
      try writer.line()
    }
    if options.showsDeep, let deep = DeepTable(report.tensors, grouped, options: options) {
      try deep.write(to: &writer)
      try writer.line()
    }
    if options.showsDeep, let heads = HeadTable(report.tensors, grouped, options: options) {
      try heads.write(to: &writer)
      try writer.line()
    }
    if let wanted = options.heatmap {
      for report in report.tensors where report.tensor.name == wanted {
        guard let map = HeatmapLines(report) else { continue }
        try map.write(to: &writer)
        try writer.line()
      }
    }
    if let uses = UsesTable(report.tensors, options: options) {
      try uses.write(to: &writer)
      try writer.line()
    }
    if report.readValues {
      let folded = options.showsEveryTensor ? GroupedTensors(folding: report.tensors) : grouped
      try InspectionFooter(report, summary, folded).write(to: &writer)
    }
    try writeWarnings(report.warnings, to: &writer)
    if !report.readValues { try writer.line("values not read") }
    try writer.finish()
  }

  private static func title(
    _ report: ModelReport,
    _ summary: ModelSummary,
    _ style: TerminalStyle
  ) -> [String] {
    var title = [
      Cell(foreign: lastComponent(report.path), .strong),
      Cell(report.container.rawValue),
    ]
    if report.container == .onnx {
      if report.fileCount > 1 { title.append(Cell(Figures.things(report.fileCount - 1, "external file"))) }
    } else if report.fileCount != 1 {
      title.append(Cell(Figures.things(report.fileCount, "shard")))
    }
    title += [
      Cell(Figures.things(report.tensors.count, "tensor")),
      Cell("\(Figures.count(summary.parameters)) params"),
      Cell(Figures.size(report.fileByteCount)),
    ]
    return Flow.lines(title, style: style) + Flow.lines(contents(summary, style), style: style)
  }

  /// Element types, layouts and quantizations, the most frequent first.
  private static func contents(_ summary: ModelSummary, _ style: TerminalStyle) -> [Cell] {
    /// What there is, with counts if there is more than one kind of it.
    func list(_ counts: [(name: String, count: Int)]) -> [Cell] {
      let sorted = counts.sorted { ($1.count, $0.name) < ($0.count, $1.name) }
      return sorted.prefix(8).map { Cell(counts.count == 1 ? $0.name : "\($0.name) ×\($0.count)") }
    }
    var cells = list(summary.shownTypes.map { ($0.key, $0.value) })
    if summary.layouts.count > 1 || summary.layouts[.dense] == nil {
      cells += list(summary.layouts.map { ($0.key.description, $0.value) })
    }
    if summary.schemes.isEmpty {
      cells.append(Cell("not quantized", .dim))
    } else {
      // The types of blocks stand among the types.
      let schemes = summary.schemes.filter { summary.blockTypes[$0.key] == nil }
      cells += schemes.sorted { $0.key < $1.key }.prefix(4).map {
        Cell("quantized as \(style.escape($0.key, cells: 30)) ×\($0.value)")
      }
    }
    return cells
  }

  static func lastComponent(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// Writes warnings, each a paragraph, and a blank line behind them.
  static func writeWarnings(_ warnings: [Diagnosis], to writer: inout LineWriter) throws {
    for warning in warnings {
      try writer.lines(
        Flow.paragraph(
          writer.style.escaped(warning.line),
          start: "warning: ",
          startTone: .look,
          indent: 4,
          style: writer.style
        )
      )
    }
    if !warnings.isEmpty { try writer.line() }
  }
}

extension TerminalStyle {
  /// Text that is safe already, in ASCII if need be.
  func escaped(_ safe: String) -> String {
    if useUnicode { return safe }
    // The backslashes of the first escaping stay as they are.
    return safe.unicodeScalars.reduce(into: "") { result, scalar in
      if scalar.isASCII {
        result.unicodeScalars.append(scalar)
      } else {
        result += SafeText.escape(String(scalar), asciiOnly: true)
      }
    }
  }
}
