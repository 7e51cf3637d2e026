internal import ModelIR

extension BlockDecoder {
  /// The first block whose numbers are not all finite whatever its codes, counted from `start`; nil if none is.
  ///
  /// A block is invalid if a scale or minimum of it is infinite or NaN, or its E8M0 exponent is 255. NVFP4 has no
  /// invalid blocks. These are the checks of `ggml_validate_row_data` (llama.cpp, `ggml/src/ggml-quants.c`), which
  /// refuses Q8_1 as a whole; here its scale and its sum have to be finite.
  ///
  /// - Parameters:
  ///   - blocks: holds the blocks.
  ///   - start: the byte at which the first starts.
  ///   - blockCount: how many.
  public func firstInvalidBlock(_ blocks: [UInt8], from start: Int, blockCount: Int) -> Int? {
    precondition(start >= 0 && blockCount >= 0 && blockCount <= (blocks.count - start) / type.blockBytes)
    return blocks.withUnsafeBytes { blocks in
      guard blockCount > 0, let base = blocks.baseAddress else { return nil }
      let source = base + start
      switch type {
      case .q4_0, .q5_0, .q8_0, .q1_0, .q2_0, .iq4_NL, .iq4_XS, .iq2_XXS, .iq2_XS, .iq2_S, .iq3_XXS, .iq3_S,
        .iq1_S:
        return first(source, blockCount) { Self.isInfinite($0.word16(0)) }
      case .q4_1, .q5_1, .q8_1, .q4_K, .q5_K:
        return first(source, blockCount) { Self.isInfinite($0.word16(0)) || Self.isInfinite($0.word16(2)) }
      case .q2_K:
        return first(source, blockCount) { Self.isInfinite($0.word16(80)) || Self.isInfinite($0.word16(82)) }
      case .q3_K: return first(source, blockCount) { Self.isInfinite($0.word16(108)) }
      case .q6_K: return first(source, blockCount) { Self.isInfinite($0.word16(208)) }
      case .q8_K: return first(source, blockCount) { $0.word32(0) & 0x7F80_0000 == 0x7F80_0000 }
      case .tq1_0: return first(source, blockCount) { Self.isInfinite($0.word16(52)) }
      case .tq2_0: return first(source, blockCount) { Self.isInfinite($0.word16(64)) }
      case .iq1_M: return first(source, blockCount) { Self.isInfinite(IQ1_MLayout.scaleBits($0)) }
      case .mxfp4: return first(source, blockCount) { $0.byte(0) == 0xFF }
      case .nvfp4, .f32, .f16, .bf16, .f64, .i8, .i16, .i32, .i64: return nil
      }
    }
  }

  /// Whether the bits of a half-precision number are those of an infinity or a NaN.
  @inline(__always)
  private static func isInfinite(_ bits: UInt16) -> Bool { bits & 0x7C00 == 0x7C00 }

  @inline(__always)
  private func first(
    _ source: UnsafeRawPointer,
    _ count: Int,
    where isInvalid: (UnsafeRawPointer) -> Bool
  ) -> Int? {
    let stride = type.blockBytes
    var block = source
    var index = 0
    while index < count {
      if isInvalid(block) { return index }
      block += stride
      index &+= 1
    }
    return nil
  }
}
