public import ModelIR

/// Encodes numbers of single precision as ggml's blocks, byte for byte as its encoders for x86-64 do without
/// importances. (llama.cpp, `ggml/src/ggml-quants.c`, October 2026.)
public struct BlockEncoder: Sendable {
  /// The type of the blocks.
  public let type: GGMLType

  private let kernel: any EncodingKernel.Type

  /// The encoder of this type, or nil if there is none.
  public init?(_ type: GGMLType) {
    switch type {
    case .q8_0: kernel = Q8_0Kernel.self
    case .q8_1: kernel = Q8_1Kernel.self
    case .q4_0: kernel = Q4_0Kernel.self
    case .q4_1: kernel = Q4_1Kernel.self
    case .q5_0: kernel = Q5_0Kernel.self
    case .q5_1: kernel = Q5_1Kernel.self
    case .q4_K: kernel = Q4_KKernel.self
    case .q5_K: kernel = Q5_KKernel.self
    case .q6_K: kernel = Q6_KKernel.self
    case .tq1_0: kernel = TQ1_0Kernel.self
    case .tq2_0: kernel = TQ2_0Kernel.self
    case .q2_0: kernel = Q2_0Kernel.self
    case .q1_0: kernel = Q1_0Kernel.self
    case .mxfp4: kernel = MXFP4Kernel.self
    case .nvfp4: kernel = NVFP4Kernel.self
    default: return nil
    }
    self.type = type
  }

  /// Encodes consecutive blocks.
  ///
  /// - Parameters:
  ///   - numbers: holds the numbers, little-endian.
  ///   - start: the byte at which they start.
  ///   - blockCount: how many blocks they make.
  ///   - blocks: takes the blocks; after an error they hold anything.
  ///   - target: the byte at which the first goes.
  /// - Throws: ``EncodingProblem`` for the first numbers that have no block.
  public func encode(
    _ numbers: [UInt8],
    from start: Int,
    blockCount: Int,
    into blocks: inout [UInt8],
    at target: Int
  ) throws(EncodingProblem) {
    let elements = type.blockElements
    precondition(start >= 0 && blockCount >= 0 && blockCount <= (numbers.count - start) / (elements * 4))
    precondition(target >= 0 && blockCount <= (blocks.count - target) / type.blockBytes)
    let problem = numbers.withUnsafeBytes { numbers in
      blocks.withUnsafeMutableBytes { blocks -> EncodingProblem? in
        guard blockCount > 0, let source = numbers.baseAddress, let place = blocks.baseAddress else {
          return nil
        }
        return firstProblem(source + start, blockCount, place + target)
      }
    }
    if let problem { throw problem }
  }

  /// Encodes a piece at a time: what was looked through for NaN is still near when it is encoded.
  private func firstProblem(
    _ numbers: UnsafeRawPointer,
    _ blockCount: Int,
    _ blocks: UnsafeMutableRawPointer
  ) -> EncodingProblem? {
    let elements = kernel.elements
    let pieceBlocks = 4096 / elements
    var done = 0
    while done < blockCount {
      let count = min(pieceBlocks, blockCount - done)
      let piece = numbers + done * elements * 4
      if let index = FiniteRun(numbers: piece, count: count * elements).firstNonFinite {
        return .nonFinite(at: done * elements + index)
      }
      if let index = kernel.encode(piece, blockCount: count, into: blocks + done * kernel.bytes) {
        return .scaleOutOfRange(at: (done + index) * elements)
      }
      done += count
    }
    return nil
  }
}
