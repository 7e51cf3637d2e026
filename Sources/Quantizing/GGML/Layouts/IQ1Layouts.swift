internal import ModelIR

// Types whose codes index a grid of -1, 0 and 1, each moved by an eighth up or down. They are taken eight times as
// large, as integers, and the scale an eighth as large, which rounds nothing.

/// Rows of 8 times -1, 0 and 1, moved by 1: up, or down where asked.
@inline(__always)
private func moved(_ rows: ByteLanes, _ firstDown: Bool, _ secondDown: Bool) -> Codes {
  let (up, down): (UInt64, UInt64) = (0x0101_0101_0101_0101, .max)
  return (rows &+ ByteLanes(words: firstDown ? down : up, secondDown ? down : up)).codes
}

/// Indices of 11 bits in two parts for 8 elements; a scale of 3 bits and a direction for 32.
struct IQ1_SLayout: BlockLayout {
  static var type: GGMLType { .iq1_S }

  /// 2048 rows, eight times as large.
  let grid: UnsafePointer<UInt64>

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let scale = block.half(0)
    var group = 0
    while group < 8 {
      let lower = Int(block.word32(2 &+ 4 &* group))
      let word = Int(block.word16(34 &+ 2 &* group))
      let factor = scale * Float(Int32(truncatingIfNeeded: 2 &* ((word &>> 12) & 7) &+ 1)) * 0.125
      let isDown = word & 0x8000 != 0
      let first = ByteLanes(
        words: grid[lower & 0xFF | (word &<< 8) & 0x700],
        grid[(lower &>> 8) & 0xFF | (word &<< 5) & 0x700]
      )
      let second = ByteLanes(
        words: grid[(lower &>> 16) & 0xFF | (word &<< 2) & 0x700],
        grid[lower &>> 24 | (word &>> 1) & 0x700]
      )
      take(32 &* group, moved(first, isDown, isDown), factor, 0)
      take(32 &* group &+ 16, moved(second, isDown, isDown), factor, 0)
      group &+= 1
    }
  }
}

/// Indices of 11 bits in two parts and a direction for 8 elements; scales of 3 bits for 16. The half-precision
/// scale lies in the upper four bits of four words.
struct IQ1_MLayout: BlockLayout {
  static var type: GGMLType { .iq1_M }

  /// 2048 rows, eight times as large.
  let grid: UnsafePointer<UInt64>

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let scale = Float16Bits.widen(Self.scaleBits(block))
    var run = 0
    while run < 16 {
      let code = block.word16(48 &+ 2 &* (run &>> 2)) &>> UInt16(3 &* (run & 3)) & 7
      let factor = scale * Float(Int32(2 &* code &+ 1)) * 0.125
      let upper = Int(block.byte(32 &+ run))
      let rows = ByteLanes(
        words: grid[Int(block.byte(2 &* run)) | (upper & 7) &<< 8],
        grid[Int(block.byte(2 &* run &+ 1)) | (upper & 0x70) &<< 4]
      )
      take(16 &* run, moved(rows, upper & 8 != 0, upper & 0x80 != 0), factor, 0)
      run &+= 1
    }
  }

  /// The bits of the block's half-precision scale.
  @inline(__always)
  static func scaleBits(_ block: UnsafeRawPointer) -> UInt16 {
    block.word16(48) &>> 12 | (block.word16(50) &>> 8) & 0xF0 | (block.word16(52) &>> 4) & 0xF00
      | block.word16(54) & 0xF000
  }
}
