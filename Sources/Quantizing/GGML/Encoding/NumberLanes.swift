/// Eight numbers of single precision, and the operations that encoders need on them.
///
/// Choices are written lane by lane: the compiler makes vector instructions of these loops, which it doesn't of
/// the masks of the standard library that outlive one expression.
typealias NumberLanes = SIMD8<Float>

/// Added to a number of magnitude below 2^22 and subtracted again, it rounds to nearest, ties to even.
let roundingBias: Float = 0x1.8p23

extension SIMD8<Float> {
  /// The eight numbers from this element on.
  @inline(__always)
  init(_ numbers: UnsafeRawPointer, at element: Int) {
    self = numbers.loadUnaligned(fromByteOffset: element &* 4, as: SIMD8<Float>.self)
  }

  /// The bits of each number.
  @inline(__always)
  var bits: SIMD8<UInt32> { unsafeBitCast(self, to: SIMD8<UInt32>.self) }

  /// The numbers without their signs.
  @inline(__always)
  var magnitudes: Self {
    unsafeBitCast(bits & SIMD8<UInt32>(repeating: 0x7FFF_FFFF), to: Self.self)
  }

  /// In each lane `choice` where `left` is less than `right`, else `other`.
  @inline(__always)
  static func choose(_ choice: Self, where left: Self, isLessThan right: Self, else other: Self) -> Self {
    var result = other
    for lane in 0..<8 { result[lane] = left[lane] < right[lane] ? choice[lane] : other[lane] }
    return result
  }

  /// The larger of each two; the second if they are equal or one is NaN.
  @inline(__always)
  static func larger(_ left: Self, _ right: Self) -> Self {
    choose(left, where: right, isLessThan: left, else: right)
  }

  /// The smaller of each two; the second if they are equal or one is NaN.
  @inline(__always)
  static func smaller(_ left: Self, _ right: Self) -> Self {
    choose(left, where: left, isLessThan: right, else: right)
  }

  /// The largest of the eight, none of which is NaN.
  @inline(__always)
  var largest: Float {
    var four = lowHalf
    for lane in 0..<4 { four[lane] = self[lane] < self[lane + 4] ? self[lane + 4] : self[lane] }
    let two = (four.x < four.z ? four.z : four.x, four.y < four.w ? four.w : four.y)
    return two.0 < two.1 ? two.1 : two.0
  }

  /// The smallest of the eight, none of which is NaN.
  @inline(__always)
  var smallest: Float {
    var four = lowHalf
    for lane in 0..<4 { four[lane] = self[lane + 4] < self[lane] ? self[lane + 4] : self[lane] }
    let two = (four.z < four.x ? four.z : four.x, four.w < four.y ? four.w : four.y)
    return two.1 < two.0 ? two.1 : two.0
  }

  /// The integers at or below these numbers, which are less than 2^22 and not negative, as codes.
  @inline(__always)
  var floorCodes: SIMD8<UInt8> {
    let bias = Self(repeating: 0x1p23)
    let raised = self + bias
    let excess = Self.choose(Self(repeating: 1), where: self, isLessThan: raised - bias, else: .zero)
    return (raised - excess).bits.lowestBytes
  }

  /// The nearest integers, halves away from zero, of magnitudes below 2^22, as codes in two's complement.
  @inline(__always)
  var awayCodes: SIMD8<UInt8> {
    let bias = Self(repeating: 0x1p23)
    let magnitudes = self.magnitudes
    let raised = magnitudes + bias
    // Halves were rounded to even: those that went down are exactly 1/2 above what they became.
    let deficit = magnitudes - (raised - bias)
    let almostHalf = Self(repeating: 0x1.fffffep-2)
    let rounded =
      raised + Self.choose(Self(repeating: 1), where: almostHalf, isLessThan: deficit, else: .zero)
    let shift = SIMD8<Int32>(repeating: 31)
    let negative = unsafeBitCast(unsafeBitCast(self, to: SIMD8<Int32>.self) &>> shift, to: SIMD8<UInt32>.self)
    return ((rounded.bits ^ negative) &- negative).lowestBytes
  }
}

extension SIMD8<UInt32> {
  /// The lowest byte of each number.
  @inline(__always)
  var lowestBytes: SIMD8<UInt8> {
    var bytes = SIMD8<UInt8>()
    for lane in 0..<8 { bytes[lane] = UInt8(truncatingIfNeeded: self[lane]) }
    return bytes
  }
}

extension SIMD8<UInt8> {
  /// The eight codes as one word, the first in its lowest byte.
  @inline(__always)
  var word: UInt64 { UInt64(littleEndian: unsafeBitCast(self, to: UInt64.self)) }
}

/// Eight codes in the bytes of a word.
extension UInt64 {
  /// The lowest four bits of each code.
  @inline(__always)
  var lowNibbles: UInt64 { self & 0x0F0F_0F0F_0F0F_0F0F }

  /// Bit 4 of each code, the first code's lowest.
  @inline(__always)
  var fifthBits: UInt8 {
    // Each product bit that counts has one source, and none carries.
    let product = (self &>> 4 & 0x0101_0101_0101_0101) &* 0x0102_0408_1020_4080
    return UInt8(truncatingIfNeeded: product &>> 56)
  }

  /// Stores the eight bytes.
  @inline(__always)
  func store(to place: UnsafeMutableRawPointer, at byte: Int) {
    place.storeBytes(of: littleEndian, toByteOffset: byte, as: UInt64.self)
  }
}
