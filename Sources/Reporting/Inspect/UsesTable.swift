internal import Inspection
internal import ModelIR

/// Which operators read the weights of a model that has a graph, and along which axis their products sum.
///
/// Weights of one folded name that are read alike share a row. With every tensor in a row of its own, each is
/// told with its evidence, and so are biases and the others.
struct UsesTable {
  private let tensors: [TensorReport]
  private let options: InspectionOptions

  /// The table of these tensors; nil where no graph tells who uses any of them.
  init?(_ tensors: [TensorReport], options: InspectionOptions) {
    guard tensors.contains(where: { $0.tensor.uses != nil }) else { return nil }
    self.tensors = tensors
    self.options = options
  }

  /// Writes the rows, how many were left out, and what is no weight.
  func write(to writer: inout LineWriter) throws {
    try options.showsEveryTensor ? writeEach(to: &writer) : writeFolded(to: &writer)
  }

  /// What the tensors of a row share.
  private struct Key: Hashable {
    var name: [UInt8]
    var axis: String
    var consumers: String
  }

  private struct Row {
    var key: Key
    var first: Int
    var count = 1
  }

  private func writeFolded(to writer: inout LineWriter) throws {
    var rows: [Row] = []
    var places: [Key: Int] = [:]
    var others: [TensorUses.Role: Int] = [:]
    var folded = FoldedName()
    for (index, report) in tensors.enumerated() {
      guard let uses = report.tensor.uses else { continue }
      guard uses.role == .weight else {
        others[uses.role, default: 0] += 1
        continue
      }
      folded.fold(report.tensor.name)
      let key = Key(name: folded.bytes, axis: report.tensor.axisText, consumers: uses.consumers)
      if let place = places[key] {
        rows[place].count += 1
      } else {
        places[key] = rows.count
        rows.append(Row(key: key, first: index))
      }
    }
    for index in rows.indices where rows[index].count == 1 {
      rows[index].key.name = Array(tensors[rows[index].first].tensor.name.text.utf8)
    }
    rows.sort { left, right in
      let order = NaturalOrder.compare(left.key.name.span, right.key.name.span)
      return order == 0 ? left.first < right.first : order < 0
    }
    let limit = min(options.limit ?? .max, rows.count)
    if limit > 0 {
      var table = TerminalTable([
        .init("tensor", limit: 48, isElastic: true, squeezes: [squeeze(1, 24), squeeze(3, 12)]),
        .init("no.", .right, squeezes: [squeeze(4, 0)]), .init("axis"),
        .init("read by", limit: 64, isElastic: true, squeezes: [squeeze(0, 32), squeeze(2, 12)]),
      ])
      for row in rows[..<limit] {
        table.add([
          Cell(foreign: FoldedName.text(row.key.name)), Cell("\(row.count)"), Cell(row.key.axis),
          Cell(foreign: row.key.consumers),
        ])
      }
      try table.write(to: &writer)
    }
    try writeNote(left: rows.count - limit, others, to: &writer)
  }

  private func squeeze(_ order: Int, _ width: Int) -> TerminalTable.Squeeze {
    .init(order: order, width: width)
  }

  private func writeNote(left: Int, _ others: [TensorUses.Role: Int], to writer: inout LineWriter) throws {
    var notes: [Cell] = []
    if left > 0 { notes.append(Cell("and \(Figures.things(left, "row")) more", .dim)) }
    notes += TensorUses.Role.others.compactMap { role, one, many in
      others[role].map { Cell("\(Figures.grouped($0)) \($0 == 1 ? one : many)", .dim) }
    }
    if notes.isEmpty { return }
    try writer.lines(Flow.lines(notes, start: "  ", indent: 2, style: writer.style))
  }

  /// Every tensor with the evidence for its axis.
  private func writeEach(to writer: inout LineWriter) throws {
    let style = writer.style
    let used = tensors.indices.filter { tensors[$0].tensor.uses != nil }
    let names = used.map { Array(tensors[$0].tensor.name.text.utf8) }
    let order = used.indices.sorted { left, right in
      let (a, b) = (names[left], names[right])
      let order = NaturalOrder.compare(a.span, b.span)
      return order == 0 ? left < right : order < 0
    }.map { used[$0] }
    let limit = min(options.limit ?? .max, order.count)
    for place in order[..<limit] {
      let tensor = tensors[place].tensor
      guard let uses = tensor.uses else { continue }
      var pieces = [Cell(foreign: tensor.name.text)]
      pieces.append(Cell(uses.role == .weight ? "axis \(tensor.axisText)" : uses.role.rawValue, .dim))
      if !uses.consumers.isEmpty { pieces.append(Cell(foreign: uses.consumers)) }
      try writer.lines(Flow.lines(pieces, separator: "  ", start: "  ", indent: 4, style: style))
      try EvidenceLines(uses).write(indent: 4, to: &writer)
    }
    try writeNote(left: order.count - limit, [:], to: &writer)
  }
}

/// The uses of a tensor, a paragraph each.
struct EvidenceLines {
  private let uses: TensorUses
  private let most: Int

  /// The lines for at most `most` of the uses.
  init(_ uses: TensorUses, most: Int = .max) {
    self.uses = uses
    self.most = most
  }

  /// Writes the lines.
  func write(indent: Int, to writer: inout LineWriter) throws {
    let style = writer.style
    let margin = String(repeating: " ", count: indent)
    for evidence in uses.evidence.prefix(most) {
      try writer.lines(
        Flow.paragraph(
          style.escape(evidence, cells: 300),
          start: margin,
          indent: indent + 2,
          tone: .dim,
          style: style
        )
      )
    }
    let omitted = max(0, uses.evidence.count - most) + uses.omitted
    if omitted > 0 {
      try writer.line(margin + style.paint("and \(Figures.things(omitted, "use")) more", .dim))
    }
  }
}

extension Tensor {
  /// The axes along which products sum, by the graph: `0`, `0, 1`; a dash where none does, a question mark where the
  /// graph does not tell.
  var axisText: String {
    guard let reduction, reduction.evidence == .graph else { return "?" }
    return reduction.axes.isEmpty ? "–" : reduction.axes.prefix(8).map(String.init).joined(separator: ", ")
  }
}

extension TensorUses.Role {
  /// The roles besides weights, in words for one and for many.
  fileprivate static let others: [(TensorUses.Role, one: String, many: String)] = [
    (.bias, "bias", "biases"), (.parameter, "parameter", "parameters"), (.scale, "scale", "scales"),
    (.zeroPoint, "zero point", "zero points"), (.shape, "shape", "shapes"),
    (.unknown, "with a use that is not known", "with uses that are not known"), (.unused, "unused", "unused"),
  ]
}
