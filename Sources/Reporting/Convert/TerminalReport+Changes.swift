internal import Inspection
internal import ModelIR

/// What a conversion changed besides layouts: types, values, other files.
extension TerminalReport {
  static func addChanges(_ report: ConversionReport, to facts: inout Facts) {
    let types = typeChanges(report)
    if !types.isEmpty { facts.add("types", types) }
    if let lost = lostZeros(report) { facts.add("zeros lost", lost, tone: .look) }
    if let lost = losses(report) { facts.add("values lost", lost, tone: .look) }
    let formats = Dictionary(grouping: report.tensors.compactMap(\.format)) { $0 }
    if !formats.isEmpty {
      facts.add("format", formats.sorted { $0.key < $1.key }.map { Cell("\($0.key) ×\($0.value.count)") })
    }
    for note in report.notes { facts.add("also", [Cell(note)]) }
  }

  private struct TypeChange: Hashable {
    var from: String
    var to: String
  }

  /// What became of the tensors of one change.
  private struct ChangeSums {
    var tensors = 0
    var values: UInt64 = 0
    var squares = 0.0
    var errorSquares = 0.0
  }

  /// What became of types, and of how many values that are no longer the same.
  private static func typeChanges(_ report: ConversionReport) -> [Cell] {
    var counts: [TypeChange: ChangeSums] = [:]
    for result in report.tensors {
      guard let from = result.typeBefore else { continue }
      let change = TypeChange(from: from, to: result.typeAfter ?? result.elementType.name)
      var sums = counts[change, default: ChangeSums()]
      sums.tensors += 1
      sums.values &+= result.changedValues
      sums.squares += result.encoding?.squares ?? 0
      sums.errorSquares += result.encoding?.errorSquares ?? 0
      counts[change] = sums
    }
    return counts.sorted { ($0.key.from, $0.key.to) < ($1.key.from, $1.key.to) }.map { change, sums in
      var text = "\(change.from) → \(change.to) ×\(sums.tensors)"
      if sums.values > 0 { text += ", \(Figures.grouped(sums.values)) values rounded" }
      if sums.errorSquares > 0, sums.squares.isFinite {
        text += ", error \(Figures.relative((sums.errorSquares / sums.squares).squareRoot()))"
      }
      return Cell(text)
    }
  }

  /// How many zeros became other numbers; nil for none.
  private static func lostZeros(_ report: ConversionReport) -> [Cell]? {
    let results = report.tensors.compactMap(\.encoding).filter { $0.lostZeros > 0 }
    if results.isEmpty { return nil }
    let lost = results.reduce(UInt64(0)) { $0 &+ $1.lostZeros }
    let zeros = results.reduce(UInt64(0)) { $0 &+ $1.zeros }
    return [
      Cell("\(Figures.grouped(lost)) of \(Figures.grouped(zeros)) became other numbers", .look),
      Cell("in \(Figures.things(results.count, "tensor"))"),
    ]
  }

  /// What a lossy form left out; nil for nothing.
  private static func losses(_ report: ConversionReport) -> [Cell]? {
    let lossy = report.tensors.filter { $0.format != nil && $0.changedValues &+ $0.droppedNegativeZeros > 0 }
    if lossy.isEmpty { return nil }
    let values = lossy.reduce(UInt64(0)) { $0 &+ $1.changedValues }
    let zeros = lossy.reduce(UInt64(0)) { $0 &+ $1.droppedNegativeZeros }
    var cells: [Cell] = []
    if values > 0 { cells.append(Cell("\(Figures.grouped(values)) pruned", .look)) }
    if zeros > 0 { cells.append(Cell("\(Figures.grouped(zeros)) of -0.0 lost their sign", .look)) }
    return cells + lossy.prefix(3).map { Cell(foreign: $0.name.text) }
      + (lossy.count > 3 ? [Cell("and \(Figures.things(lossy.count - 3, "tensor")) more")] : [])
  }
}
