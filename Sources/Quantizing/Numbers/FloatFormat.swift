public import ModelIR

/// A binary floating-point format: what a code's bits are worth.
///
/// The formats of less than 16 bits follow the OCP 8-bit Floating Point Specification 1.0 (E4M3, E5M2) and the
/// OCP Microscaling Formats Specification 1.0 (the others).
public enum FloatFormat: Sendable, Hashable, CaseIterable {
  /// 4 exponent bits, 3 fraction bits, "FN": no infinity, S.1111.111 is NaN.
  case e4m3
  /// 5 exponent bits, 2 fraction bits, infinities and NaN as IEEE 754 has them.
  case e5m2
  /// 2 exponent bits, 1 fraction bit, neither infinity nor NaN.
  case e2m1
  /// 2 exponent bits, 3 fraction bits, neither infinity nor NaN.
  case e2m3
  /// 3 exponent bits, 2 fraction bits, neither infinity nor NaN.
  case e3m2
  /// A power of two, 2^(code - 127), without sign and zero; 0xFF is NaN.
  case e8m0
  /// IEEE 754 half precision.
  case float16
  /// The upper half of IEEE 754 single precision.
  case bfloat16
  /// IEEE 754 single precision.
  case float32
  /// IEEE 754 double precision.
  case float64

  /// The format of a tensor's elements, or nil for what is no float or has none of these formats (the FNUZ
  /// variants, complex numbers).
  public init?(_ type: ElementType) {
    switch type {
    case .float4E2M1: self = .e2m1
    case .float6E2M3: self = .e2m3
    case .float6E3M2: self = .e3m2
    case .float8E4M3: self = .e4m3
    case .float8E5M2: self = .e5m2
    case .float8E8M0: self = .e8m0
    case .float16: self = .float16
    case .bfloat16: self = .bfloat16
    case .float32: self = .float32
    case .float64: self = .float64
    default: return nil
    }
  }

  /// The bits of a code.
  public var bitWidth: Int {
    switch self {
    case .e2m1: 4
    case .e2m3, .e3m2: 6
    case .e4m3, .e5m2, .e8m0: 8
    case .float16, .bfloat16: 16
    case .float32: 32
    case .float64: 64
    }
  }

  /// The bytes that a code takes where it lies alone: those of fewer than 8 bits take a whole byte.
  public var byteWidth: Int { (bitWidth + 7) / 8 }

  /// The number that `bits` stand for, exactly; bits above ``bitWidth`` are ignored.
  ///
  /// A NaN is some quiet NaN.
  public func value(ofBits bits: UInt64) -> Double {
    switch self {
    case .float64: return quieted(Double(bitPattern: bits))
    case .float32: return quieted(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
    case .bfloat16: return quieted(Double(BFloat16Bits.widen(UInt16(truncatingIfNeeded: bits))))
    case .float16: return quieted(Double(Float16Bits.widen(UInt16(truncatingIfNeeded: bits))))
    case .e8m0: return bits & 0xFF == 0xFF ? .nan : powerOfTwo(Int(bits & 0xFF) - 127)
    case .e4m3: return bits & 0x7F == 0x7F ? .nan : minifloat(bits, exponent: 4, fraction: 3, bias: 7)
    case .e5m2:
      let magnitude = bits & 0x7F
      if magnitude > 0x7C { return .nan }
      if magnitude == 0x7C { return bits & 0x80 == 0 ? .infinity : -.infinity }
      return minifloat(bits, exponent: 5, fraction: 2, bias: 15)
    case .e2m1: return minifloat(bits, exponent: 2, fraction: 1, bias: 1)
    case .e2m3: return minifloat(bits, exponent: 2, fraction: 3, bias: 1)
    case .e3m2: return minifloat(bits, exponent: 3, fraction: 2, bias: 3)
    }
  }
}

/// The value of a finite code: sign, exponent, fraction from the top down; subnormal where the exponent is 0.
private func minifloat(_ bits: UInt64, exponent exponentBits: Int, fraction fractionBits: Int, bias: Int)
  -> Double
{
  let fraction = Int(bits & (1 << UInt64(fractionBits) - 1))
  let exponent = Int(bits >> UInt64(fractionBits) & (1 << UInt64(exponentBits) - 1))
  let isNegative = bits >> UInt64(exponentBits + fractionBits) & 1 == 1
  let isNormal = exponent != 0
  let significand = Double(isNormal ? fraction + 1 << fractionBits : fraction)
  let magnitude = significand * powerOfTwo((isNormal ? exponent : 1) - bias - fractionBits)
  return isNegative ? -magnitude : magnitude
}

/// 2 to the power of `exponent`, which is within the normal doubles.
private func powerOfTwo(_ exponent: Int) -> Double {
  Double(sign: .plus, exponent: exponent, significand: 1)
}

/// The same number; a signalling NaN becomes quiet on every machine.
private func quieted(_ value: Double) -> Double { value.isNaN ? .nan : value }
