public import Inspection
internal import ModelIR

extension TerminalReport {
  /// Says in what two models differ, a line for each tensor that does.
  /// At most `limit` tensors are listed.
  /// - Throws: what `sink` throws.
  public static func diff(
    _ report: DifferenceReport,
    limit: Int? = nil,
    style: TerminalStyle,
    to sink: @escaping Sink
  ) throws {
    var writer = LineWriter(style, to: sink)
    try writer.lines(
      Flow.lines(
        [Cell("A", .dim), Cell(foreign: report.first, .strong)],
        separator: "  ",
        indent: 3,
        style: style
      )
    )
    try writer.lines(
      Flow.lines(
        [Cell("B", .dim), Cell(foreign: report.second, .strong)],
        separator: "  ",
        indent: 3,
        style: style
      )
    )
    try writer.line()
    let shown = min(limit ?? .max, report.differences.count)
    for result in report.differences.prefix(shown) {
      let (sign, what) = words(result.difference)
      try writer.lines(
        Flow.lines(
          [Cell(sign, .look), Cell(foreign: result.name.text), Cell(what, .dim)],
          separator: "  ",
          start: "  ",
          indent: 5,
          style: style
        )
      )
    }
    if shown < report.differences.count {
      try writer.line("  and \(Figures.things(report.differences.count - shown, "more", plural: "more"))")
    }
    if shown > 0 { try writer.line() }
    try writeWarnings(report.warnings, to: &writer)
    let equal =
      "\(Figures.things(report.equalTensors, "tensor")) the same bit for bit"
      + " (\(Figures.size(report.equalByteCount)))"
    if report.isEqual {
      try writer.lines(Flow.paragraph(equal, start: "same: ", indent: 2, style: style))
    } else {
      let count = report.differences.count
      try writer.lines(
        Flow.paragraph(
          "\(Figures.things(count, "tensor")) \(count == 1 ? "differs" : "differ"), \(equal)",
          start: "DIFFERENT: ",
          startTone: .failure,
          indent: 2,
          style: style
        )
      )
    }
    try writer.finish()
  }

  /// A sign and the words for a difference.
  private static func words(_ difference: DifferenceReport.Difference) -> (String, String) {
    switch difference {
    case .onlyInFirst: ("-", "only in A")
    case .onlyInSecond: ("+", "only in B")
    case .elementType(let first, let second): ("!", "type \(first.name) → \(second.name)")
    case .blockType(let first, let second): ("!", "type \(first) → \(second)")
    case .shape(let first, let second): ("!", "shape \(first.shown()) → \(second.shown())")
    case .values(let count, let first):
      ("!", "\(Figures.things(count, "element")), the first at \(Figures.grouped(first))")
    }
  }
}
