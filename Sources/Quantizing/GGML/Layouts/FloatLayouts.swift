internal import ModelIR

// Types whose codes are E2M1 numbers: a sign over 0, 0.5, 1, 1.5, 2, 3, 4, 6. They are taken twice as large, as
// integers, and the scale half as large.

extension SIMD16<UInt8> {
  /// Twice the values of E2M1 codes in the low halves of the bytes, whose high halves are 0.
  @inline(__always)
  fileprivate var doubledE2M1: Codes {
    let magnitude = self & 7
    // 0 to 3 as they are; 4, 5, 6 count double steps from 4 on; 7 has a step of 4.
    let isOverFour = unsafeBitCast(magnitude .> ByteLanes(repeating: 4), to: ByteLanes.self)
    let isSeven = unsafeBitCast(magnitude .== ByteLanes(repeating: 7), to: ByteLanes.self)
    let doubled = magnitude &+ (isOverFour & (magnitude &- 4)) &+ (isSeven & 2)
    // The sign's bit, 8, becomes all bits, which negates by complement and carry.
    let negative = unsafeBitCast(self .>= ByteLanes(repeating: 8), to: ByteLanes.self)
    return ((doubled ^ negative) &- negative).codes
  }
}

/// OCP MXFP4: E2M1 codes and one E8M0 exponent. Unlike in the OCP's and compressed-tensors' order, the low
/// halves of 16 bytes are elements 0 to 15. An exponent of 255, which is NaN elsewhere, counts as a number.
struct MXFP4Layout: BlockLayout {
  static var type: GGMLType { .mxfp4 }

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let exponent = UInt32(block.byte(0))
    // 2^(exponent - 128); the first two are subnormal.
    let bits = exponent < 2 ? 0x0020_0000 &<< exponent : (exponent &- 1) &<< 23
    let scale = Float(bitPattern: bits)
    let packed = block.lanes(1)
    take(0, (packed & 15).doubledE2M1, scale, 0)
    take(16, (packed &>> 4).doubledE2M1, scale, 0)
  }
}

/// NVFP4: E2M1 codes and a scale for 16 of them, an E4M3 number whose sign is ignored. A scale of NaN's code
/// counts as 0.
struct NVFP4Layout: BlockLayout {
  static var type: GGMLType { .nvfp4 }

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    var run = 0
    while run < 4 {
      let packed = block.word64(4 &+ 8 &* run)
      let halves: UInt64 = 0x0F0F_0F0F_0F0F_0F0F
      let codes = ByteLanes(words: packed & halves, (packed &>> 4) & halves).doubledE2M1
      take(16 &* run, codes, halfScale(block.byte(run)), 0)
      run &+= 1
    }
  }

  @inline(__always)
  private func halfScale(_ code: UInt8) -> Float {
    let magnitude = UInt32(code & 0x7F)
    let normal = Float(bitPattern: magnitude &<< 20 &+ 119 &<< 23)
    let value = magnitude < 8 ? Float(Int32(magnitude)) * 0x1p-10 : normal
    return code == 0x7F ? 0 : value
  }
}
