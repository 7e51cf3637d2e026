internal import CKernels
public import ModelIR

/// Reads the codes of a ggml type that holds zeros, without computing the numbers.
///
/// A number is 0 if its code is the type's zero or the scale of its block or sub-block is 0. Codes say nothing of
/// scales that are infinite or NaN: there a zero code is still counted as a zero.
public struct BlockCodes: Sendable, Hashable {
  /// The type of the blocks.
  public let type: GGMLType

  /// The codes of a type; nil if it has no blocks or turns zeros into other numbers (``GGMLType/holdsZero``).
  public init?(_ type: GGMLType) {
    guard type.isBlocked, type.holdsZero else { return nil }
    self.type = type
  }

  /// Writes one bit for each element of blocks that follow each other: 1 where its number isn't 0.
  ///
  /// - Parameters:
  ///   - blocks: holds the blocks.
  ///   - start: the byte at which the first starts.
  ///   - blockCount: how many.
  ///   - words: takes the bits in the order of the elements, the first one's lowest. Bits of the last word that
  ///     belong to no element become 0.
  ///   - target: the word that takes the first 64.
  public func nonzeroBits(
    _ blocks: [UInt8],
    from start: Int,
    blockCount: Int,
    into words: inout [UInt64],
    at target: Int = 0
  ) {
    precondition(start >= 0 && blockCount >= 0 && blockCount <= (blocks.count - start) / type.blockBytes)
    precondition(target >= 0 && blockCount <= (words.count - target) * 64 / type.blockElements)
    blocks.withUnsafeBytes { blocks in
      words.withUnsafeMutableBufferPointer { words in
        guard blockCount > 0, let source = blocks.baseAddress, let words = words.baseAddress else { return }
        write(source + start, blockCount, to: words + target)
      }
    }
  }

  /// How many elements of blocks that follow each other aren't 0.
  ///
  /// - Parameters:
  ///   - blocks: holds the blocks.
  ///   - start: the byte at which the first starts.
  ///   - blockCount: how many.
  public func nonzeroCount(_ blocks: [UInt8], from start: Int, blockCount: Int) -> Int {
    precondition(start >= 0 && blockCount >= 0 && blockCount <= (blocks.count - start) / type.blockBytes)
    // 8192 elements at a time: their bits stay in the first-level cache.
    let wordsAtATime = 128
    let blocksAtATime = 64 * wordsAtATime / type.blockElements
    return blocks.withUnsafeBytes { blocks in
      withUnsafeTemporaryAllocation(of: UInt64.self, capacity: wordsAtATime) { words in
        guard blockCount > 0, let base = blocks.baseAddress, let words = words.baseAddress else { return 0 }
        var total = 0
        var done = 0
        while done < blockCount {
          let count = min(blocksAtATime, blockCount &- done)
          write(base + start + done &* type.blockBytes, count, to: words)
          var index = 0
          while index < (count &* type.blockElements &+ 63) / 64 {
            total &+= words[index].nonzeroBitCount
            index &+= 1
          }
          done &+= count
        }
        return total
      }
    }
  }

  /// Writes one signed byte for each element of blocks that follow each other.
  ///
  /// It is the code less the code of zero, and 0 where the scale of the element's block or sub-block is 0; for
  /// MXFP4 and NVFP4 it is twice the E2M1 number. Equal bytes under equal scales are equal numbers.
  ///
  /// - Parameters:
  ///   - blocks: holds the blocks.
  ///   - start: the byte at which the first starts.
  ///   - blockCount: how many.
  ///   - codes: takes the codes in the order of the elements.
  ///   - target: where the first goes.
  public func centred(
    _ blocks: [UInt8],
    from start: Int,
    blockCount: Int,
    into codes: inout [UInt8],
    at target: Int = 0
  ) {
    precondition(start >= 0 && blockCount >= 0 && blockCount <= (blocks.count - start) / type.blockBytes)
    precondition(target >= 0 && blockCount <= (codes.count - target) / type.blockElements)
    blocks.withUnsafeBytes { blocks in
      codes.withUnsafeMutableBytes { codes in
        guard blockCount > 0, let source = blocks.baseAddress, let codes = codes.baseAddress else { return }
        type.withLayout(Centring(source: source + start, blockCount: blockCount, codes: codes + target))
      }
    }
  }

  private func write(_ source: UnsafeRawPointer, _ blockCount: Int, to words: UnsafeMutablePointer<UInt64>) {
    // Bits are written by 16; those of the last word may be fewer than 64.
    (words + (blockCount &* type.blockElements &- 1) / 64).initialize(to: 0)
    let bits = UnsafeMutableRawPointer(words)
    switch type {
    case .q4_0:
      lacuna_nonzero_q4_0(
        BlockKernels.current,
        source.assumingMemoryBound(to: UInt8.self),
        blockCount,
        bits.assumingMemoryBound(to: UInt8.self)
      )
    case .q8_0:
      lacuna_nonzero_q8_0(
        BlockKernels.current,
        source.assumingMemoryBound(to: UInt8.self),
        blockCount,
        bits.assumingMemoryBound(to: UInt8.self)
      )
    default: type.withLayout(Flagging(source: source, blockCount: blockCount, bits: bits))
    }
  }
}

/// Blocks and the place of a bit for each of their elements.
private struct Flagging: BlockTask {
  let source: UnsafeRawPointer
  let blockCount: Int
  let bits: UnsafeMutableRawPointer

  func run<Layout: BlockLayout>(_ layout: Layout) {
    var block = source
    var target = bits
    let end = source + blockCount &* Layout.type.blockBytes
    while block < end {
      layout.eachRun(of: block) { start, codes, factor, _ in
        let bits = factor == 0 ? 0 : lacuna_nonzero_codes(codes)
        target.storeBytes(of: bits.littleEndian, toByteOffset: start &>> 3, as: UInt16.self)
      }
      block += Layout.type.blockBytes
      target += Layout.type.blockElements &>> 3
    }
  }
}

/// Blocks and the place of a byte for each of their elements.
private struct Centring: BlockTask {
  let source: UnsafeRawPointer
  let blockCount: Int
  let codes: UnsafeMutableRawPointer

  func run<Layout: BlockLayout>(_ layout: Layout) {
    var block = source
    var target = codes
    let end = source + blockCount &* Layout.type.blockBytes
    while block < end {
      layout.eachRun(of: block) { start, codes, factor, _ in
        let kept = factor == 0 ? Codes(repeating: 0) : codes
        target.storeBytes(of: kept, toByteOffset: start, as: Codes.self)
      }
      block += Layout.type.blockBytes
      target += Layout.type.blockElements
    }
  }
}
