internal import Inspection
internal import ModelIR
internal import SparseCoding

/// What there is to say about a checked tensor, in our own words; the same for every form of report. Names and
/// operators within are the file's: they are escaped before they are shown.
struct FindingWords {
  private let result: ValidationReport.TensorResult
  private let pattern: NMPattern

  /// The words on a tensor that was checked for `pattern`.
  init(_ result: ValidationReport.TensorResult, _ pattern: NMPattern) {
    self.result = result
    self.pattern = pattern
  }

  /// `12 of 34 groups have more than 2 nonzero values`; nil where none has.
  var violations: String? {
    guard result.violatingGroups > 0 else { return nil }
    let groups = "\(Figures.grouped(result.violatingGroups)) of \(Figures.grouped(result.groups)) groups"
    return "\(groups) have more than \(pattern.kept) nonzero \(pattern.kept == 1 ? "value" : "values")"
  }

  /// What enforcing the pattern would remove.
  var removed: String? {
    result.removed.map {
      "enforcing \(pattern) would remove \(Figures.percent($0.first)) of the L1 norm and \(Figures.percent($0.second)) of "
        + "the L2 norm"
    }
  }

  /// Along which other axes the pattern holds, or nearly does.
  var otherAxes: [String] {
    result.otherAxes.compactMap { other in
      guard let violating = other.violatingGroups else { return nil }
      let name = Self.name(other.axes)
      if violating == 0 { return "\(pattern) holds along \(name), not along \(askedAxis)" }
      // Where both fare alike it is no mistake of the axis.
      guard violating > 0,
        Double(violating) * Double(result.groups) * 10 <= Double(result.violatingGroups)
          * Double(other.groups)
      else { return nil }
      return "along \(name) only \(Figures.things(violating, "group")) of \(Figures.grouped(other.groups)) "
        + "\(violating == 1 ? "breaks" : "break") \(pattern)"
    }
  }

  /// Whether an order of places would comply.
  var order: String? {
    let places = result.axis?.axes.first.map { "axis \($0)" } ?? "the axis"
    switch result.columnOrder {
    case nil: return nil
    case .found?: return "\(pattern) holds once the places of \(places) are put in another order"
    case .impossible(let row, let nonzeros, let most)?:
      return
        "no order of the places of \(places) can hold \(pattern): row \(row) has \(Figures.grouped(nonzeros)) "
        + "nonzero values, \(Figures.grouped(most)) at most would fit"
    case .notFound?:
      return "a greedy search found no order of the places of \(places) for which \(pattern) holds"
    case .skipped(let reason)?: return "orders of \(places) were not searched: \(reason)"
    }
  }

  /// All but the violations, one sentence each.
  var details: [String] { otherAxes + [removed, order].compactMap { $0 } + result.remarks }

  /// All in one sentence or several, for one line.
  var sentence: String {
    ([result.reason, violations].compactMap { $0 } + details).joined(separator: "; ")
  }

  /// `axis 0, which MatMul sums over`
  private var askedAxis: String {
    if result.runsThroughMemory { return "memory" }
    guard let axis = result.axis?.axes.first else { return "its axis" }
    switch result.axis?.evidence {
    case .user?: return "axis \(axis)"
    case .graph?:
      let product = result.tensor.uses?.products.first { $0.axes.contains(axis) }
      return "axis \(axis), which \(product?.operation ?? "its product") sums over"
    case .convention?, nil: return "axis \(axis), which its product sums over"
    }
  }

  private static func name(_ axes: [Int]) -> String {
    guard let first = axes.first, let last = axes.last, first != last else {
      return "axis \(axes.first ?? 0)"
    }
    return "axes \(first) to \(last) flattened"
  }

}

extension ValidationReport {
  /// The answer in a sentence.
  var verdictWords: String {
    let violating = count(.violating)
    let checked = count(.compliant) + violating
    let kind = profile == nil ? "checked tensor" : "eligible tensor"
    let pattern = profile?.patternText ?? self.pattern.description
    if checked == 0 {
      guard let profile else { return "no tensor could be checked" }
      let name = profile.name == .any ? "a product" : profile.name.title
      return "no weight is eligible for \(name)"
    }
    let all = Figures.things(checked, kind)
    if violating > 0 {
      return "\(Figures.grouped(violating)) of \(all) \(violating == 1 ? "is" : "are") not \(pattern)" + rest
    }
    return (checked == 1 ? "\(all) is \(pattern)" : "all \(all) are \(pattern)") + rest
  }

  /// Which weights the answer leaves open.
  private var rest: String {
    var rest: [String] = []
    let (ineligible, unchecked) = (count(.ineligible), uncheckedCount)
    if ineligible > 0 {
      rest.append("\(Figures.grouped(ineligible)) \(ineligible == 1 ? "is" : "are") not eligible")
    }
    if unchecked > 0 { rest.append("\(Figures.grouped(unchecked)) could not be checked") }
    return rest.isEmpty ? "" : "; of other weights " + rest.joined(separator: ", ")
  }
}
