/// The arithmetic of one block type: from the numbers of a block to its bytes.
///
/// What goes in is finite. Every operation is rounded by itself, in the order that ggml's encoder for x86-64 has,
/// because the bytes depend on it.
protocol EncodingKernel: SendableMetatype {
  /// The elements of a block.
  static var elements: Int { get }

  /// The bytes of a block.
  static var bytes: Int { get }

  /// Writes consecutive blocks; neither place needs an alignment.
  ///
  /// - Returns: the first block whose scales the type can't store, or nil.
  static func encode(
    _ numbers: UnsafeRawPointer,
    blockCount: Int,
    into blocks: UnsafeMutableRawPointer
  ) -> Int?
}

/// A block type whose blocks are written one by one.
protocol SingleBlockKernel: EncodingKernel {
  /// Writes one block.
  ///
  /// - Returns: whether the type can store its scales.
  static func encode(_ numbers: UnsafeRawPointer, into block: UnsafeMutableRawPointer) -> Bool
}

extension SingleBlockKernel {
  static func encode(
    _ numbers: UnsafeRawPointer,
    blockCount: Int,
    into blocks: UnsafeMutableRawPointer
  ) -> Int? {
    var index = 0
    while index < blockCount {
      let fits = encode(numbers + index &* elements &* 4, into: blocks + index &* bytes)
      if !fits { return index }
      index &+= 1
    }
    return nil
  }
}

/// Stores a scale in half precision.
///
/// - Returns: whether it is finite there.
@inline(__always)
func storeHalf(_ value: Float, to place: UnsafeMutableRawPointer) -> Bool {
  let half = Float16Bits.narrow(value)
  place.storeBytes(of: half.littleEndian, as: UInt16.self)
  return half & 0x7C00 != 0x7C00
}
