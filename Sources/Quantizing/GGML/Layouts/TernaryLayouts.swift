internal import ModelIR

// Types for weights of -1, 0 and 1 times one scale.

/// `(code - 1) * d`, codes of 2 bits. A code of 3 is possible and worth 2.
struct TQ2_0Layout: BlockLayout {
  static var type: GGMLType { .tq2_0 }

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let scale = block.half(64)
    var piece = 0
    while piece < 4 {
      // 16 of the 32 bytes that hold 128 elements.
      var packed = block.lanes(16 &* piece)
      let first = (piece &>> 1) &* 128 &+ (piece & 1) &* 16
      var part = 0
      while part < 4 {
        take(first &+ 32 &* part, (packed & 3).codes &- 1, scale, 0)
        packed = packed &>> 2
        part &+= 1
      }
      piece &+= 1
    }
  }
}

/// `(code - 1) * d`, five codes to the byte in base 3.
///
/// A byte is the five digits as a fraction of 256, rounded up: times a power of 3, without the whole part, it
/// starts with the digit wanted.
struct TQ1_0Layout: BlockLayout {
  static var type: GGMLType { .tq1_0 }

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let scale = block.half(52)
    var (first, second, third) = (block.lanes(0), block.lanes(16), block.lanes(32))
    var digit = 0
    while digit < 5 {
      take(32 &* digit, leadingDigit(first), scale, 0)
      take(32 &* digit &+ 16, leadingDigit(second), scale, 0)
      take(160 &+ 16 &* digit, leadingDigit(third), scale, 0)
      first = first &+ first &+ first
      second = second &+ second &+ second
      third = third &+ third &+ third
      digit &+= 1
    }
    // The last four bytes hold four digits each.
    let last = UInt64(block.word32(48)) &* 0x0000_0001_0000_0001
    let powers = ByteLanes(words: 0x0303_0303_0101_0101, 0x1B1B_1B1B_0909_0909)
    take(240, leadingDigit(ByteLanes(words: last, last) &* powers), scale, 0)
  }

  /// The first digit in base 3 of bytes that are fractions of 256, less 1.
  @inline(__always)
  private func leadingDigit(_ fractions: ByteLanes) -> Codes {
    // 86 and 171 are the first above a third and two thirds; a comparison is 0 or -1.
    let isOne = unsafeBitCast(fractions .>= ByteLanes(repeating: 86), to: Codes.self)
    let isTwo = unsafeBitCast(fractions .>= ByteLanes(repeating: 171), to: Codes.self)
    return Codes(repeating: -1) &- isOne &- isTwo
  }
}
