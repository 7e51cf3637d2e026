/// How much of a tensor's magnitude enforcing a pattern would take away: of each group all but the N values of
/// largest magnitude.
///
/// Values that are not finite count in no sum, and take places that are kept. Sums are in double precision; the order
/// in which parts are added decides their last digits.
public struct MagnitudeLoss: Sendable, Hashable {
  /// The sums of |x| and x² over all values.
  var all = (first: 0.0, second: 0.0)
  /// The same over the values that would be removed.
  var removed = (first: 0.0, second: 0.0)

  /// Nothing yet.
  public init() {}

  /// The L1 norm of what would go, as a share of that of all; nil where there is nothing, or more than double
  /// precision holds.
  public var share1: Double? { all.first > 0 && all.first.isFinite ? removed.first / all.first : nil }
  /// The L2 norm of what would go, as a share of that of all, as for ``share1``.
  public var share2: Double? {
    all.second > 0 && all.second.isFinite ? (removed.second / all.second).squareRoot() : nil
  }

  /// Adds other sums.
  public mutating func add(_ other: MagnitudeLoss) {
    add(other.all, removed: other.removed)
  }

  /// Adds sums.
  @inline(__always)
  mutating func add(_ all: (first: Double, second: Double), removed: (first: Double, second: Double)) {
    self.all.first += all.first
    self.all.second += all.second
    self.removed.first += removed.first
    self.removed.second += removed.second
  }

  /// Whether all sums are the same.
  public static func == (left: MagnitudeLoss, right: MagnitudeLoss) -> Bool {
    left.all == right.all && left.removed == right.removed
  }

  /// Hashes the sums.
  public func hash(into hasher: inout Hasher) {
    for sum in [all.first, all.second, removed.first, removed.second] { hasher.combine(sum) }
  }
}
