internal import Inspection
internal import ModelIR

/// The rows of an inspection: groups of tensors, or every tensor.
struct InspectionTable {
  private let groups: [TensorGroup]
  private let options: InspectionOptions
  private let showsValues: Bool
  private let showsType: Bool
  private let showsLayout: Bool
  private let showsPattern: Bool
  private let isWide: Bool
  private let names: ShortNames

  /// The table of these groups, with what was counted if `showsValues`; the summary tells which columns would
  /// say the same in every row.
  init(
    _ groups: [TensorGroup],
    options: InspectionOptions,
    showsValues: Bool,
    summary: ModelSummary,
    style: TerminalStyle
  ) {
    self.groups = groups
    self.options = options
    self.showsValues = showsValues
    showsType = summary.shownTypes.count > 1
    showsLayout = summary.layouts.count > 1 || summary.layouts[.dense] == nil
    isWide = style.width >= 100
    showsPattern = groups.contains { $0.pattern != nil }
    names = ShortNames(options.showsEveryTensor ? [] : groups.map(\.name))
  }

  /// What the names leave out.
  var note: String? { names.note }

  /// Writes the table, and how many rows were left out.
  func write(to writer: inout LineWriter) throws {
    let shown = groups.map { Array(names.shorten($0.name)) }
    let order = options.order(groups, keys: shown)
    let limit = min(options.limit ?? .max, order.count)
    var table = TerminalTable(columns(clearName: clearWidth(order[..<limit].map { shown[$0] }, writer.style)))
    for place in order[..<limit] { table.add(row(groups[place], name: shown[place])) }
    try table.write(to: &writer)
    var notes: [Cell] = []
    if limit < order.count {
      let thing = options.showsEveryTensor ? "tensor" : "row"
      notes.append(Cell("and \(Figures.things(order.count - limit, thing)) more", .dim))
    }
    if let note { notes.append(Cell(note, .dim)) }
    if !notes.isEmpty { try writer.lines(Flow.lines(notes, start: "  ", indent: 2, style: writer.style)) }
  }

  /// How wide names have to be at least so that no two look the same when they are cut.
  private func clearWidth(_ names: [[UInt8]], _ style: TerminalStyle) -> Int {
    let (least, most, mostRows) = (25, 48, 400)
    guard names.count <= mostRows, style.width < 140 else { return least }
    let texts = Set(names.map { FoldedName.text($0) })
    return (least..<most).first { width in
      Set(texts.map { style.escape($0, cells: width) }).count == texts.count
    } ?? most
  }

  private func columns(clearName: Int) -> [TerminalTable.Column] {
    /// A squeeze of this order and width.
    func squeeze(_ order: Int, _ width: Int) -> TerminalTable.Squeeze { .init(order: order, width: width) }
    // Where two rows share a name, only the type tells them apart.
    let typeIsPlain = Set(groups.lazy.map(\.name)).count == groups.count
    let widestName = options.showsEveryTensor ? 64 : 48
    var columns: [TerminalTable.Column] = [
      .init(
        options.showsEveryTensor ? "tensor" : "tensor group",
        limit: widestName,
        isElastic: true,
        squeezes: [squeeze(4, clearName), squeeze(11, 22), squeeze(14, 10)]
      )
    ]
    if !options.showsEveryTensor {
      columns.append(.init(isWide ? "count" : "no.", .right, squeezes: [squeeze(12, 0)]))
    }
    if showsType { columns.append(.init("type", squeezes: [squeeze(typeIsPlain ? 5 : 9, 0)])) }
    if showsLayout { columns.append(.init("stored as", squeezes: [squeeze(10, 0)])) }
    columns.append(.init("shape", .right, limit: 24, squeezes: [squeeze(8, 0)]))
    columns.append(.init("size", .right))
    guard showsValues else { return columns }
    columns.append(
      .init("", floor: 16, isElastic: true, squeezes: [squeeze(1, 8), squeeze(3, 4), squeeze(6, 0)])
    )
    columns.append(.init("zeros", .right))
    if showsPattern { columns.append(.init("pattern", squeezes: [squeeze(13, 0)])) }
    columns.append(.init("best layout", squeezes: [squeeze(2, 0)]))
    return columns
  }

  private func row(_ group: TensorGroup, name: [UInt8]) -> [Cell] {
    let isPartial = group.pattern.map { $0.members < group.count } ?? false
    var row = [Cell(foreign: FoldedName.text(name), isPartial ? .look : .plain)]
    if !options.showsEveryTensor { row.append(Cell("\(group.count)")) }
    if showsType { row.append(Cell(group.typeName)) }
    if showsLayout {
      switch group.layout {
      case .all(let layout): row.append(Cell(layout.description, layout == .dense ? .dim : .plain))
      case .varied: row.append(Cell("varied"))
      }
    }
    switch group.shape {
    case .all(let shape): row.append(Cell(shape.shown(spaced: isWide)))
    case .varied: row.append(Cell("varied", .dim))
    }
    row.append(Cell(Figures.size(group.storedBytes)))
    guard showsValues else { return row }
    row.append(Cell(bar: group.zeros, of: group.elements))
    row.append(Cell(Figures.percent(group.zeros, of: group.elements), group.zeros == 0 ? .dim : .plain))
    if !showsPattern {
      // A column of dashes says nothing.
    } else if let (pattern, members) = group.pattern {
      row.append(
        members == group.count
          ? Cell("\(pattern)") : Cell("\(pattern) \(members)/\(group.count) !", .look)
      )
    } else {
      row.append(Cell("–", .dim))
    }
    row.append(best(group))
    return row
  }

  private func best(_ group: TensorGroup) -> Cell {
    guard let words = group.bestWords else { return Cell("–", .dim) }
    if case .all(.dense)? = group.bestLayout { return Cell(words, .dim) }
    return Cell(words)
  }
}

extension Shape {
  /// The extents for people: `4096 × 11008`; rank 0 is a `scalar`.
  func shown(spaced: Bool = true) -> String {
    if extents.isEmpty { return "scalar" }
    // A hostile file may give thousands of axes.
    let texts = extents.prefix(8).map { "\($0)" } + (extents.count > 8 ? ["… (rank \(extents.count))"] : [])
    return texts.joined(separator: spaced ? " × " : "×")
  }
}
