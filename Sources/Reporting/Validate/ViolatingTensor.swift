internal import Inspection
internal import ModelIR

/// What there is to say about a tensor that does not follow a pattern.
struct ViolatingTensor {
  private let result: ValidationReport.TensorResult
  private let pattern: NMPattern

  /// A tensor, and the pattern that it does not follow.
  init(_ result: ValidationReport.TensorResult, _ pattern: NMPattern) {
    self.result = result
    self.pattern = pattern
  }

  /// Writes the tensor, its groups, their histogram, and where the first violations are.
  func write(to writer: inout LineWriter) throws {
    var title = [
      Cell(foreign: result.tensor.name.text),
      Cell("\(result.tensor.typeName) \(result.tensor.logicalShape.shown())", .dim),
    ]
    if let axis = result.axis {
      let axes = axis.axes.prefix(8).map { "\($0)" }.joined(separator: ", ")
      title.append(Cell("axis \(axes) by \(axis.evidence.rawValue)", .dim))
    }
    try TerminalReport.writeStatus("FAIL", .failure, title, separator: "  ", to: &writer)
    if let uses = result.tensor.uses { try EvidenceLines(uses, most: 4).write(indent: 6, to: &writer) }
    if let reason = result.reason {
      try writer.lines(
        Flow.paragraph(
          writer.style.escape(reason, cells: 500),
          start: "      ",
          indent: 6,
          style: writer.style
        )
      )
    }
    let words = FindingWords(result, pattern)
    if let violations = words.violations {
      try writer.lines(
        Flow.lines(
          [Cell(violations), Cell(Figures.percent(result.violatingGroups, of: result.groups))],
          start: "      ",
          indent: 6,
          style: writer.style
        )
      )
    }
    if result.raggedGroups > 0 {
      let text = "\(Figures.things(result.raggedGroups, "group")) shorter than \(pattern.group)"
      try writer.lines(Flow.lines([Cell(text)], start: "      ", indent: 6, style: writer.style))
    }
    try writeHistogram(to: &writer)
    for violation in result.firstViolations.prefix(3) { try write(violation, to: &writer) }
    for detail in words.details {
      let text = writer.style.escape(detail, cells: 500)
      try writer.lines(Flow.paragraph(text, start: "      ", indent: 8, style: writer.style))
    }
    if let location = result.location {
      let pieces = [
        Cell(foreign: TerminalReport.lastComponent(location.file), .dim),
        Cell("byte \(Figures.grouped(location.offset))", .dim),
      ]
      try writer.lines(Flow.lines(pieces, separator: ", ", start: "      ", indent: 6, style: writer.style))
    }
  }

  /// Groups by the number of their nonzero values: a bar each, the forbidden ones marked.
  private func writeHistogram(to writer: inout LineWriter) throws {
    let total = result.histogram.reduce(UInt64(0)) { $0 &+ $1 }
    guard total > 0 else { return }
    var table = TerminalTable([
      .init("nonzeros", .right), .init("groups", .right),
      .init("share", .right, squeezes: [.init(order: 1, width: 0)]),
      .init("", floor: 16, isElastic: true, squeezes: [.init(order: 0, width: 0)]),
    ])
    table.indent = 6
    for (nonzeros, groups) in result.histogram.enumerated() where groups > 0 {
      let isForbidden = nonzeros > pattern.kept
      let tone: Tone = isForbidden ? .look : .plain
      table.add([
        Cell(isForbidden ? "! \(nonzeros)" : "\(nonzeros)", tone),
        Cell(groups < 1_000_000_000_000 ? Figures.grouped(groups) : Figures.count(groups), tone),
        Cell(Figures.percent(groups, of: total), tone), Cell(bar: groups, of: total, tone),
      ])
    }
    try table.write(isClosed: false, to: &writer)
  }

  private func write(_ violation: ValidationReport.Violation, to writer: inout LineWriter) throws {
    let place = "\(place(of: violation)), group \(Figures.grouped(violation.group)):"
    // Values are aligned where the line takes them all.
    let values = violation.values.map { Cell($0.hasPrefix("-") ? $0 : " \($0)") }
    try writer.lines(
      Flow.lines(
        [Cell(place, .dim)] + values,
        separator: " ",
        start: "      ",
        indent: 8,
        style: writer.style
      )
    )
  }

  /// Where a group lies: `row 3, columns 4-7`, and `rows 4-7, column 3` where it goes down a matrix; `[0, 4-7, 1]` in
  /// a tensor of another rank.
  private func place(of violation: ValidationReport.Violation) -> String {
    let last = violation.firstIndex &+ UInt64(max(1, violation.values.count) - 1)
    let run = "\(violation.firstIndex)-\(last)"
    let place = result.place(of: violation)
    guard let axis = result.axis?.axes.first, place.indices.contains(axis) else {
      return "row \(violation.row), \(run)"
    }
    if place.count == 2 {
      return axis == 0 ? "rows \(run), column \(place[1])" : "row \(place[0]), columns \(run)"
    }
    return "[" + place.indices.map { $0 == axis ? run : "\(place[$0])" }.joined(separator: ", ") + "]"
  }
}
