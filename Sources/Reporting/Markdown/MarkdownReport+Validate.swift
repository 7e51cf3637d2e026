public import Inspection
internal import ModelIR

extension MarkdownReport {
  /// Writes a heading, the answer, and a row for each tensor that fails or group of tensors that comply.
  /// - Throws: what `sink` throws.
  public static func validate(_ report: ValidationReport, to sink: @escaping Sink) throws {
    var writer = LineWriter(TerminalStyle(), to: sink)
    let runtime = report.profile.flatMap { $0.name == .any ? nil : " for \($0.name.title)" } ?? ""
    let pattern = report.profile?.patternText ?? report.pattern.description
    try writer.line("### \(pattern)\(runtime): \(code(report.path))")
    try writer.line()
    try writer.line("\(report.isCompliant ? "ok" : "**FAILED**"): \(report.verdictWords)")
    try writer.line()
    let rows = failing(report) + passing(report)
    if !rows.isEmpty {
      try writer.line("| tensor | type | shape | axis | zeros | violating groups | verdict |")
      try writer.line("|---|---|---|--:|--:|--:|---|")
      for row in rows { try writer.line(Self.row(row)) }
      try writer.line()
    }
    for group in skipped(report) { try writer.line(group) }
    if let note = report.profile?.note {
      try writer.line()
      try writer.line(note)
    }
    try writer.finish()
  }

  /// Tensors that do not comply or are not eligible.
  private static func failing(_ report: ValidationReport) -> [[String]] {
    let order: [ValidationReport.Status] = [.violating, .ineligible]
    let results = order.flatMap { status in report.tensors.filter { $0.status == status } }
    var rows = results.prefix(mostRows).map { result in
      let words = FindingWords(result, report.pattern(of: result))
      let verdict: String
      if result.status == .violating {
        verdict = "**not \(report.pattern(of: result))**"
      } else {
        verdict = result.patternHolds ? "compliant but not eligible" : "not eligible"
      }
      let details = ([result.reason].compactMap { $0 } + words.details).map(text)
      return cells(
        result,
        name: code(result.tensor.name),
        verdict: ([verdict] + details).joined(separator: "; ")
      )
    }
    if results.count > mostRows {
      rows.append(["and \(Figures.grouped(results.count - mostRows)) more", "", "", "", "", "", ""])
    }
    return rows
  }

  /// Tensors that comply, repeated layers in one row.
  private static func passing(_ report: ValidationReport) -> [[String]] {
    let results = report.tensors.filter { $0.status == .compliant }
    let groups = GroupedTensors(folding: results.map { TensorReport(tensor: $0.tensor) }).groups
    var rows = groups.prefix(mostRows).map { group in
      let name =
        group.count == 1 ? code(results[group.first].tensor.name.text) : code(FoldedName.text(group.name))
      let count = group.count == 1 ? "" : " (\(group.count))"
      return cells(results[group.first], name: name + count, verdict: "ok", isAlone: group.count == 1)
    }
    if groups.count > mostRows {
      rows.append(["and \(Figures.grouped(groups.count - mostRows)) more names", "", "", "", "", "", "ok"])
    }
    return rows
  }

  private static func cells(
    _ result: ValidationReport.TensorResult,
    name: String,
    verdict: String,
    isAlone: Bool = true
  ) -> [String] {
    let share = result.zeroShare.map(Figures.percent) ?? ""
    let violating =
      "\(Figures.grouped(result.violatingGroups)) of \(Figures.grouped(result.groups))"
    return [
      name, text(result.tensor.typeName), result.tensor.logicalShape.shown(),
      result.runsThroughMemory ? "memory" : result.axis?.axes.first.map { "\($0)" } ?? "",
      isAlone ? share : "", isAlone ? violating : "0", verdict,
    ]
  }

  private static func skipped(_ report: ValidationReport) -> [String] {
    let skipped = report.tensors.filter { $0.status == .skipped }
    return ReasonGroup.group(skipped.map { ($0.tensor.name, $0.reason ?? "not asked for") }).map { group in
      "- not checked: \(Figures.things(group.count, "tensor")) (\(text(group.reason)))"
    }
  }
}
