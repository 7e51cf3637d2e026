/// Base-128 varints, the integers of protobuf: seven bits a byte, the lowest first, and a set top bit where more
/// follow.
enum Varint {
  /// The bytes that a value takes: 1 to 10.
  @inline(__always)
  static func byteCount(of value: UInt64) -> Int {
    // Six more, so that the division rounds up; a zero takes a byte too.
    (70 &- (value | 1).leadingZeroBitCount) / 7
  }

  /// The bytes that each of `count` consecutive values takes, from `first` on; nil where they differ, or there are none.
  static func commonByteCount(_ first: UInt64, count: Int) -> Int? {
    guard count > 0 else { return nil }
    let length = byteCount(of: first)
    return length == byteCount(of: first + UInt64(count - 1)) ? length : nil
  }

  /// The bytes of a value.
  static func bytes(of value: UInt64) -> [UInt8] {
    var (bytes, rest): ([UInt8], UInt64) = ([], value)
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
    return bytes
  }

  /// The values that ``packed(_:_:)`` takes: below 2^56.
  static let packable: UInt64 = 1 << 56

  /// The bytes of a value below ``packable`` that takes `byteCount` bytes, the first in the lowest bits.
  @inline(__always)
  static func packed(_ value: UInt64, _ byteCount: Int) -> UInt64 {
    // Halves, quarters and eighths are moved apart, so that seven bits come to stand in each byte.
    var bits = value
    bits = bits & 0x0000_0000_0FFF_FFFF | (bits & 0x00FF_FFFF_F000_0000) &<< 4
    bits = bits & 0x0000_3FFF_0000_3FFF | (bits & 0x0FFF_C000_0FFF_C000) &<< 2
    bits = bits & 0x007F_007F_007F_007F | (bits & 0x3F80_3F80_3F80_3F80) &<< 1
    // All top bits but that of the last byte.
    let more: UInt64 = 0x0080_8080_8080_8080 &>> UInt64(truncatingIfNeeded: (8 &- byteCount) &* 8)
    return bits | more
  }

  /// The value of the varint that starts at the lowest byte of eight, and its length; nil if it is longer.
  @inline(__always)
  static func unpacked(_ bytes: UInt64) -> (value: UInt64, byteCount: Int)? {
    let ends = ~bytes & 0x8080_8080_8080_8080
    if ends == 0 { return nil }
    // All bits up to the first clear top bit.
    var bits = bytes & (ends ^ (ends &- 1)) & 0x7F7F_7F7F_7F7F_7F7F
    bits = bits & 0x007F_007F_007F_007F | (bits & 0x7F00_7F00_7F00_7F00) &>> 1
    bits = bits & 0x0000_3FFF_0000_3FFF | (bits & 0x3FFF_0000_3FFF_0000) &>> 2
    bits = bits & 0x0000_0000_0FFF_FFFF | (bits & 0x0FFF_FFFF_0000_0000) &>> 4
    return (bits, ends.trailingZeroBitCount / 8 &+ 1)
  }

  /// The value of the varint that starts at the lowest byte of eight, if it takes just `byteCount` bytes, at most 8.
  ///
  /// Whoever knows the length can go on to the next varint before this one is decoded.
  @inline(__always)
  static func unpacked(_ bytes: UInt64, byteCount: Int) -> UInt64? {
    let unused = UInt64(truncatingIfNeeded: (8 &- byteCount) &* 8)
    let own = bytes & (.max &>> unused)
    if own & 0x8080_8080_8080_8080 != 0x0080_8080_8080_8080 &>> unused { return nil }
    var bits = own & 0x7F7F_7F7F_7F7F_7F7F
    bits = bits & 0x007F_007F_007F_007F | (bits & 0x7F00_7F00_7F00_7F00) &>> 1
    bits = bits & 0x0000_3FFF_0000_3FFF | (bits & 0x3FFF_0000_3FFF_0000) &>> 2
    return bits & 0x0000_0000_0FFF_FFFF | (bits & 0x0FFF_FFFF_0000_0000) &>> 4
  }
}
