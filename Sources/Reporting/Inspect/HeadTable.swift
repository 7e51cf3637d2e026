internal import Inspection
internal import ModelIR

/// How the nonzeros of attention layers are spread over their heads.
///
/// Tensors of one folded name and type share a row.
struct HeadTable {
  private let tensors: [TensorReport]
  private let groups: GroupedTensors
  private let options: InspectionOptions

  /// The table of these tensors; nil where no second look told of heads.
  init?(_ tensors: [TensorReport], _ groups: GroupedTensors, options: InspectionOptions) {
    guard tensors.contains(where: { $0.statistics?.deep?.heads != nil }) else { return nil }
    self.tensors = tensors
    self.groups = groups
    self.options = options
  }

  /// Some tensors' heads put together.
  private struct Sum {
    var counts: Set<UInt64> = []
    var expected: UInt64?
    var total: UInt64 = 0
    var empty: UInt64 = 0
    var fewest = 1.0
    var most = 0.0

    mutating func add(_ found: HeadDensities) {
      counts.insert(found.heads.count)
      expected = found.heads.expected
      total += found.heads.count
      empty += UInt64(found.empty.count)
      guard found.elements > 0 else { return }
      fewest = min(fewest, Double(found.fewest) / Double(found.elements))
      most = max(most, Double(found.most) / Double(found.elements))
    }

    /// `12`, or `10 of 12` where some are gone, or `8 to 12` where layers differ.
    var shown: String {
      let (fewest, most) = (counts.min() ?? 0, counts.max() ?? 0)
      let count = fewest == most ? "\(fewest)" : "\(fewest) to \(most)"
      return expected.map { $0 == most && fewest == most ? count : "\(count) of \($0)" } ?? count
    }
  }

  /// How many tensors with empty heads have a line.
  private static let mostLines = 8
  /// How many heads a line lists.
  private static let mostHeads = 12

  /// Writes the rows, and below them which heads are empty.
  func write(to writer: inout LineWriter) throws {
    var sums: [Int: Sum] = [:]
    for (index, report) in tensors.enumerated() {
      if let found = report.statistics?.deep?.heads {
        sums[groups.membership[index], default: Sum()].add(found)
      }
    }
    var table = TerminalTable([
      .init("attention weight", limit: 48, isElastic: true, squeezes: [.init(order: 1, width: 24)]),
      .init("heads", .right), .init("empty", .right), .init("in a head", .right),
    ])
    for place in options.order(groups.groups) {
      guard let sum = sums[place] else { continue }
      let (low, high) = (Figures.percent(sum.fewest), Figures.percent(sum.most))
      table.add([
        Cell(foreign: FoldedName.text(groups.groups[place].name)),
        Cell(sum.shown),
        Cell(sum.empty == 0 ? "–" : "\(sum.empty) of \(sum.total)", sum.empty == 0 ? .dim : .look),
        Cell(low == high ? low : "\(low) to \(high)"),
      ])
    }
    try table.write(to: &writer)
    try writer.line("  in a head: the nonzeros of the emptiest and of the fullest")
    try writeEmpty(to: &writer)
  }

  private func writeEmpty(to writer: inout LineWriter) throws {
    let found = tensors.filter { $0.statistics?.deep?.heads?.empty.isEmpty == false }
    for report in found.prefix(Self.mostLines) {
      guard let empty = report.statistics?.deep?.heads?.empty else { continue }
      let list = empty.prefix(Self.mostHeads).map { "\($0)" }.joined(separator: ", ")
      let more = empty.count > Self.mostHeads ? " and \(empty.count - Self.mostHeads) more" : ""
      try writer.lines(
        Flow.lines(
          [Cell(foreign: report.tensor.name.text), Cell("without nonzeros: \(list)\(more)")],
          separator: "  ",
          start: "  ",
          indent: 4,
          style: writer.style
        )
      )
    }
    if found.count > Self.mostLines {
      try writer.line("  and \(Figures.things(found.count - Self.mostLines, "tensor")) more")
    }
  }
}
