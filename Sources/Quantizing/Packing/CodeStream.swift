/// A little-endian stream of codes of 1 to 7 bits without gaps: code i takes the bits from `i * bits` on, and
/// bit 0 is the lowest of the first byte.
///
/// Eight codes are always a whole number of bytes. They are moved as one 64-bit word, whose halves, quarters
/// and eighths are drawn apart or pushed together in three steps.
struct CodeStream: Sendable, Hashable {
  /// The bits of a code.
  let bits: Int
  private let halves: UInt64
  private let quarters: UInt64
  private let eighths: UInt64

  /// A stream of codes of this many bits, 1 to 7.
  init(bits: Int) {
    precondition(1...7 ~= bits)
    self.bits = bits
    halves = Self.low(4 * bits)
    quarters = Self.low(2 * bits) * 0x0000_0001_0000_0001
    eighths = Self.low(bits) * 0x0001_0001_0001_0001
  }

  /// The lowest `count` bits, 1 to 63.
  private static func low(_ count: Int) -> UInt64 { 1 << UInt64(count) - 1 }

  /// The codes in the lowest `8 * bits` bits of a word, each in a byte of its own.
  @inline(__always)
  func spread(_ packed: UInt64) -> UInt64 {
    let bits = UInt64(truncatingIfNeeded: self.bits)
    let two = (packed & halves) | ((packed &>> (4 &* bits)) & halves) &<< 32
    let four = (two & quarters) | ((two &>> (2 &* bits)) & quarters) &<< 16
    return (four & eighths) | ((four &>> bits) & eighths) &<< 8
  }

  /// The inverse of ``spread(_:)``; bits above a code's own are ignored.
  @inline(__always)
  func gather(_ codes: UInt64) -> UInt64 {
    let bits = UInt64(truncatingIfNeeded: self.bits)
    let four = (codes & eighths) | ((codes &>> 8) & eighths) &<< bits
    let two = (four & quarters) | ((four &>> 16) & quarters) &<< (2 &* bits)
    return (two & halves) | ((two &>> 32) & halves) &<< (4 &* bits)
  }

  /// Writes `count` codes less `bias`, one to the byte.
  ///
  /// `source` is read up to its end; the first code starts `skipping` bits into it, a multiple of what the
  /// width and 8 have in common.
  func unpack(
    _ source: UnsafeBufferPointer<UInt8>,
    skipping: Int,
    count: Int,
    bias: UInt8,
    to target: UnsafeMutablePointer<UInt8>
  ) {
    let bytes = UnsafeRawBufferPointer(source)
    var bit = skipping
    var done = 0
    while done < count, bit & 7 != 0 {
      target[done] = code(at: bit, of: source) &- bias
      bit &+= bits
      done &+= 1
    }
    let biases = UInt64(bias) &* 0x0101_0101_0101_0101
    let tops: UInt64 = 0x8080_8080_8080_8080
    var byte = bit &>> 3
    while done &+ 8 <= count {
      let packed: UInt64
      if byte &+ 8 <= bytes.count {
        packed = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: byte, as: UInt64.self))
      } else {
        packed = load(bits, bytes: source, from: byte)
      }
      // The top bit is lent to each byte, so that none borrows from the next.
      let codes = ((spread(packed) | tops) &- biases) ^ tops
      UnsafeMutableRawPointer(target + done).storeBytes(of: codes.littleEndian, as: UInt64.self)
      byte &+= bits
      done &+= 8
    }
    bit = byte &<< 3
    while done < count {
      target[done] = code(at: bit, of: source) &- bias
      bit &+= bits
      done &+= 1
    }
  }

  /// Writes `count` codes plus `bias` from the start of `target`, and zero bits up to its end.
  func pack(
    _ source: UnsafePointer<UInt8>,
    count: Int,
    bias: UInt8,
    to target: UnsafeMutableBufferPointer<UInt8>
  ) {
    let bytes = UnsafeMutableRawBufferPointer(target)
    let biases = UInt64(bias) &* 0x0101_0101_0101_0101
    let rests: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
    var byte = 0
    var done = 0
    while done &+ 8 <= count {
      let loaded = UnsafeRawPointer(source + done).loadUnaligned(as: UInt64.self)
      // Without their top bits, which no width has, the bytes add without a carry to the next.
      let packed = gather((UInt64(littleEndian: loaded) & rests) &+ biases)
      if byte &+ 8 <= bytes.count {
        bytes.storeBytes(of: packed.littleEndian, toByteOffset: byte, as: UInt64.self)
      } else {
        store(packed, bytes: bits, to: target, from: byte)
      }
      byte &+= bits
      done &+= 8
    }
    var lanes: UInt64 = 0
    var lane = 0
    while done &+ lane < count {
      lanes |= UInt64(source[done &+ lane] &+ bias) &<< UInt64(8 &* lane)
      lane &+= 1
    }
    let used = (lane &* bits &+ 7) &>> 3
    store(gather(lanes), bytes: used, to: target, from: byte)
    byte &+= used
    while byte < target.count {
      target[byte] = 0
      byte &+= 1
    }
  }

  private func code(at bit: Int, of source: UnsafeBufferPointer<UInt8>) -> UInt8 {
    let byte = bit &>> 3
    let shift = bit & 7
    var window = UInt16(source[byte])
    if shift &+ bits > 8 { window |= UInt16(source[byte &+ 1]) &<< 8 }
    return UInt8(truncatingIfNeeded: window &>> UInt16(shift)) & (1 &<< UInt8(bits) &- 1)
  }

  private func load(_ count: Int, bytes source: UnsafeBufferPointer<UInt8>, from start: Int) -> UInt64 {
    var word: UInt64 = 0
    var index = 0
    while index < count {
      word |= UInt64(source[start &+ index]) &<< UInt64(8 &* index)
      index &+= 1
    }
    return word
  }

  private func store(
    _ word: UInt64,
    bytes count: Int,
    to target: UnsafeMutableBufferPointer<UInt8>,
    from start: Int
  ) {
    var index = 0
    while index < count {
      target[start &+ index] = UInt8(truncatingIfNeeded: word &>> UInt64(8 &* index))
      index &+= 1
    }
  }
}
