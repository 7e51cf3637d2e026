/// A format of 16 or 32 bits that widens to single precision without loss.
///
/// Both directions are plain integer arithmetic without branches: the compiler makes vectors of it, and the
/// conversions between half and single precision that the standard library has are calls.
protocol StoredReal {
  /// The bits of one number.
  associatedtype Bits: FixedWidthInteger & UnsignedInteger & Sendable

  /// The same number in single precision.
  static func widen(_ bits: Bits) -> Float

  /// The nearest number of this format, ties to even; NaN becomes a quiet NaN.
  static func narrow(_ value: Float) -> Bits
}

/// The upper half of single precision.
enum BFloat16Bits: StoredReal {
  @inline(__always)
  static func widen(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) &<< 16) }

  @inline(__always)
  static func narrow(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    let rounded = bits &+ 0x7FFF &+ (bits &>> 16 & 1)
    // Rounding could carry a NaN's payload into the sign or lose it.
    let isNaN = bits & 0x7FFF_FFFF > 0x7F80_0000
    return UInt16(truncatingIfNeeded: (isNaN ? bits | 0x40_0000 : rounded) &>> 16)
  }
}

/// IEEE 754 half precision.
enum Float16Bits: StoredReal {
  @inline(__always)
  static func widen(_ bits: UInt16) -> Float {
    let magnitude = UInt32(bits & 0x7FFF) &<< 13
    // The exponents' biases differ by 112; infinity and NaN go up to the wider format's own.
    let normal = magnitude &+ (magnitude >= 0x0F80_0000 ? 224 &<< 23 : 112 &<< 23)
    // A subnormal counts steps of 2^-24.
    let subnormal = (Float(Int32(bits & 0x7FFF)) * 0x1p-24).bitPattern
    let sign = UInt32(bits & 0x8000) &<< 16
    return Float(bitPattern: sign | (magnitude < 0x0080_0000 ? subnormal : normal))
  }

  @inline(__always)
  static func narrow(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    let magnitude = bits & 0x7FFF_FFFF
    // Adding 1/2 leaves in the last bits how many steps of 2^-24 the number has: the adder rounds.
    let subnormal = (Float(bitPattern: magnitude) + 0.5).bitPattern &- 0x3F00_0000
    let odd = magnitude &>> 13 & 1
    let normal = (magnitude &- (112 &<< 23) &+ 0xFFF &+ odd) &>> 13
    // 65520 is halfway between the largest half and the next power of two.
    let finite = magnitude < 0x3880_0000 ? subnormal : (magnitude >= 0x477F_F000 ? 0x7C00 : normal)
    let narrowed = magnitude > 0x7F80_0000 ? 0x7E00 | (magnitude &>> 13 & 0x3FF) : finite
    return UInt16(truncatingIfNeeded: narrowed | (bits &>> 16 & 0x8000))
  }
}

/// IEEE 754 single precision itself.
enum Float32Bits: StoredReal {
  @inline(__always)
  static func widen(_ bits: UInt32) -> Float { Float(bitPattern: bits) }

  @inline(__always)
  static func narrow(_ value: Float) -> UInt32 {
    let bits = value.bitPattern
    return bits & 0x7FFF_FFFF > 0x7F80_0000 ? bits | 0x40_0000 : bits
  }
}
