internal import ModelIR

// Types of the first generation: one half-precision scale a block, some with a minimum. Where codes have 4 bits,
// the low halves of 16 bytes are elements 0 to 15, the high ones 16 to 31.

/// `(code - 8) * d`.
struct Q4_0Layout: BlockLayout {
  static var type: GGMLType { .q4_0 }

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let scale = block.half(0)
    let packed = block.lanes(2)
    take(0, (packed & 15).codes &- 8, scale, 0)
    take(16, (packed &>> 4).codes &- 8, scale, 0)
  }
}

/// `code * d + m`.
struct Q4_1Layout: BlockLayout {
  static var type: GGMLType { .q4_1 }
  static var hasAddend: Bool { true }

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let (scale, minimum) = (block.half(0), block.half(2))
    let packed = block.lanes(4)
    take(0, (packed & 15).codes, scale, minimum)
    take(16, (packed &>> 4).codes, scale, minimum)
  }
}

/// `(code - 16) * d`; the fifth bits of all codes lie together.
struct Q5_0Layout: BlockLayout {
  static var type: GGMLType { .q5_0 }

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let scale = block.half(0)
    let packed = block.lanes(6)
    take(0, (packed & 15 | spreadBits(block.word16(2)) &<< 4).codes &- 16, scale, 0)
    take(16, (packed &>> 4 | spreadBits(block.word16(4)) &<< 4).codes &- 16, scale, 0)
  }
}

/// `code * d + m`; the fifth bits of all codes lie together.
struct Q5_1Layout: BlockLayout {
  static var type: GGMLType { .q5_1 }
  static var hasAddend: Bool { true }

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let (scale, minimum) = (block.half(0), block.half(2))
    let packed = block.lanes(8)
    take(0, (packed & 15 | spreadBits(block.word16(4)) &<< 4).codes, scale, minimum)
    take(16, (packed &>> 4 | spreadBits(block.word16(6)) &<< 4).codes, scale, minimum)
  }
}

/// `code * d`.
struct Q8_0Layout: BlockLayout {
  static var type: GGMLType { .q8_0 }

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let scale = block.half(0)
    take(0, block.lanes(2).codes, scale, 0)
    take(16, block.lanes(18).codes, scale, 0)
  }
}

/// `code * d`; the second half-precision number is the sum of the codes times d, for dot products.
struct Q8_1Layout: BlockLayout {
  static var type: GGMLType { .q8_1 }

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let scale = block.half(0)
    take(0, block.lanes(4).codes, scale, 0)
    take(16, block.lanes(20).codes, scale, 0)
  }
}

/// `code * d`, where d has single precision; the codes' sums by 16 follow them.
struct Q8_KLayout: BlockLayout {
  static var type: GGMLType { .q8_K }

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let scale = block.single(0)
    var start = 0
    while start < 256 {
      take(start, block.lanes(4 &+ start).codes, scale, 0)
      start &+= 16
    }
  }
}

/// `d` where the element's bit is set, else `-d`.
struct Q1_0Layout: BlockLayout {
  static var type: GGMLType { .q1_0 }

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let scale = block.half(0)
    var start = 0
    while start < 128 {
      let bits = spreadBits(block.word16(2 &+ start &>> 3))
      take(start, (bits &+ bits).codes &- 1, scale, 0)
      start &+= 16
    }
  }
}

/// `(code - 1) * d`; four codes in a row share a byte.
struct Q2_0Layout: BlockLayout {
  static var type: GGMLType { .q2_0 }

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let scale = block.half(0)
    var start = 0
    while start < 64 {
      let place = 2 &+ start &>> 2
      let codes = ByteLanes(words: spread(block.word16(place)), spread(block.word16(place &+ 2)))
      take(start, codes.codes &- 1, scale, 0)
      start &+= 16
    }
  }

  /// Eight codes of 2 bits, each in a byte of its own.
  @inline(__always)
  private func spread(_ packed: UInt16) -> UInt64 {
    let all = UInt64(packed)
    let halves = (all | all &<< 24) & 0x0000_00FF_0000_00FF
    let quarters = (halves | halves &<< 12) & 0x000F_000F_000F_000F
    return (quarters | quarters &<< 6) & 0x0303_0303_0303_0303
  }
}
