internal import Inspection
internal import ModelIR

/// What deserves a look in how a model was pruned.
struct AdviceLines {
  private let report: ModelReport

  /// The lines of a report; nil where nothing deserves a look.
  init?(_ report: ModelReport) {
    if report.advice.isEmpty { return nil }
    self.report = report
  }

  /// How many findings of a rule have a line.
  private static let most = 5

  /// Writes a line for each of the first findings of a rule, and how many more there are.
  func write(to writer: inout LineWriter) throws {
    let style = writer.style
    try writer.line(style.paint("needs a look", .look))
    for rule in Advice.Rule.allCases {
      let found = report.advice.filter { $0.rule == rule }
      for advice in found.prefix(Self.most) {
        try writer.lines(
          Flow.lines(
            [Cell(foreign: advice.subject), Cell(advice.words)],
            separator: "  ",
            start: "  ",
            indent: 4,
            style: style
          )
        )
      }
      if found.count > Self.most {
        try writer.line("  and \(Figures.grouped(found.count - Self.most)) more of these")
      }
    }
    if let pattern = report.sharedPattern ?? report.advice.lazy.compactMap(\.pattern).first {
      let command = Suggestion(["validate", .path(report.path), "--pattern", .word("\(pattern)")])
      if let text = command.text(style, room: style.width - 2) { try writer.line("  " + text) }
    }
    try writer.line()
  }
}

extension Advice {
  /// What was found, in a few words of our own.
  var words: String {
    let zeros = "\(Figures.percent(sparsity)) zeros"
    let other = Figures.percent(usual ?? 0)
    switch rule {
    case .offPattern, .nearPattern:
      guard let pattern else { return zeros }
      guard let violations else { return "\(zeros), not \(pattern)" }
      let groups = "\(Figures.grouped(violations.violating)) of \(Figures.grouped(violations.groups)) groups"
      return "\(zeros), not \(pattern): \(groups) break it"
    case .wrongAxis:
      let place =
        axes.count == 1 ? "axis \(axes[0])" : "axes \(axes.first ?? 0) to \(axes.last ?? 0) flattened"
      let count = tensors.count == 1 ? "" : " in all \(Figures.grouped(tensors.count))"
      return
        "\(pattern.map { "\($0)" } ?? "a pattern") holds along \(place)\(count), not along the one that is summed over"
    case .denseAmongSparse: return "\(zeros), others of its name \(other)"
    case .denseKind:
      let count = tensors.count == 1 ? "" : " in all \(Figures.grouped(tensors.count))"
      return "\(zeros)\(count), all weights together \(other)"
    case .prunedEmbedding: return "\(zeros) in rows with nonzeros; recipes leave embeddings dense"
    case .prunedOutputHead: return "\(zeros); recipes leave the output head dense"
    case .prunedRouter: return "\(zeros); a pruned router chooses other experts"
    case .prunedFirstLayer: return "\(zeros); recipes leave the first layer dense"
    case .prunedClassifier: return "\(zeros); recipes keep the classifier denser"
    case .sparserEnd: return "\(zeros), the median block \(other)"
    }
  }
}
