/// Sixteen bytes of a block.
typealias ByteLanes = SIMD16<UInt8>

/// Reading a block's fields, which lie at any byte.
extension UnsafeRawPointer {
  @inline(__always)
  func byte(_ offset: Int) -> UInt8 { load(fromByteOffset: offset, as: UInt8.self) }

  @inline(__always)
  func word16(_ offset: Int) -> UInt16 {
    UInt16(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  @inline(__always)
  func word32(_ offset: Int) -> UInt32 {
    UInt32(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  @inline(__always)
  func word64(_ offset: Int) -> UInt64 {
    UInt64(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// A half-precision number.
  @inline(__always)
  func half(_ offset: Int) -> Float { Float16Bits.widen(word16(offset)) }

  /// A single-precision number.
  @inline(__always)
  func single(_ offset: Int) -> Float { Float(bitPattern: word32(offset)) }

  @inline(__always)
  func lanes(_ offset: Int) -> ByteLanes { loadUnaligned(fromByteOffset: offset, as: ByteLanes.self) }
}

extension SIMD16<UInt8> {
  /// Bytes 0 to 7 and 8 to 15, each from the lowest on.
  @inline(__always)
  init(words low: UInt64, _ high: UInt64) {
    self = unsafeBitCast(SIMD2(low.littleEndian, high.littleEndian), to: ByteLanes.self)
  }

  /// The same bits as signed codes.
  @inline(__always)
  var codes: Codes { unsafeBitCast(self, to: Codes.self) }
}

/// A byte for each of 8 bits, the lowest bit's lowest: 1 where the bit is set.
@inline(__always)
func spreadBits(_ bits: UInt8) -> UInt64 {
  // Byte i keeps bit i of a copy; adding 127 carries into the top bit of those that are not 0.
  let kept = (UInt64(bits) &* 0x0101_0101_0101_0101) & 0x8040_2010_0804_0201
  return ((kept &+ 0x7F7F_7F7F_7F7F_7F7F) &>> 7) & 0x0101_0101_0101_0101
}

/// A byte for each of 16 bits, the lowest bit's first: 1 where the bit is set.
@inline(__always)
func spreadBits(_ bits: UInt16) -> ByteLanes {
  ByteLanes(
    words: spreadBits(UInt8(truncatingIfNeeded: bits)),
    spreadBits(UInt8(truncatingIfNeeded: bits &>> 8))
  )
}
