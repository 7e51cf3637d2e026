public import ModelIR

/// What the graph says of one stored tensor.
package struct WeightKnowledge: Sendable {
  /// Who reads it, in the order of the search.
  package var uses: [WeightUse] = []
  /// How it is quantized: each distinct statement once, the most telling first. More than one means that
  /// consumers disagree, or that one says more than the other.
  package var quantizations: [WeightQuantization] = []

  /// Nothing known yet.
  package init() {}

  /// How it is quantized, by the most telling statement; nil where nothing says so.
  package var quantization: WeightQuantization? { quantizations.first }

  /// Whether a matrix product or convolution consumes it, so that pruning it makes sense.
  package var isPrunable: Bool { uses.contains { $0.kind == .product } }

  /// Whether it is a table for look-ups and nothing else.
  package var isLookupOnly: Bool { !uses.isEmpty && uses.allSatisfy { $0.kind == .lookUp } }

  /// Along which axes products with it sum, by the graph: several where consumers differ, none where it is
  /// certain that no product consumes it. Nil where the graph does not tell.
  package var reduction: ReductionAxis? {
    var axes: Set<Int> = []
    var isCertain = !uses.isEmpty
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
