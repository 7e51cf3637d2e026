internal import Inspection
internal import ModelIR

/// What a conversion changed besides layouts: types, values, other files.
extension TerminalReport {
  static func addChanges(_ report: ConversionReport, to facts: inout Facts) {
    let types = typeChanges(report)
    if !types.isEmpty { facts.add("types", types) }
    if let lost = losses(report) { facts.add("values lost", lost, tone: .look) }
    let formats = Dictionary(grouping: report.tensors.compactMap(\.format)) { $0 }
    if !formats.isEmpty {
      facts.add("format", formats.sorted { $0.key < $1.key }.map { Cell("\($0.key) ×\($0.value.count)") })
    }
    for note in report.notes { facts.add("also", [Cell(note)]) }
  }

  private struct TypeChange: Hashable {
    var from: String
    var to: ElementType
  }

  /// What became of types, and of how many values that are no longer the same.
  private static func typeChanges(_ report: ConversionReport) -> [Cell] {
    var counts: [TypeChange: (tensors: Int, values: UInt64)] = [:]
    for result in report.tensors {
      guard let from = result.typeBefore else { continue }
      counts[TypeChange(from: from, to: result.elementType), default: (0, 0)].tensors += 1
      counts[TypeChange(from: from, to: result.elementType), default: (0, 0)].values &+= result.changedValues
    }
    return counts.sorted { ($0.key.from, $0.key.to) < ($1.key.from, $1.key.to) }.map { change, sums in
      let rounded = sums.values == 0 ? "" : ", \(Figures.grouped(sums.values)) values rounded"
      return Cell("\(change.from) → \(change.to.name) ×\(sums.tensors)\(rounded)")
    }
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
