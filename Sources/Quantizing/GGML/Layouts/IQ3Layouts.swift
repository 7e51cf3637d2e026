internal import ModelIR

// Types whose codes index a grid: a row is the magnitudes of 4 elements. Signs lie apart.

/// Indices of 8 bits for 4 elements; words of 4 x 7 signs and a scale, for 32.
struct IQ3_XXSLayout: BlockLayout {
  static var type: GGMLType { .iq3_XXS }

  /// 256 rows, each the lower half of its word.
  let grid: UnsafePointer<UInt64>

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let scale = block.half(0)
    var group = 0
    while group < 8 {
      let word = block.word32(66 &+ 4 &* group)
      let factor = scale * (0.5 + Float(Int32(truncatingIfNeeded: word &>> 28))) * 0.5
      take(32 &* group, codes(block.word32(2 &+ 8 &* group), word), factor, 0)
      take(32 &* group &+ 16, codes(block.word32(6 &+ 8 &* group), word &>> 14), factor, 0)
      group &+= 1
    }
  }

  /// The codes of four indices and the lowest two times 7 signs.
  @inline(__always)
  private func codes(_ indices: UInt32, _ signs: UInt32) -> Codes {
    let first = grid[Int(indices & 0xFF)] | grid[Int((indices &>> 8) & 0xFF)] &<< 32
    let second = grid[Int((indices &>> 16) & 0xFF)] | grid[Int(indices &>> 24)] &<< 32
    return ByteLanes(
      words: negate(first, withParity(UInt8(truncatingIfNeeded: signs & 0x7F))),
      negate(second, withParity(UInt8(truncatingIfNeeded: (signs &>> 7) & 0x7F)))
    ).codes
  }
}

/// Indices of 9 bits in two parts for 4 elements, 8 signs for 8, scales of 4 bits for 32.
struct IQ3_SLayout: BlockLayout {
  static var type: GGMLType { .iq3_S }

  /// 512 rows, each the lower half of its word.
  let grid: UnsafePointer<UInt64>

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let scale = block.half(0)
    var group = 0
    while group < 8 {
      let scaleCode = Int32(block.byte(106 &+ group &>> 1)) &>> Int32(4 &* (group & 1)) & 15
      let factor = scale * Float(1 &+ 2 &* scaleCode)
      let upper = Int(block.byte(66 &+ group))
      let signs = block.word32(74 &+ 4 &* group)
      take(32 &* group, codes(block.word32(2 &+ 8 &* group), upper, signs), factor, 0)
      let last = codes(block.word32(6 &+ 8 &* group), upper &>> 4, signs &>> 16)
      take(32 &* group &+ 16, last, factor, 0)
      group &+= 1
    }
  }

  /// The codes of four indices, whose ninth bits are the lowest of `upper`, and the lowest two times 8 signs.
  @inline(__always)
  private func codes(_ indices: UInt32, _ upper: Int, _ signs: UInt32) -> Codes {
    let lower = Int(indices)
    let first =
      grid[lower & 0xFF | (upper &<< 8) & 0x100]
      | grid[(lower &>> 8) & 0xFF | (upper &<< 7) & 0x100] &<< 32
    let second =
      grid[(lower &>> 16) & 0xFF | (upper &<< 6) & 0x100]
      | grid[(lower &>> 24) & 0xFF | (upper &<< 5) & 0x100] &<< 32
    return ByteLanes(
      words: negate(first, UInt8(truncatingIfNeeded: signs)),
      negate(second, UInt8(truncatingIfNeeded: signs &>> 8))
    ).codes
  }
}
