internal import ModelIR

// Types whose 4-bit codes stand for the numbers of a code book, of which none is 0.

/// The numbers of 16 bytes' low halves and high halves.
@inline(__always)
private func look(_ source: UnsafeRawPointer, _ codeBook: UnsafePointer<UInt64>) -> (low: Codes, high: Codes)
{
  @inline(__always)
  func look(_ packed: UInt64) -> (low: UInt64, high: UInt64) {
    var (low, high): (UInt64, UInt64) = (0, 0)
    var shift: UInt64 = 0
    while shift < 64 {
      let byte = packed &>> shift
      low |= codeBook[Int(truncatingIfNeeded: byte & 15)] &<< shift
      high |= codeBook[Int(truncatingIfNeeded: (byte &>> 4) & 15)] &<< shift
      shift &+= 8
    }
    return (low, high)
  }
  let first = look(source.word64(0))
  let second = look(source.word64(8))
  return (ByteLanes(words: first.low, second.low).codes, ByteLanes(words: first.high, second.high).codes)
}

/// `d * number`.
struct IQ4_NLLayout: BlockLayout {
  static var type: GGMLType { .iq4_NL }

  /// The 16 numbers, each the lowest byte of its word.
  let codeBook: UnsafePointer<UInt64>

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let scale = block.half(0)
    let numbers = look(block + 2, codeBook)
    take(0, numbers.low, scale, 0)
    take(16, numbers.high, scale, 0)
  }
}

/// `d * (scale - 32) * number`, scales of 6 bits for 32 elements.
struct IQ4_XSLayout: BlockLayout {
  static var type: GGMLType { .iq4_XS }

  /// The 16 numbers, each the lowest byte of its word.
  let codeBook: UnsafePointer<UInt64>

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let scale = block.half(0)
    var upper = Int32(block.word16(2))
    var lower = Int32(truncatingIfNeeded: block.word32(4))
    var group = 0
    while group < 8 {
      let factor = scale * Float((lower & 15 | (upper & 3) &<< 4) &- 32)
      let numbers = look(block + (8 &+ 16 &* group), codeBook)
      take(32 &* group, numbers.low, factor, 0)
      take(32 &* group &+ 16, numbers.high, factor, 0)
      upper = upper &>> 2
      lower = lower &>> 4
      group &+= 1
    }
  }
}
