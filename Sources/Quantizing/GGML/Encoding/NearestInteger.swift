/// The nearest integer, ties to even, as ggml takes it from the sum with 1.5 * 2^23: the lowest 23 bits, whatever
/// the number is. Beyond a magnitude of 2^22 that is some other integer, and 0 for NaN.
@inline(__always)
func nearestInteger(_ value: Float) -> Int32 {
  Int32(bitPattern: (value + roundingBias).bitPattern & 0x007F_FFFF) &- 0x0040_0000
}

extension SIMD8<Float> {
  /// ``nearestInteger(_:)`` of each, moved up to `low` or down to `high`.
  @inline(__always)
  func nearestIntegers(from low: Int32, to high: Int32) -> SIMD8<Int32> {
    let bits = (self + Self(repeating: roundingBias)).bits & SIMD8<UInt32>(repeating: 0x007F_FFFF)
    var integers = unsafeBitCast(bits, to: SIMD8<Int32>.self) &- SIMD8<Int32>(repeating: 0x0040_0000)
    for lane in 0..<8 { integers[lane] = integers[lane] < low ? low : integers[lane] }
    for lane in 0..<8 { integers[lane] = high < integers[lane] ? high : integers[lane] }
    return integers
  }

  /// The same for numbers of magnitudes below 2^22, as numbers.
  @inline(__always)
  func nearestNumbers(from low: Self, to high: Self) -> Self {
    let bias = Self(repeating: roundingBias)
    return (Self.smaller(Self.larger(self, low), high) + bias) - bias
  }
}
