internal import CKernels
public import ModelIR

/// Turns the blocks of a ggml type into single-precision numbers, bit for bit as ggml's `to_float` does.
///
/// Every operation is rounded by itself. Products with a scale that is no number are NaN, of whatever payload; ask
/// ``firstInvalidBlock(_:from:blockCount:)`` for them. (llama.cpp, `ggml/src/ggml-quants.c`, October 2026.)
public struct BlockDecoder: Sendable, Hashable {
  /// The type of the blocks.
  public let type: GGMLType

  /// The decoder of a type; nil for those without blocks.
  public init?(_ type: GGMLType) {
    guard type.isBlocked else { return nil }
    self.type = type
  }

  /// Writes the numbers of blocks that follow each other.
  ///
  /// - Parameters:
  ///   - blocks: holds the blocks.
  ///   - start: the byte at which the first starts.
  ///   - blockCount: how many.
  ///   - numbers: takes the numbers, little-endian, in the order of the elements.
  ///   - target: the byte at which the first goes.
  public func decode(
    _ blocks: [UInt8],
    from start: Int,
    blockCount: Int,
    into numbers: inout [UInt8],
    at target: Int
  ) {
    precondition(start >= 0 && blockCount >= 0 && blockCount <= (blocks.count - start) / type.blockBytes)
    precondition(target >= 0 && blockCount <= (numbers.count - target) / (4 * type.blockElements))
    blocks.withUnsafeBytes { blocks in
      numbers.withUnsafeMutableBytes { numbers in
        guard blockCount > 0, let source = blocks.baseAddress, let numbers = numbers.baseAddress else {
          return
        }
        type.withLayout(Decoding(source: source + start, blockCount: blockCount, numbers: numbers + target))
      }
    }
  }
}

/// Blocks to be decoded and the place of their numbers.
///
/// Codes, factors and addends are drawn apart first, a piece at a time, then made into numbers all alike: the
/// kernels for that use wider vectors than those that this code is compiled for.
private struct Decoding: BlockTask {
  /// 16 KiB of numbers: these and what they are made of stay in the first-level cache.
  private static let runsAtATime = 256

  let source: UnsafeRawPointer
  let blockCount: Int
  let numbers: UnsafeMutableRawPointer

  func run<Layout: BlockLayout>(_ layout: Layout) {
    withUnsafeTemporaryAllocation(byteCount: 24 * Self.runsAtATime, alignment: 64) { space in
      guard let codes = space.baseAddress else { return }
      let factors = codes + 16 &* Self.runsAtATime
      let addends = factors + 4 &* Self.runsAtATime
      let runsPerBlock = Layout.type.blockElements / 16
      let blocksAtATime = Self.runsAtATime / runsPerBlock
      var done = 0
      while done < blockCount {
        let count = min(blocksAtATime, blockCount &- done)
        var block = source + done &* Layout.type.blockBytes
        var firstRun = 0
        while firstRun < count &* runsPerBlock {
          layout.eachRun(of: block) { start, runCodes, factor, addend in
            let run = firstRun &+ start &>> 4
            codes.storeBytes(of: runCodes, toByteOffset: 16 &* run, as: Codes.self)
            factors.storeBytes(of: factor, toByteOffset: 4 &* run, as: Float.self)
            if Layout.hasAddend { addends.storeBytes(of: addend, toByteOffset: 4 &* run, as: Float.self) }
          }
          block += Layout.type.blockBytes
          firstRun &+= runsPerBlock
        }
        lacuna_scale_codes(
          BlockKernels.current,
          codes.assumingMemoryBound(to: Int8.self),
          factors.assumingMemoryBound(to: Float.self),
          Layout.hasAddend ? addends.assumingMemoryBound(to: Float.self) : nil,
          firstRun,
          (numbers + 4 &* done &* Layout.type.blockElements).assumingMemoryBound(to: UInt8.self)
        )
        done &+= count
      }
    }
  }
}
