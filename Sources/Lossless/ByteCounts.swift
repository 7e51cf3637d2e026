internal import CKernels

/// How often each byte occurs in a sample, and what an entropy coder would make of it.
struct ByteCounts {
  var counts: [UInt32] = Array(repeating: 0, count: 256)
  private(set) var total = 0

  /// Nothing counted yet.
  init() {}

  /// Counts up to `most` of the bytes, in eight runs that are spread over them.
  init(_ bytes: UnsafePointer<UInt8>, _ count: Int, most: Int = 4096) {
    Self.sample(count, most: most) { start, length in
      lacuna_count_bytes(bytes + start, length, &counts)
      total += length
    }
  }

  /// Counts the exponents of up to a sixteenth of elements of 2 or 4 bytes, whose exponents are those of bfloat16.
  init(exponentsOf elements: UnsafePointer<UInt8>, _ count: Int, width: Int) {
    Self.sample(count, most: max(4096, count / 16)) { start, length in
      if width == 2 {
        lacuna_count_exponents16(elements + 2 * start, length, &counts)
      } else {
        lacuna_count_exponents32(elements + 4 * start, length, &counts)
      }
      total += length
    }
  }

  /// Runs of a sample: all of `count` if that is not more than `most`, else eight.
  static func sample(_ count: Int, most: Int, _ body: (_ start: Int, _ length: Int) -> Void) {
    guard count > most else { return body(0, count) }
    let length = most / 8
    for run in 0..<8 { body((count - length) / 7 * run, length) }
  }

  /// The bits that each byte takes at least, if the others say nothing about it.
  var entropy: Double {
    if total == 0 { return 0 }
    let small = Logarithm.ofSmall
    var sum = 0.0
    for count in counts where count > 1 {
      let logarithm = count < 1024 ? small[Int(count)] : Logarithm.base2(Double(count))
      sum += Double(count) * logarithm
    }
    return Logarithm.base2(Double(total)) - sum / Double(total)
  }

  /// Drops what was counted of a byte.
  mutating func forget(_ byte: Int) {
    total -= Int(counts[byte])
    counts[byte] = 0
  }

  /// The narrowest run of at most `most` exponents outside of which no more than `escapes` of the elements are,
  /// zero's exponent not counted; nil where there is none.
  func window(most: Int, escapes: Double) -> (base: UInt8, width: UInt8)? {
    let weighed = total - Int(counts[0])
    guard weighed > 0 else { return (1, 1) }
    let allowed = Int(Double(weighed) * escapes)
    var best: (base: Int, width: Int)?
    var (end, inside) = (1, 0)
    for base in 1..<256 {
      while end < 256, weighed - inside > allowed {
        inside += Int(counts[end])
        end += 1
      }
      if weighed - inside > allowed { break }
      if end - base < best?.width ?? 256 { best = (base, end - base) }
      inside -= Int(counts[base])
    }
    guard let best, best.width <= most else { return nil }
    return (UInt8(best.base), UInt8(max(1, best.width)))
  }
}

/// The binary logarithm by its series, so that a decision is the same on every machine.
enum Logarithm {
  /// The logarithms of 0 (as 0) to 1023.
  static let ofSmall: [Double] = (0..<1024).map { $0 == 0 ? 0 : base2(Double($0)) }

  /// log2 of a positive normal number, to 1e-9 or better.
  static func base2(_ number: Double) -> Double {
    var significand = number.significand
    var exponent = Double(number.exponent)
    if significand > 1.4142135623730951 {
      significand /= 2
      exponent += 1
    }
    // atanh's series: ln(m) = 2 (t + t^3/3 + ...) with t = (m - 1) / (m + 1), |t| < 0.172.
    let t = (significand - 1) / (significand + 1)
    let square = t * t
    var (term, sum) = (t, t)
    var divisor = 3.0
    for _ in 0..<6 {
      term *= square
      sum += term / divisor
      divisor += 2
    }
    return exponent + sum * 2.885390081777927
  }
}
