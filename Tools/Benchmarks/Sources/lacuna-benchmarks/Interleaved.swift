/// The seconds that something took, round by round.
struct Samples: Sendable {
  private(set) var seconds: [Double] = []

  mutating func add(_ value: Double) { seconds.append(value) }

  /// The median of the rounds.
  var median: Double { Self.median(seconds) }

  /// The median of the ratios to another's seconds, round by round: what disturbs a round disturbs both.
  func medianRatio(to other: Samples) -> Double { Self.median(zip(seconds, other.seconds).map { $0 / $1 }) }

  /// How fast so many bytes are in the median.
  func gigabytesPerSecond(of bytes: Int) -> Double { Double(bytes) / median / 1e9 }

  private static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    if sorted.isEmpty { return .nan }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}

/// Several things measured in turn, so that each round sees the same machine.
enum Interleaved {
  /// Runs all contenders, which return the seconds that they took, in each round; the first round warms up
  /// and does not count.
  static func measure(rounds: Int, _ contenders: [() throws -> Double]) throws -> [Samples] {
    var samples = [Samples](repeating: Samples(), count: contenders.count)
    for round in 0...rounds {
      for (place, contender) in contenders.enumerated() {
        let seconds = try contender()
        if round > 0 { samples[place].add(seconds) }
      }
    }
    return samples
  }

  /// The seconds that `body` takes.
  static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    try body()
    return (clock.now - start) / .seconds(1)
  }
}
