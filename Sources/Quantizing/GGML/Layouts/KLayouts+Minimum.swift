internal import CKernels
internal import ModelIR

// K types whose blocks of 256 have scales and minimums for 16 or 32 elements, as small integers times two
// half-precision numbers.

/// `d * scale * code - dmin * minimum`, scales and minimums of 4 bits for 16 elements.
struct Q2_KLayout: BlockLayout {
  static var type: GGMLType { .q2_K }
  static var hasAddend: Bool { true }

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let scales = block.lanes(0)
    let factors = lacuna_floats((scales & 15).codes) * block.half(80)
    // The factor is negated because a vector's minus is 0 - x, which makes no -0.
    let addends = lacuna_floats((scales &>> 4).codes) * -block.half(82)
    var piece = 0
    while piece < 4 {
      var packed = block.lanes(16 &+ 16 &* piece)
      let first = (piece &>> 1) &* 8 &+ (piece & 1)
      var pair = 0
      while pair < 4 {
        let run = first &+ 2 &* pair
        take(16 &* run, (packed & 3).codes, factors[run], addends[run])
        packed = packed &>> 2
        pair &+= 1
      }
      piece &+= 1
    }
  }
}

/// The scales and minimums of a Q4_K or Q5_K block, 8 of each, times its two half-precision numbers.
private struct ScalesAndMinimums {
  /// d times the scales, then -dmin times the minimums.
  private let products: SIMD16<Float>

  @inline(__always)
  init(_ block: UnsafeRawPointer) {
    // Four bytes of scales and four of minimums have the first four in their lower 6 bits, and in their upper 2
    // the upper bits of the last four, whose lower 4 bits are the halves of four bytes more.
    let firstScales = block.word32(4)
    let firstMinimums = block.word32(8)
    let last = block.word32(12)
    let lastScales = last & 0x0F0F_0F0F | (firstScales &>> 2) & 0x3030_3030
    let lastMinimums = (last &>> 4) & 0x0F0F_0F0F | (firstMinimums &>> 2) & 0x3030_3030
    let words = SIMD4(
      firstScales & 0x3F3F_3F3F,
      lastScales,
      firstMinimums & 0x3F3F_3F3F,
      lastMinimums
    )
    let scale = SIMD8<Float>(repeating: block.half(0))
    let minimum = SIMD8<Float>(repeating: -block.half(2))
    let integers = lacuna_floats(unsafeBitCast(words, to: Codes.self))
    products = integers * SIMD16(lowHalf: scale, highHalf: minimum)
  }

  @inline(__always)
  func factor(_ group: Int) -> Float { products[group] }

  @inline(__always)
  func addend(_ group: Int) -> Float { products[8 &+ group] }
}

/// `d * scale * code - dmin * minimum`, scales and minimums of 6 bits for 32 elements.
struct Q4_KLayout: BlockLayout {
  static var type: GGMLType { .q4_K }
  static var hasAddend: Bool { true }

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let scales = ScalesAndMinimums(block)
    var half = 0
    while half < 2 {
      var group = 0
      while group < 8 {
        let packed = block.lanes(16 &+ 16 &* group &+ 16 &* half)
        let start = 32 &* group &+ 16 &* half
        take(start, (packed & 15).codes, scales.factor(group), scales.addend(group))
        take(start &+ 32, (packed &>> 4).codes, scales.factor(group &+ 1), scales.addend(group &+ 1))
        group &+= 2
      }
      half &+= 1
    }
  }
}

/// `d * scale * code - dmin * minimum`, as Q4_K with the fifth bits of all codes together.
struct Q5_KLayout: BlockLayout {
  static var type: GGMLType { .q5_K }
  static var hasAddend: Bool { true }

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let scales = ScalesAndMinimums(block)
    var half = 0
    while half < 2 {
      var fifthBits = block.lanes(16 &+ 16 &* half)
      var group = 0
      while group < 8 {
        let packed = block.lanes(48 &+ 16 &* group &+ 16 &* half)
        let start = 32 &* group &+ 16 &* half
        let low = packed & 15 | (fifthBits & 1) &<< 4
        let high = packed &>> 4 | (fifthBits & 2) &<< 3
        take(start, low.codes, scales.factor(group), scales.addend(group))
        take(start &+ 32, high.codes, scales.factor(group &+ 1), scales.addend(group &+ 1))
        fifthBits = fifthBits &>> 2
        group &+= 2
      }
      half &+= 1
    }
  }
}
