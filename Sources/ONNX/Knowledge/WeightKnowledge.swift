package import ModelIR

/// What the graph says of one stored tensor.
package struct WeightKnowledge: Sendable {
  /// The most uses that are kept.
  package static let mostUses = 1024
  /// The most statements about quantization that are kept.
  package static let mostQuantizations = 16
  /// The most findings that are kept.
  package static let mostFindings = 64

  /// Who reads it, in the order of the search; at most ``mostUses``, and those beyond that say something new.
  package internal(set) var uses: [WeightUse] = []
  /// How many uses are not kept; all of a kind and axis that others have.
  package internal(set) var omittedUses = 0
  /// How it is quantized: each distinct statement once, the most telling first. More than one means that
  /// consumers disagree, or that one says more than the other.
  package internal(set) var quantizations: [WeightQuantization] = []
  /// What does not fit in its quantization.
  package internal(set) var findings: [KnowledgeFinding] = []
  /// What it is for.
  package internal(set) var role: TensorRole = .unused
  /// Whether all uses were followed to their end. False only in graphs whose branches or calls multiply beyond
  /// any use.
  package internal(set) var isComplete = true

  /// Nothing known yet.
  init() {}

  /// Whether a product or a look-up has it as an operand; not so for scales, zero points, shapes.
  package var isWeight: Bool { role == .weight }

  /// How it is quantized, by the most telling statement; nil where nothing says so.
  package var quantization: WeightQuantization? { quantizations.first }

  /// Whether a matrix product or convolution consumes it, so that pruning it makes sense.
  package var isPrunable: Bool { uses.contains { $0.kind == .product } }

  /// Whether it is a table for look-ups and nothing else.
  package var isLookupOnly: Bool { !uses.isEmpty && uses.allSatisfy { $0.kind == .lookUp } }

  /// Along which axes products with it sum, by the graph: several where consumers differ, none where it is
  /// certain that no product consumes it. Nil where the graph does not tell. They are axes of the use's logical
  /// shape where there is one, else of the stored tensor.
  package var reduction: ReductionAxis? {
    var axes: Set<Int> = []
    var isCertain = !uses.isEmpty && isComplete
    for use in uses {
      axes.formUnion(use.axes)
      switch use.kind {
      case .product where use.axes.isEmpty && use.absence != .outerProduct: isCertain = false
      case .rearranged, .unknown: isCertain = false
      default: break
      }
    }
    guard !axes.isEmpty || isCertain else { return nil }
    return ReductionAxis(axes: axes.sorted(), evidence: .graph)
  }
}
