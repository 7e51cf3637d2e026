internal import Inspection
internal import ModelIR

/// What a conversion does to the tensors that go from one layout to another.
struct ConversionTotals {
  let from: Layout
  let to: Layout
  private(set) var tensors = 0
  private(set) var before: UInt64 = 0
  private(set) var after: UInt64 = 0

  /// One for each pair of layouts, changes first, then by bytes.
  static func of(_ results: [ConversionReport.TensorResult]) -> [ConversionTotals] {
    var places: [[Layout]: Int] = [:]
    var totals: [ConversionTotals] = []
    for result in results {
      let key = [result.from, result.to]
      let place = places[key] ?? totals.count
      if place == totals.count {
        places[key] = place
        totals.append(ConversionTotals(from: result.from, to: result.to))
      }
      totals[place].add(result)
    }
    return totals.sorted { left, right in
      if left.isChange != right.isChange { return left.isChange }
      if left.before != right.before { return left.before > right.before }
      return (left.from.description, left.to.description) < (right.from.description, right.to.description)
    }
  }

  private init(from: Layout, to: Layout) {
    self.from = from
    self.to = to
  }

  private mutating func add(_ result: ConversionReport.TensorResult) {
    tensors += 1
    before &+= result.bytesBefore
    after &+= result.bytesAfter
  }

  /// Whether the layout changes.
  var isChange: Bool { from != to }
}
