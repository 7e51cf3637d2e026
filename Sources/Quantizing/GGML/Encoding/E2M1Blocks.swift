/// The E2M1 codes of eight numbers, each the nearest to its number; of two as near, that of the smaller value.
///
/// - Parameter unit: what half of the code for 1 stands for, so that the values are 0, 1, 2, 3, 4, 6, 8, 12 units.
@inline(__always)
private func codes(_ numbers: NumberLanes, unit: Float) -> UInt64 {
  let magnitudes = numbers.magnitudes
  let one = NumberLanes(repeating: 1)
  // The middles between neighbours are exact, and so is every difference near them: ggml's own comparison of
  // rounded distances comes to the same.
  var raised = NumberLanes(repeating: 0x1p23)
  raised += .choose(one, where: NumberLanes(repeating: unit * 0.5), isLessThan: magnitudes, else: .zero)
  raised += .choose(one, where: NumberLanes(repeating: unit * 1.5), isLessThan: magnitudes, else: .zero)
  raised += .choose(one, where: NumberLanes(repeating: unit * 2.5), isLessThan: magnitudes, else: .zero)
  raised += .choose(one, where: NumberLanes(repeating: unit * 3.5), isLessThan: magnitudes, else: .zero)
  raised += .choose(one, where: NumberLanes(repeating: unit * 5), isLessThan: magnitudes, else: .zero)
  raised += .choose(one, where: NumberLanes(repeating: unit * 7), isLessThan: magnitudes, else: .zero)
  raised += .choose(one, where: NumberLanes(repeating: unit * 10), isLessThan: magnitudes, else: .zero)
  // Code 8, a negative zero, is never the first of the nearest.
  let negative = NumberLanes(repeating: -0.5 * unit)
  raised += .choose(NumberLanes(repeating: 8), where: numbers, isLessThan: negative, else: .zero)
  return raised.bits.lowestBytes.word
}

/// The same for numbers so large that all their distances from the values could be rounded to one.
@inline(never)
private func codesOfLarge(_ numbers: NumberLanes, unit: Float) -> UInt64 {
  let values: InlineArray<16, Float> = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12]
  var codes = SIMD8<UInt8>()
  for lane in 0..<8 {
    var nearest = numbers[lane].magnitude
    for code in 1..<16 {
      let distance = (values[code] * unit - numbers[lane]).magnitude
      if distance < nearest {
        nearest = distance
        codes[lane] = UInt8(code)
      }
    }
  }
  return codes.word
}

/// MXFP4: a power of two and 32 E2M1 codes.
enum MXFP4Kernel: SingleBlockKernel {
  static var elements: Int { 32 }
  static var bytes: Int { 17 }

  static func encode(_ numbers: UnsafeRawPointer, into block: UnsafeMutableRawPointer) -> Bool {
    let numbers = NumberBlock32(numbers)
    let exponent = exponentCode(numbers.largestMagnitude)
    // Halves of 2^(code - 127), of which the lowest two are subnormal.
    let bits = exponent < 2 ? 0x0020_0000 &<< UInt32(exponent) : UInt32(exponent - 1) &<< 23
    let unit = Float(bitPattern: bits)
    block.storeBytes(of: exponent, as: UInt8.self)
    let (first, second) = (codes(numbers.first, unit: unit), codes(numbers.second, unit: unit))
    let (third, fourth) = (codes(numbers.third, unit: unit), codes(numbers.fourth, unit: unit))
    (first | third &<< 4).store(to: block, at: 1)
    (second | fourth &<< 4).store(to: block, at: 9)
    // 255 stands for NaN.
    return exponent != 255
  }

  /// The stored exponent for numbers up to this magnitude: 125 + floor(log2), with the logarithm rounded to
  /// single precision before, and cut to eight bits as numbers below 2^-125 need it.
  private static func exponentCode(_ largest: Float) -> UInt8 {
    if largest == 0 { return 0 }
    let next = Int(largest.exponent) + 1
    // How far below the next power of two the number is, relative to that power; exact.
    let deficit = 1 - largest.significand / 2
    // -log2(1 - deficit) is deficit / ln 2 where it matters, and rounds away at half a step of the logarithm.
    let isRoundedUp = deficit * 1.442695 < halfStep(below: next)
    return UInt8(truncatingIfNeeded: (isRoundedUp ? next : next - 1) + 125)
  }

  /// Half the distance between this integer and the number of single precision below it.
  private static func halfStep(below integer: Int) -> Float {
    let number = Float(integer)
    return integer == 0 ? 0 : (number - number.nextDown) / 2
  }
}

/// NVFP4: four scales in E4M3 without a sign, and four times 16 E2M1 codes.
enum NVFP4Kernel: SingleBlockKernel {
  static var elements: Int { 64 }
  static var bytes: Int { 36 }

  static func encode(_ numbers: UnsafeRawPointer, into block: UnsafeMutableRawPointer) -> Bool {
    for group in 0..<4 {
      let first = NumberLanes(numbers, at: group * 16)
      let second = NumberLanes(numbers, at: group * 16 + 8)
      let largest = NumberLanes.larger(first.magnitudes, second.magnitudes).largest
      let scale = scaleCode(largest / 6)
      block.storeBytes(of: scale, toByteOffset: group, as: UInt8.self)
      let unit = halfValue(ofScale: scale)
      let (low, high) =
        if unit == 0 {
          // Every code is as far from its number as code 0.
          (UInt64(0), UInt64(0))
        } else if largest > 0x1p28 {
          (codesOfLarge(first, unit: unit), codesOfLarge(second, unit: unit))
        } else {
          (codes(first, unit: unit), codes(second, unit: unit))
        }
      (low | high &<< 4).store(to: block, at: 4 + group * 8)
    }
    return true
  }

  /// The code of a scale, halves upwards; from 256 on it is that of 448.
  private static func scaleCode(_ scale: Float) -> UInt8 {
    if scale < 0x1p-6 { return UInt8(min(7, Int32(scale * 512 + 0.5))) }
    // Adding half of what is cut off carries into the exponent where it must.
    let rounded = (min(scale, 448).bitPattern &+ 0x0008_0000) &>> 20 &- 120 &* 8
    return rounded < 0x78 ? UInt8(rounded) : 0x7E
  }

  /// Half of what a scale's code stands for.
  private static func halfValue(ofScale code: UInt8) -> Float {
    if code < 8 { return Float(code) * 0x1p-10 }
    return Float(bitPattern: (UInt32(code) &+ 119 &* 8) &<< 20)
  }
}
