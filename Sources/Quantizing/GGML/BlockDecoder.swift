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
        guard blockCount > 0, let source = blocks.baseAddress, let numbers = numbers.baseAddress else { return }
        type.withLayout(Decoding(source: source + start, blockCount: blockCount, numbers: numbers + target))
      }
    }
  }
}

/// Blocks to be decoded and the place of their numbers.
private struct Decoding: BlockTask {
  let source: UnsafeRawPointer
  let blockCount: Int
  let numbers: UnsafeMutableRawPointer

  func run<Layout: BlockLayout>(_ layout: Layout) {
    var block = source
    var target = numbers
    let end = source + blockCount &* Layout.type.blockBytes
    while block < end {
      layout.eachRun(of: block) { start, codes, factor, addend in
        var numbers = lacuna_floats(codes) * SIMD16(repeating: factor)
        if Layout.hasAddend { numbers += SIMD16(repeating: addend) }
        target.storeBytes(of: numbers, toByteOffset: 4 &* start, as: SIMD16<Float>.self)
      }
      block += Layout.type.blockBytes
      target += 4 &* Layout.type.blockElements
    }
  }
}
