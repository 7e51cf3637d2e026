/// Codes of 3, 5, 6 or 7 bits in 32-bit words of which each holds as many whole codes as fit, the first in the
/// lowest bits; the rest of a word is zero.
struct PaddedWords: Sendable, Hashable {
  /// The bits of a code.
  let bits: Int
  /// The codes in a word.
  let codesPerWord: Int
  private let stream: CodeStream

  /// Words of codes of this many bits.
  init(bits: Int) {
    self.bits = bits
    codesPerWord = 32 / bits
    stream = CodeStream(bits: bits)
  }

  /// Writes `count` codes less `bias`, one to the byte; the first is code `skipping` of the first word.
  func unpack(
    _ source: UnsafeBufferPointer<UInt8>,
    skipping: Int,
    count: Int,
    bias: UInt8,
    to target: UnsafeMutablePointer<UInt8>
  ) {
    let biases = UInt64(bias) &* 0x0101_0101_0101_0101
    let tops: UInt64 = 0x8080_8080_8080_8080
    // Whole vectors are stored, so that up to 16 bytes must be free from a word's first code on.
    let reach = codesPerWord > 8 ? 16 : 8
    var word = 0
    var slot = skipping
    var done = 0
    while done < count {
      let packed = UInt64(load(word, of: source))
      if slot == 0, done &+ reach <= count {
        let low = ((stream.spread(packed) | tops) &- biases) ^ tops
        UnsafeMutableRawPointer(target + done).storeBytes(of: low.littleEndian, as: UInt64.self)
        if codesPerWord > 8 {
          let rest = packed &>> UInt64(8 &* bits)
          let high = ((stream.spread(rest) | tops) &- biases) ^ tops
          UnsafeMutableRawPointer(target + done + 8).storeBytes(of: high.littleEndian, as: UInt64.self)
        }
        done &+= codesPerWord
      } else {
        while slot < codesPerWord, done < count {
          let code = packed &>> UInt64(slot &* bits) & (1 &<< UInt64(bits) &- 1)
          target[done] = UInt8(truncatingIfNeeded: code) &- bias
          slot &+= 1
          done &+= 1
        }
        slot = 0
      }
      word &+= 1
    }
  }

  /// Writes `count` codes plus `bias` into words from the start of `target` on.
  func pack(
    _ source: UnsafePointer<UInt8>,
    count: Int,
    bias: UInt8,
    to target: UnsafeMutableBufferPointer<UInt8>
  ) {
    let bytes = UnsafeMutableRawBufferPointer(target)
    let mask = 1 &<< UInt8(bits) &- 1
    var word = 0
    var done = 0
    while done < count {
      let end = min(done &+ codesPerWord, count)
      var packed: UInt32 = 0
      var shift: UInt32 = 0
      while done < end {
        packed |= UInt32((source[done] &+ bias) & mask) &<< shift
        shift &+= UInt32(truncatingIfNeeded: bits)
        done &+= 1
      }
      bytes.storeBytes(of: packed.littleEndian, toByteOffset: 4 &* word, as: UInt32.self)
      word &+= 1
    }
  }

  @inline(__always)
  private func load(_ word: Int, of source: UnsafeBufferPointer<UInt8>) -> UInt32 {
    let bytes = UnsafeRawBufferPointer(source)
    return UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 &* word, as: UInt32.self))
  }
}
