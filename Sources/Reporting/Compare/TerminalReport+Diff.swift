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
      if case .values(let values) = result.difference, let numbers = values.numbers {
        for line in lines(of: numbers) {
          try writer.lines(Flow.paragraph(line, start: "     ", indent: 5, style: style))
        }
      }
    }
    if shown < report.differences.count {
      try writer.line("  and \(Figures.things(report.differences.count - shown, "more", plural: "more"))")
    }
    if shown > 0 { try writer.line() }
    if report.differences.count > 1, let total = report.total {
      for line in lines(of: total, isTotal: true) {
        try writer.lines(Flow.paragraph(line, start: "  ", indent: 4, style: style))
      }
      try writer.line()
    }
    try write(report.metadata ?? [], limit: limit, style, to: &writer)
    try writeWarnings(report.warnings, to: &writer)
    let equal =
      "\(Figures.things(report.equalTensors, "tensor")) the same bit for bit"
      + (report.comparesNumbers ? " as numbers in F32" : "")
      + " (\(Figures.size(report.equalByteCount)))"
    if report.isEqual {
      try writer.lines(Flow.paragraph(equal, start: "same: ", indent: 2, style: style))
    } else if report.differences.isEmpty {
      try writer.lines(
        Flow.paragraph(
          "the metadata; \(equal)",
          start: "DIFFERENT: ",
          startTone: .failure,
          indent: 2,
          style: style
        )
      )
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
    case .values(let values):
      ("!", "\(Figures.things(values.elements, "element")), the first at \(Figures.grouped(values.first))")
    }
  }

  /// What became of the numbers, and of the zeros.
  private static func lines(of numbers: NumberDifference, isTotal: Bool = false) -> [String] {
    if numbers.changed == 0 { return ["the same numbers: zeros or NaNs of other bits"] }
    var change =
      "difference at most \(Figures.number(numbers.largest))"
      + (isTotal ? "," : " (at \(Figures.grouped(numbers.largestPlace))),")
      + " \(Figures.number(numbers.mean)) in the mean"
    if numbers.unmeasured > 0 {
      change += "; NaN or infinity against another number \(Figures.things(numbers.unmeasured, "time"))"
    }
    if numbers.changed != numbers.elements {
      change = "\(Figures.percent(numbers.changed, of: numbers.elements)) of the numbers, \(change)"
    }
    if isTotal { change = "of these tensors together: \(change)" }
    guard numbers.pruned > 0 || numbers.regrown > 0 || numbers.firstZeros > 0 else { return [change] }
    var zeros =
      "zeros \(Figures.percent(numbers.firstZeros, of: numbers.elements)) → "
      + Figures.percent(numbers.secondZeros, of: numbers.elements)
    if numbers.pruned == 0 && numbers.regrown == 0 {
      zeros += ", the same mask"
    } else {
      zeros +=
        ": \(Figures.count(numbers.kept)) weights kept, \(Figures.count(numbers.pruned)) newly pruned, "
        + "\(Figures.count(numbers.regrown)) regrown"
    }
    if let overlap = numbers.maskOverlap, numbers.pruned > 0 || numbers.regrown > 0 {
      zeros += "; masks overlap by \(Figures.percent(overlap))"
    }
    return [change, zeros]
  }

  /// The keys of metadata that differ.
  private static func write(
    _ metadata: [MetadataDifference],
    limit: Int?,
    _ style: TerminalStyle,
    to writer: inout LineWriter
  ) throws {
    guard !metadata.isEmpty else { return }
    try writer.line("metadata")
    for difference in metadata.prefix(limit ?? .max) {
      let (sign, cells): (String, [Cell]) =
        switch (difference.first, difference.second) {
        case (let first?, let second?):
          ("!", [Cell(foreign: first.shownValue), Cell("→", .dim), Cell(foreign: second.shownValue)])
        case (let first?, nil): ("-", [Cell("only in A", .dim), Cell(foreign: first.shownValue)])
        case (nil, let second): ("+", [Cell("only in B", .dim), Cell(foreign: second?.shownValue ?? "")])
        }
      try writer.lines(
        Flow.lines(
          [Cell(sign, .look), Cell(foreign: difference.key)] + cells,
          separator: "  ",
          start: "  ",
          indent: 5,
          style: style
        )
      )
    }
    if let limit, metadata.count > limit {
      try writer.line("  and \(Figures.things(metadata.count - limit, "more", plural: "more"))")
    }
    try writer.line()
  }
}
