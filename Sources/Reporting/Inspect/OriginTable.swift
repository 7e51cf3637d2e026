internal import Inspection
internal import ModelIR

/// Where zeros come from, beside a reference: which were zero there, which rounding alone makes, which were pruned.
///
/// Tensors of one folded name and type share a row. All shares are of all elements, so that they add up.
struct OriginTable {
  private let report: ModelReport
  private let reference: ReferenceReport
  private let groups: GroupedTensors
  private let options: InspectionOptions

  /// The table of a report that was compared with `reference`.
  init(
    _ report: ModelReport,
    _ reference: ReferenceReport,
    _ groups: GroupedTensors,
    options: InspectionOptions
  ) {
    self.report = report
    self.reference = reference
    self.groups = groups
    self.options = options
  }

  /// Writes the rows, their sum over the weight matrices, and what was not compared.
  func write(to writer: inout LineWriter) throws {
    let style = writer.style
    try writer.lines(
      Flow.lines(
        [Cell("zeros against"), Cell(foreign: reference.path, .strong)],
        separator: " ",
        indent: 2,
        style: style
      )
    )
    var sums = [ZeroOrigins?](repeating: nil, count: groups.groups.count)
    for (index, report) in report.tensors.enumerated() {
      guard let origins = report.origins else { continue }
      sums[groups.membership[index], default: ZeroOrigins()].add(origins)
    }
    let shown = options.order(groups.groups).filter { sums[$0] != nil }
    if shown.isEmpty {
      try writer.line("  no tensor could be compared")
    } else {
      try writeRows(shown, sums, to: &writer)
      try writeSummary(to: &writer)
    }
    try writeOmissions(to: &writer)
  }

  private func writeRows(_ shown: [Int], _ sums: [ZeroOrigins?], to writer: inout LineWriter) throws {
    let hasUnexplained = sums.contains { ($0?.unexplained ?? 0) > 0 }
    /// A column of shares that goes in this order where the room is short.
    func column(_ header: String, _ order: Int) -> TerminalTable.Column {
      .init(header, .right, squeezes: [.init(order: order, width: 0)])
    }
    let name = [TerminalTable.Squeeze(order: 0, width: 24), TerminalTable.Squeeze(order: 3, width: 12)]
    var columns: [TerminalTable.Column] = [
      .init("tensor", limit: 48, isElastic: true, squeezes: name), .init("zeros", .right),
      column("zero before", 2), column("by rounding", 5), column("pruned", 6),
    ]
    if hasUnexplained { columns.append(column("unknown", 4)) }
    columns.append(column("regrown", 1))
    var table = TerminalTable(columns)
    let limit = min(options.limit ?? .max, shown.count)
    for place in shown[..<limit] {
      guard let sum = sums[place] else { continue }
      var counts = [sum.zeros, sum.before, sum.rounded, sum.neither]
      if hasUnexplained { counts.append(sum.unexplained) }
      counts.append(sum.regrown)
      table.add(
        [Cell(foreign: FoldedName.text(groups.groups[place].name))]
          + counts.map { Cell(Figures.percent($0, of: sum.elements)) }
      )
    }
    try table.write(to: &writer)
    if shown.count > limit {
      try writer.line(
        "  " + writer.style.paint("and \(Figures.things(shown.count - limit, "row")) more", .dim)
      )
    }
  }

  private func writeSummary(to writer: inout LineWriter) throws {
    let style = writer.style
    var notes = [
      "shares of all elements; by rounding: within half a step of zero in the reference;"
        + " regrown: zero only there"
    ]
    notes += reference.unknownSteps.map { "unknown: \(style.escape($0, cells: 200))" }
    for note in notes {
      try writer.lines(Flow.paragraph(note, start: "  ", indent: 2, tone: .dim, style: style))
    }
    let (tensors, sum) = report.matrixOrigins
    guard tensors > 0 else { return }
    /// A share of all elements.
    func share(_ count: UInt64) -> String { Figures.percent(count, of: sum.elements) }
    try writer.line()
    var facts = Facts()
    let matrices = Figures.things(tensors, "weight matrix", plural: "weight matrices")
    facts.add("zeros", [Cell(share(sum.zeros), .strong), Cell("of \(matrices)")])
    facts.add("zero before", [Cell(share(sum.before)), Cell("zero in the reference too")])
    facts.add("by rounding", [Cell(share(sum.rounded)), Cell("rounding alone would have made them")])
    facts.add(
      "pruned",
      [Cell(share(sum.neither)), Cell("rounding to nearest does not explain them")]
    )
    if sum.unexplained > 0 {
      facts.add("unknown", [Cell(share(sum.unexplained)), Cell("new, by an unknown step")])
    }
    if sum.regrown > 0 {
      facts.add("regrown", [Cell(share(sum.regrown)), Cell("zero in the reference only")])
    }
    try facts.write(separator: "  ", to: &writer)
  }

  private static let mostOmissions = 8

  private func writeOmissions(to writer: inout LineWriter) throws {
    let omissions = reference.omissions
    guard !omissions.isEmpty else { return }
    let style = writer.style
    try writer.line()
    try writer.line("  " + style.paint("not compared", .look))
    for omission in omissions.prefix(Self.mostOmissions) {
      try writer.lines(
        Flow.lines(
          [Cell(foreign: omission.name.text), Cell(foreign: omission.reason, .dim)],
          separator: "  ",
          start: "    ",
          indent: 6,
          style: style
        )
      )
    }
    if omissions.count > Self.mostOmissions {
      try writer.line("    and \(Figures.things(omissions.count - Self.mostOmissions, "tensor")) more")
    }
  }
}

extension [ZeroOrigins?] {
  fileprivate subscript(place: Int, default empty: ZeroOrigins) -> ZeroOrigins {
    get { self[place] ?? empty }
    set { self[place] = newValue }
  }
}
