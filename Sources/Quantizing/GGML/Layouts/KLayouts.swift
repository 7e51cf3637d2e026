internal import CKernels
internal import ModelIR

// K types with codes of 3 and 6 bits, whose blocks of 256 have a signed scale for 16 elements. Codes of a part
// of 128 elements share bytes in fours or pairs: a byte's lowest bits are the first 32's, and so on.

/// `d * scale * (code - 4)`; the third bits of all codes lie together.
struct Q3_KLayout: BlockLayout {
  static var type: GGMLType { .q3_K }

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let factors = lacuna_floats(scales(block)) * block.half(108)
    var half = 0
    while half < 2 {
      var highBits = block.lanes(16 &* half)
      var part = 0
      while part < 2 {
        var packed = block.lanes(32 &+ 32 &* part &+ 16 &* half)
        var pair = 0
        while pair < 4 {
          let codes = packed & 3 | (highBits & 1) &<< 2
          let run = 8 &* part &+ 2 &* pair &+ half
          take(16 &* run, codes.codes &- 4, factors[run], 0)
          packed = packed &>> 2
          highBits = highBits &>> 1
          pair &+= 1
        }
        part &+= 1
      }
      half &+= 1
    }
  }

  /// Sixteen scales of 6 bits less 32: the lower four bits in halves of 8 bytes, the upper two in quarters of 4.
  @inline(__always)
  private func scales(_ block: UnsafeRawPointer) -> Codes {
    let lower = block.word64(96)
    let upper = UInt64(block.word32(104))
    let firstUpper = (upper | upper &<< 30) & 0x0303_0303_0303_0303
    let lastUpper = (upper &>> 4 | (upper &>> 6) &<< 32) & 0x0303_0303_0303_0303
    let scales = ByteLanes(
      words: lower & 0x0F0F_0F0F_0F0F_0F0F | firstUpper &<< 4,
      (lower &>> 4) & 0x0F0F_0F0F_0F0F_0F0F | lastUpper &<< 4
    )
    return scales.codes &- 32
  }
}

/// `d * scale * (code - 32)`; the lower four bits and the upper two lie apart.
struct Q6_KLayout: BlockLayout {
  static var type: GGMLType { .q6_K }

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let factors = lacuna_floats(block.lanes(192).codes) * block.half(208)
    var part = 0
    while part < 2 {
      var half = 0
      while half < 2 {
        let first = block.lanes(64 &* part &+ 16 &* half)
        let second = block.lanes(64 &* part &+ 32 &+ 16 &* half)
        let upper = block.lanes(128 &+ 32 &* part &+ 16 &* half)
        let run = 8 &* part &+ half
        let codes = (
          first & 15 | (upper &<< 4) & 0x30, second & 15 | (upper &<< 2) & 0x30,
          first &>> 4 | upper & 0x30, second &>> 4 | (upper &>> 2) & 0x30
        )
        take(16 &* run, codes.0.codes &- 32, factors[run], 0)
        take(16 &* run &+ 32, codes.1.codes &- 32, factors[run &+ 2], 0)
        take(16 &* run &+ 64, codes.2.codes &- 32, factors[run &+ 4], 0)
        take(16 &* run &+ 96, codes.3.codes &- 32, factors[run &+ 6], 0)
        half &+= 1
      }
      part &+= 1
    }
  }
}
