import Quantizing

extension FloatFormat {
  /// The exponent bits, the fraction bits and the bias; nil for E8M0, which has no fraction.
  var parts: (exponent: Int, fraction: Int, bias: Int)? {
    switch self {
    case .e4m3: (4, 3, 7)
    case .e5m2: (5, 2, 15)
    case .e2m1: (2, 1, 1)
    case .e2m3: (2, 3, 1)
    case .e3m2: (3, 2, 3)
    case .float16: (5, 10, 15)
    case .bfloat16: (8, 7, 127)
    case .float32: (8, 23, 127)
    case .float64: (11, 52, 1023)
    case .e8m0: nil
    }
  }

  /// The nearest number of a format with infinities, ties to even, by dividing through the distance of its
  /// neighbours.
  func rounded(_ value: Double) -> Double {
    guard let (exponentBits, fractionBits, bias) = parts, self != .float64 else { return value }
    guard value.isFinite, value != 0 else { return value }
    let exponent = max(Int(value.exponent), 1 - bias)
    let step = Double(sign: .plus, exponent: exponent - fractionBits, significand: 1)
    // The quotient of a subnormal double could lose bits; none of these formats reaches down there.
    let rounded = (value / step).rounded(.toNearestOrEven) * step
    let largestExponent = (1 << exponentBits) - 2 - bias
    let beyond = Double(sign: .plus, exponent: largestExponent + 1, significand: 1)
    return rounded.magnitude >= beyond ? Double(signOf: value, magnitudeOf: .infinity) : rounded
  }
}

/// Whether both are NaN, or the same number with the same sign.
func isSame(_ left: Double, _ right: Double) -> Bool {
  left.isNaN && right.isNaN || left.bitPattern == right.bitPattern
}

/// The little-endian number of this many bytes.
func bits(_ bytes: [UInt8], at start: Int, width: Int) -> UInt64 {
  (0..<width).reduce(0) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
}

/// The lowest bytes of a number, little-endian.
func littleEndian(_ bits: UInt64, width: Int) -> [UInt8] {
  (0..<width).map { UInt8(truncatingIfNeeded: bits >> UInt64(8 * $0)) }
}
