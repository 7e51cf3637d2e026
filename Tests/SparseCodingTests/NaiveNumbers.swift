import ModelIR

/// What the bits of elements mean, told by computing their numbers.
enum NaiveNumbers {
  /// What a number is.
  enum Kind {
    case zero
    case finite
    case infinite
    case nan
  }

  /// What the element is: for complex types zero if both halves are, NaN if one is, else infinite if one is.
  static func kind(_ bits: UInt64, _ type: ElementType) -> Kind {
    let numbers = numbers(bits, type)
    if numbers.contains(where: \.isNaN) { return .nan }
    if numbers.contains(where: \.isInfinite) { return .infinite }
    return numbers.allSatisfy(\.isZero) ? .zero : .finite
  }

  /// The number, or the two halves of a complex one.
  static func numbers(_ bits: UInt64, _ type: ElementType) -> [Double] {
    switch type {
    case .bool, .uint8, .uint16, .uint32, .uint64: [Double(bits)]
    case .int8: [Double(Int8(truncatingIfNeeded: bits))]
    case .int16: [Double(Int16(truncatingIfNeeded: bits))]
    case .int32: [Double(Int32(truncatingIfNeeded: bits))]
    case .int64: [Double(Int64(truncatingIfNeeded: bits))]
    case .float8E5M2: [small(bits, exponentBits: 5, mantissaBits: 2, bias: 15)]
    case .float16: [small(bits, exponentBits: 5, mantissaBits: 10, bias: 15)]
    case .bfloat16: [small(bits, exponentBits: 8, mantissaBits: 7, bias: 127)]
    case .float8E4M3:
      [bits & 0x7f == 0x7f ? .nan : small(bits, exponentBits: 4, mantissaBits: 3, bias: 7, isFinite: true)]
    case .float8E4M3FNUZ:
      [bits == 0x80 ? .nan : small(bits, exponentBits: 4, mantissaBits: 3, bias: 8, isFinite: true)]
    case .float8E5M2FNUZ:
      [bits == 0x80 ? .nan : small(bits, exponentBits: 5, mantissaBits: 2, bias: 16, isFinite: true)]
    case .float8E8M0: [bits == 0xff ? .nan : Double(sign: .plus, exponent: Int(bits) - 127, significand: 1)]
    case .float32: [Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))]
    case .float64: [Double(bitPattern: bits)]
    case .complex64: numbers(bits & 0xffff_ffff, .float32) + numbers(bits >> 32, .float32)
    case .float4E2M1, .float6E2M3, .float6E3M2, .uint2, .int2, .uint4, .int4, .complex128: []
    }
  }

  /// A float of sign, exponent and mantissa; its largest exponent is for infinity and NaN, as IEEE 754 has it,
  /// unless all codes are finite.
  private static func small(
    _ bits: UInt64,
    exponentBits: Int,
    mantissaBits: Int,
    bias: Int,
    isFinite: Bool = false
  ) -> Double {
    let mantissa = bits & (1 << UInt64(mantissaBits) - 1)
    let exponent = Int(bits >> UInt64(mantissaBits) & (1 << UInt64(exponentBits) - 1))
    let sign: FloatingPointSign = bits >> UInt64(mantissaBits + exponentBits) & 1 == 1 ? .minus : .plus
    if !isFinite && exponent == 1 << exponentBits - 1 { return mantissa == 0 ? .infinity : .nan }
    let fraction = Double(mantissa) / Double(1 << mantissaBits)
    let magnitude =
      exponent == 0
      ? fraction * Double(sign: .plus, exponent: 1 - bias, significand: 1)
      : (1 + fraction) * Double(sign: .plus, exponent: exponent - bias, significand: 1)
    return Double(signOf: sign == .minus ? -1 : 1, magnitudeOf: magnitude)
  }
}
