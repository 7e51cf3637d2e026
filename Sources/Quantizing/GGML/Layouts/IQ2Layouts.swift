internal import ModelIR

// Types whose codes index a grid: a row is the magnitudes of 8 elements. Signs lie apart, one bit an element; some
// types store 7 of 8, and the last makes the number of negative elements even.

/// The eighth of 7 sign bits and the 7.
@inline(__always)
func withParity(_ bits: UInt8) -> UInt8 {
  let folded = bits ^ bits &>> 4
  // Bit n of the constant is the parity of n.
  return bits | UInt8(truncatingIfNeeded: (0x6996 as UInt32) &>> UInt32(folded & 15)) &<< 7
}

/// Eight codes of 1 to 127, negative where `signs` has a bit.
@inline(__always)
func negate(_ codes: UInt64, _ signs: UInt8) -> UInt64 {
  let ones = spreadBits(signs)
  // By complement, and 1 more: no byte carries into the next, as none was 0.
  return (codes ^ (ones &* 0xFF)) &+ ones
}

/// `d * (0.5 + scale) / 4`, in the order in which ggml multiplies.
@inline(__always)
private func quarterFactor(_ scale: Float, _ code: UInt32) -> Float {
  scale * (0.5 + Float(Int32(truncatingIfNeeded: code))) * 0.25
}

/// A word of 4 indices, a word of 4 x 7 signs and a scale, for 32 elements.
struct IQ2_XXSLayout: BlockLayout {
  static var type: GGMLType { .iq2_XXS }

  /// 256 rows.
  let grid: UnsafePointer<UInt64>

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let scale = block.half(0)
    var group = 0
    while group < 8 {
      let indices = block.word32(2 &+ 8 &* group)
      let word = block.word32(6 &+ 8 &* group)
      let factor = quarterFactor(scale, word &>> 28)
      take(32 &* group, codes(indices, word), factor, 0)
      take(32 &* group &+ 16, codes(indices &>> 16, word &>> 14), factor, 0)
      group &+= 1
    }
  }

  /// The codes of the lowest two indices and signs.
  @inline(__always)
  private func codes(_ indices: UInt32, _ signs: UInt32) -> Codes {
    let first = grid[Int(indices & 0xFF)]
    let second = grid[Int((indices &>> 8) & 0xFF)]
    return ByteLanes(
      words: negate(first, withParity(UInt8(truncatingIfNeeded: signs & 0x7F))),
      negate(second, withParity(UInt8(truncatingIfNeeded: (signs &>> 7) & 0x7F)))
    ).codes
  }
}

/// Words of an index of 9 bits and 7 signs, for 8 elements; scales of 4 bits for 16.
struct IQ2_XSLayout: BlockLayout {
  static var type: GGMLType { .iq2_XS }

  /// 512 rows.
  let grid: UnsafePointer<UInt64>

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let scale = block.half(0)
    var run = 0
    while run < 16 {
      let codes = ByteLanes(
        words: row(block.word16(2 &+ 4 &* run)),
        row(block.word16(4 &+ 4 &* run))
      )
      let scaleCode = UInt32(block.byte(66 &+ run &>> 1)) &>> UInt32(4 &* (run & 1)) & 15
      take(16 &* run, codes.codes, quarterFactor(scale, scaleCode), 0)
      run &+= 1
    }
  }

  @inline(__always)
  private func row(_ word: UInt16) -> UInt64 {
    negate(grid[Int(word & 0x1FF)], withParity(UInt8(truncatingIfNeeded: word &>> 9)))
  }
}

/// Indices of 10 bits in two parts and 8 signs, for 8 elements; scales of 4 bits for 16.
struct IQ2_SLayout: BlockLayout {
  static var type: GGMLType { .iq2_S }

  /// 1024 rows.
  let grid: UnsafePointer<UInt64>

  @inline(__always)
  func eachRun(of block: UnsafeRawPointer, _ take: (Int, Codes, Float, Float) -> Void) {
    let scale = block.half(0)
    var run = 0
    while run < 16 {
      let upper = Int(block.byte(66 &+ run &>> 1)) &>> (4 &* (run & 1))
      let first = Int(block.byte(2 &+ 2 &* run)) | (upper & 3) &<< 8
      let second = Int(block.byte(3 &+ 2 &* run)) | (upper & 12) &<< 6
      let codes = ByteLanes(
        words: negate(grid[first], block.byte(34 &+ 2 &* run)),
        negate(grid[second], block.byte(35 &+ 2 &* run))
      )
      let scaleCode = UInt32(block.byte(74 &+ run &>> 1)) &>> UInt32(4 &* (run & 1)) & 15
      take(16 &* run, codes.codes, quarterFactor(scale, scaleCode), 0)
      run &+= 1
    }
  }
}
