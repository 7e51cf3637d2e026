/// What one place of a pattern accepts: ranges and classes, or everything but those.
struct ScalarSet: Hashable, Sendable {
  private let ranges: [ClosedRange<UInt32>]
  private let categories: [ScalarCategory]
  private let folding: CaseFolding
  private let negated: Bool
  /// The answers for ASCII, a bit each.
  private let low: UInt64
  private let high: UInt64

  /// The scalars in any of these, or in none of them; ranges are in the spelling of the pattern.
  init(
    _ ranges: [ClosedRange<UInt32>],
    _ categories: [ScalarCategory] = [],
    negated: Bool = false,
    folding: CaseFolding = .exact
  ) {
    let folded = ranges + ranges.flatMap { folding.others(of: $0).map { $0...$0 } }
    let merged = Self.merged(folded)
    self.ranges = merged
    self.categories = categories
    self.folding = folding
    self.negated = negated
    func answer(_ value: UInt32) -> Bool {
      Self.search(merged, categories, folding.lowered(value)) != negated
    }
    low = (0..<64).reduce(0) { $0 | (answer($1) ? 1 << UInt64($1) : 0) }
    high = (64..<128).reduce(0) { $0 | (answer($1) ? 1 << UInt64($1 - 64) : 0) }
  }

  /// Whether a scalar is in it.
  func contains(_ value: UInt32) -> Bool {
    if value < 64 { return low >> UInt64(value) & 1 != 0 }
    if value < 128 { return high >> UInt64(value - 64) & 1 != 0 }
    return Self.search(ranges, categories, folding.lowered(value)) != negated
  }

  private static func search(
    _ ranges: [ClosedRange<UInt32>],
    _ categories: [ScalarCategory],
    _ value: UInt32
  ) -> Bool {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = low + (high - low) / 2
      if ranges[middle].upperBound < value { low = middle + 1 } else { high = middle }
    }
    if low < ranges.count, ranges[low].lowerBound <= value { return true }
    return categories.contains { $0.contains(value) }
  }

  private static func merged(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
    var merged: [ClosedRange<UInt32>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, range.lowerBound <= last.upperBound + 1 {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    return merged
  }
}
