internal import Inspection
internal import ModelIR
internal import SparseCoding

/// What the second look found: extremes, mean and spread of values, the densities of rows and columns, blocks of 16, and
/// the entropy of the bytes.
///
/// Tensors of one folded name and type share a row.
struct DeepTable {
  private let tensors: [TensorReport]
  private let groups: GroupedTensors
  private let options: InspectionOptions

  /// The table of these tensors; nil where no second look was taken.
  init?(_ tensors: [TensorReport], _ groups: GroupedTensors, options: InspectionOptions) {
    guard tensors.contains(where: { $0.statistics?.deep != nil }) else { return nil }
    self.tensors = tensors
    self.groups = groups
    self.options = options
  }

  /// Some tensors' findings put together.
  private struct Sum {
    var moments = Moments()
    var rows: (fewest: UInt64, most: UInt64)?
    var columns: (fewest: UInt64, most: UInt64)?
    var rowExtent: UInt64 = 0
    var columnExtent: UInt64 = 0
    var blocks: UInt64 = 0
    var zeroBlocks: UInt64 = 0
    var bits = 0.0
    var predicted: UInt64 = 0
    var dense: UInt64 = 0
    var elements: UInt64 = 0
    var hasMoments = false

    mutating func add(_ report: TensorReport) {
      guard let statistics = report.statistics, let deep = statistics.deep else { return }
      if let moments = deep.moments {
        self.moments.add(moments)
        hasMoments = true
      }
      bits += deep.planeEntropies.reduce(0, +) * Double(statistics.elements)
      elements &+= statistics.elements
      predicted &+= deep.predictedByteCount
      dense &+= report.tensor.counted.denseByteCount
      guard let blocks16 = deep.blocks16, report.tensor.shape.rank > 1 else { return }
      blocks &+= blocks16.all
      zeroBlocks &+= blocks16.zero
      rowExtent = max(rowExtent, statistics.columns)
      columnExtent = max(columnExtent, statistics.rows)
      rows = Self.united(rows, deep.rowDensities)
      columns = Self.united(columns, deep.columnDensities)
    }

    private static func united(
      _ known: (fewest: UInt64, most: UInt64)?,
      _ densities: DeepStatistics.Densities?
    ) -> (fewest: UInt64, most: UInt64)? {
      guard let densities else { return known }
      return (min(known?.fewest ?? .max, densities.fewest), max(known?.most ?? 0, densities.most))
    }
  }

  /// Writes the rows.
  func write(to writer: inout LineWriter) throws {
    var sums = [Sum](repeating: Sum(), count: groups.groups.count)
    for (index, report) in tensors.enumerated() { sums[groups.membership[index]].add(report) }
    let shown = options.order(groups.groups).filter { sums[$0].elements > 0 }
    var table = TerminalTable([
      .init("tensor", limit: 48, isElastic: true, squeezes: [squeeze(2, 24), squeeze(7, 12)]),
      .init("least", .right), .init("greatest", .right), .init("mean", .right, squeezes: [squeeze(5, 0)]),
      .init("deviation", .right), .init("in a row", .right, squeezes: [squeeze(4, 0)]),
      .init("in a column", .right, squeezes: [squeeze(3, 0)]),
      .init("0-blocks of 16", .right, squeezes: [squeeze(1, 0)]), .init("bits", .right),
      .init("coded", .right, squeezes: [squeeze(6, 0)]),
    ])
    for place in shown.prefix(options.limit ?? .max) {
      let sum = sums[place]
      let moments = sum.hasMoments && sum.moments.count > 0 ? sum.moments : nil
      table.add([
        Cell(foreign: FoldedName.text(groups.groups[place].name)),
        Cell(moments.map { Figures.number($0.least) } ?? "–"),
        Cell(moments.map { Figures.number($0.greatest) } ?? "–"),
        Cell(moments.map { Figures.number($0.mean) } ?? "–"),
        Cell(moments.map { Figures.number($0.deviation) } ?? "–"),
        Cell(Self.share(sum.rows, of: sum.rowExtent)), Cell(Self.share(sum.columns, of: sum.columnExtent)),
        Cell(sum.blocks == 0 ? "–" : Figures.percent(sum.zeroBlocks, of: sum.blocks)),
        Cell(Figures.number(sum.bits / Double(max(1, sum.elements)))),
        Cell(sum.dense == 0 ? "–" : Figures.percent(sum.predicted, of: sum.dense)),
      ])
    }
    try table.write(to: &writer)
    try writer.lines(
      Flow.paragraph(
        "bits: the order-0 entropy of an element's bytes; coded: what an entropy coder makes of the bytes, or of a "
          + "mask and the others; in a row, in a column (where the line has room; also in --json and --html): the "
          + "nonzeros of the emptiest and of the fullest",
        start: "  ",
        indent: 2,
        tone: .dim,
        style: writer.style
      )
    )
  }

  private static func share(_ span: (fewest: UInt64, most: UInt64)?, of extent: UInt64) -> String {
    guard let span, extent > 0 else { return "–" }
    let (low, high) = (Figures.percent(span.fewest, of: extent), Figures.percent(span.most, of: extent))
    return low == high ? low : "\(low) to \(high)"
  }

  private func squeeze(_ order: Int, _ width: Int) -> TerminalTable.Squeeze {
    .init(order: order, width: width)
  }
}
