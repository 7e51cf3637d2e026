/// What a figure counts.
enum Unit: String, Sendable {
  /// 10^9 bytes of the dense form per second.
  case gigabytesPerSecond = "GB/s"
  /// 10^9 elements per second.
  case gigaelementsPerSecond = "Ge/s"
  /// Milliseconds.
  case milliseconds = "ms"
  /// 10^6 bytes.
  case megabytes = "MB"
  /// Compressed bytes per byte.
  case share = "of 1"
}

/// What a measurement has to reach.
enum Bar: Sendable {
  /// The ratio to the baseline must be this or more.
  case ratioAtLeast(Double)
  /// The ratio to the baseline must be this or less.
  case ratioAtMost(Double)
  /// The figure itself must be this or more.
  case valueAtLeast(Double)
  /// The figure itself must be this or less.
  case valueAtMost(Double)

  /// The bar as a column of the table.
  func text(_ unit: Unit) -> String {
    switch self {
    case .ratioAtLeast(let ratio): ">= \(Decimal.text(ratio, places: 2))"
    case .ratioAtMost(let ratio): "<= \(Decimal.text(ratio, places: 2))"
    case .valueAtLeast(let value):
      ">= \(Decimal.text(value, places: value == value.rounded() ? 0 : 1)) \(unit.rawValue)"
    case .valueAtMost(let value): "<= \(Decimal.text(value, places: unit == .share ? 3 : 0)) \(unit.rawValue)"
    }
  }
}

/// What something is held against.
struct Baseline: Sendable {
  /// What was measured in turn with the subject.
  var name: String
  /// Its figure, in the unit of the row.
  var value: Double
  /// The subject's ratio to it.
  var ratio: Double
}

/// One measurement.
struct Row: Sendable {
  var group: Group
  var name: String
  var unit: Unit
  /// The median.
  var value: Double
  var baseline: Baseline?
  var bar: Bar?
  /// The seconds of each round; empty where time is not what was measured.
  var seconds: [Double] = []
  /// The peak resident memory, for processes.
  var peakBytes: Int?

  /// Whether the bar was met; nil if there is none.
  var isMet: Bool? {
    switch bar {
    case nil: nil
    case .ratioAtLeast(let least): baseline.map { $0.ratio >= least } ?? false
    case .ratioAtMost(let most): baseline.map { $0.ratio <= most } ?? false
    case .valueAtLeast(let least): value >= least
    case .valueAtMost(let most): value <= most
    }
  }
}

extension Row {
  /// A row of bytes per second, held against a baseline by their throughputs.
  static func throughput(
    _ group: Group,
    _ name: String,
    bytes: Int,
    _ subject: Samples,
    against baseline: Samples,
    named baselineName: String,
    bar: Bar? = nil
  ) -> Row {
    Row(
      group: group,
      name: name,
      unit: .gigabytesPerSecond,
      value: subject.gigabytesPerSecond(of: bytes),
      baseline: Baseline(
        name: baselineName,
        value: baseline.gigabytesPerSecond(of: bytes),
        ratio: baseline.medianRatio(to: subject)
      ),
      bar: bar,
      seconds: subject.seconds
    )
  }
}
