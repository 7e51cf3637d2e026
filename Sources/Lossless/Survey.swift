internal import CKernels

/// What a look at a chunk tells.
struct Survey {
  /// The share of elements without a set bit.
  let zeroShare: Double
  /// Whether zeros lie as if a rule had placed them.
  let hasPattern: Bool
  /// The exponents of floats, of a sample.
  var exponents: ByteCounts

  init(_ elements: UnsafePointer<UInt8>, _ n: Int, _ layout: ElementLayout, _ set: lacuna_kernels) {
    switch layout {
    case .bfloat16: exponents = ByteCounts(exponentsOf: elements, n, width: 2)
    case .float32: exponents = ByteCounts(exponentsOf: elements, n, width: 4)
    default: exponents = ByteCounts()
    }
    guard let lane = Lane(layout) else {
      (zeroShare, hasPattern) = (0, false)
      return
    }
    var (sampled, nonzero) = (0, 0)
    ByteCounts.sample(n, most: max(4096, n / 8)) { start, length in
      nonzero += lane.count(set, elements + start * lane.rawValue, length)
      sampled += length
    }
    zeroShare = sampled > 0 ? 1 - Double(nonzero) / Double(sampled) : 0
    hasPattern = zeroShare > 0.1 && Survey.isPatterned(elements, n, lane, zeroShare, set)
  }

  /// Whether groups of four elements have more often the same number of zeros than chance would give them.
  private static func isPatterned(
    _ elements: UnsafePointer<UInt8>,
    _ n: Int,
    _ lane: Lane,
    _ share: Double,
    _ set: lacuna_kernels
  ) -> Bool {
    let groups = min(n / 4, 1024)
    if groups < 64 { return false }
    var counts = [0, 0, 0, 0, 0]
    for group in 0..<groups {
      counts[lane.count(set, elements + 4 * group * lane.rawValue, 4)] += 1
    }
    let mean = 4 * (1 - share)
    var variance = 0.0
    for number in 0...4 {
      variance += Double(counts[number]) * (Double(number) - mean) * (Double(number) - mean)
    }
    let ratio = variance / Double(groups) / max(4 * share * (1 - share), 0.01)
    return ratio < 0.6 || ratio > 1.6
  }
}
