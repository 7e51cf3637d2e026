internal import SparseCoding

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// What an entropy coder without context needs for the bytes of elements.
struct ByteEntropies {
  /// Bits for each byte of an element, the highest byte first.
  let planes: [Double]

  /// The entropies of counted elements.
  init(_ census: ValueCensus) { planes = Self.counts(census).map(Self.entropy) }

  /// The bytes that all elements take coded byte by byte, or that a mask and the elements behind it take, whichever is
  /// less: a codec that knows of zeros chooses so too.
  /// - Parameter zeros: elements whose bits are all zero.
  static func predictedByteCount(_ census: ValueCensus, zeros: UInt64) -> UInt64 {
    let total = census.count
    guard total > 0, zeros <= total else { return 0 }
    let counts = counts(census)
    /// The bytes of so many elements coded by the entropies of their planes.
    func bytes(_ counts: [[UInt64]], of elements: UInt64) -> Double {
      counts.reduce(0) { $0 + entropy($1) } * Double(elements) / 8
    }
    let whole = bytes(counts, of: total)
    var stored = counts
    for plane in stored.indices { stored[plane][0] -= min(stored[plane][0], zeros) }
    let mask = entropy([zeros, total - zeros]) * Double(total) / 8
    return UInt64(min(whole, mask + bytes(stored, of: total - zeros)).rounded(.up))
  }

  /// How often each byte has each value, the highest byte first.
  private static func counts(_ census: ValueCensus) -> [[UInt64]] {
    if census.upper.count == 256 { return [census.upper] }
    var (high, low) = ([UInt64](repeating: 0, count: 256), [UInt64](repeating: 0, count: 256))
    for (bits, count) in census.upper.enumerated() where count > 0 {
      high[bits >> 8] += count
      low[bits & 255] += count
    }
    return [high, low] + census.lower.reversed()
  }

  private static func entropy(_ counts: [UInt64]) -> Double {
    let total = Double(counts.reduce(0, &+))
    return counts.reduce(0.0) { sum, count in
      count == 0 ? sum : sum + Double(count) / total * log2(total / Double(count))
    }
  }
}
