internal import ModelIR

/// The experts of one layer of a mixture: how many there are, how many of them do nothing, and how many its router and
/// the architecture count on.
public struct ExpertLayer: Sendable, Hashable {
  /// What the names of its experts start with: `model.layers.0.mlp`.
  public var name: String
  /// The experts that weights are there for.
  public var present: UInt64
  /// The experts all of whose matrices hold nothing but zeros; nil where that was not counted. Of stacks of experts in
  /// one tensor it takes a deep look.
  public var empty: UInt64?
  /// The experts that the router gives scores to; nil where no router is found.
  public var routed: UInt64?
  /// The experts by the architecture; nil where that is not known.
  public var expected: UInt64?

  /// The experts that are there and hold something.
  public var kept: UInt64 { present - min(present, empty ?? 0) }

  /// The layers of a model that have experts, in the order of their first tensors.
  ///
  /// Experts are numbered parts of names (`experts.7.`, `experts.expert_7.`), or the first axis of a stack (`experts.`,
  /// llama.cpp's `_exps`). Experts that all tokens pass (`shared_experts`, `_shexp`) are none of a router's.
  ///
  /// Memory: one entry an expert.
  public static func find(in reports: [TensorReport], _ facts: ArchitectureFacts) -> [ExpertLayer] {
    var found: [String: Sum] = [:]
    var order: [String] = []
    for report in reports where NameWords.contains(word, in: report.tensor.name) {
      // A stack without elements may claim any number of experts.
      guard report.tensor.logicalShape.rank >= 2, report.tensor.logicalShape.elementCount > 0,
        let place = Place(report.tensor)
      else { continue }
      if found[place.layer] == nil { order.append(place.layer) }
      found[place.layer, default: Sum()].add(report, place.expert)
    }
    guard !found.isEmpty else { return [] }
    for report in reports where report.tensor.logicalShape.rank == 2 {
      guard let (layer, count) = router(report.tensor), found[layer] != nil else { continue }
      found[layer]?.routed = count
    }
    return order.compactMap { name in
      found[name].map { sum in
        ExpertLayer(
          name: name,
          present: sum.present,
          empty: sum.empty,
          routed: sum.routed,
          expected: facts.expertCount
        )
      }
    }
  }

  private static let word = Array("exp".utf8)

  /// Which layer and which expert of it a tensor belongs to.
  private struct Place {
    var layer: String
    /// The expert; nil for a stack of all.
    var expert: UInt64?

    init?(_ tensor: Tensor) {
      let parts = NameWords.parts(tensor.name)
      if let last = parts.last, last.hasSuffix("_exps"), tensor.logicalShape.rank == 3 {
        layer = parts.dropLast().joined(separator: ".")
        return
      }
      guard let index = parts.firstIndex(of: "experts"), index + 1 < parts.count else { return nil }
      layer = parts[..<index].joined(separator: ".")
      let next = parts[index + 1]
      let prefix = "expert_"
      expert = NameWords.number(next.hasPrefix(prefix) ? next.dropFirst(prefix.count) : next)
      guard expert != nil || tensor.logicalShape.rank == 3 else { return nil }
    }
  }

  /// The layer that a tensor is the router of, and how many experts it tells apart.
  static func router(_ tensor: Tensor) -> (layer: String, experts: UInt64)? {
    guard tensor.logicalShape.rank == 2 else { return nil }
    let text = tensor.name.text
    for ending in [".gate.weight", ".router.weight", ".router.classifier.weight", ".ffn_gate_inp.weight"]
    where text.hasSuffix(ending) {
      return (String(text.dropLast(ending.count)), tensor.logicalShape.extents[0])
    }
    return nil
  }

  /// What a layer's tensors tell.
  private struct Sum {
    /// Of each expert that has tensors of its own, whether all were found to be zero; nil where one was not counted.
    private var separate: [UInt64: Bool?] = [:]
    /// The experts of a stack, and which of them are zero in all stacks so far.
    private var stacked: UInt64?
    private var zero: Set<UInt64>?
    private var stackIsKnown = true
    var routed: UInt64?

    var present: UInt64 {
      let (sum, overflow) = UInt64(separate.count).addingReportingOverflow(stacked ?? 0)
      return overflow ? .max : sum
    }

    var empty: UInt64? {
      var count: UInt64 = 0
      for isZero in separate.values {
        guard let isZero else { return nil }
        if isZero { count += 1 }
      }
      guard stacked != nil else { return count }
      guard stackIsKnown, let zero else { return nil }
      return min(present, count + UInt64(zero.count))
    }

    mutating func add(_ report: TensorReport, _ expert: UInt64?) {
      if let expert {
        let isZero = report.statistics.map { $0.nonzeros == 0 }
        guard let known = separate[expert] else {
          separate[expert] = .some(isZero)
          return
        }
        if let known, let isZero {
          separate[expert] = .some(known && isZero)
        } else {
          separate[expert] = .some(nil)
        }
        return
      }
      let count = report.tensor.logicalShape.extents[0]
      if stacked == nil { stacked = count }
      guard stacked == count, report.tensor.counted.shape.extents.first == count,
        let found = report.statistics?.deep?.emptySlices
      else {
        stackIsKnown = false
        return
      }
      zero = zero?.intersection(found) ?? Set(found)
    }
  }
}
