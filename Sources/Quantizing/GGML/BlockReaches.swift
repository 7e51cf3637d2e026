package import ModelIR

/// How far from zero the rounding to ggml's blocks alone makes zeros: half the factor of an element's codes.
///
/// Where the factor is 0, so is every element: there it is the greatest number whose scale rounding makes 0.
///
/// Memory: per read the blocks that it touches, and 4 bytes for 16 elements.
package struct BlockReaches: ReachTelling {
  private let type: GGMLType
  private let source: any ByteSource
  private let offset: UInt64
  private let blocksPerRow: UInt64
  private let factor: Double

  /// The reaches of the blocks that `tensor` has in `source`, whose numbers are multiplied by `factor` besides; nil for
  /// types that hold no zero (their steps do not start there), and for tensors that are no dense blocks.
  package init?(of tensor: Tensor, in source: any ByteSource, times factor: Float = 1) {
    guard let type = tensor.blockType, type.isBlocked, type.holdsZero,
      case .dense(let region) = tensor.storage
    else { return nil }
    self.type = type
    self.source = source
    offset = region.offset
    blocksPerRow = tensor.logicalShape.columns / UInt64(type.blockElements)
    self.factor = abs(Double(factor))
  }

  /// llama.cpp divides by a scale before it rounds that to half precision, for most types: by 2^-11 of it at most, or
  /// half the smallest subnormal. (llama.cpp, `ggml/src/ggml-quants.c`, October 2026.)
  private var scaleError: (relative: Double, absolute: Double) {
    switch type {
    // Exponents are exact, and so is single precision.
    case .mxfp4, .q8_K: (0, 0)
    // Codes are made anew with the scale as it is stored.
    case .q3_K, .q6_K, .nvfp4: (0, 0)
    default: (0x1p-11, 0x1p-25)
    }
  }

  /// The greatest magnitude that the scales of a block of all zeros let stand: that of the largest code times half the
  /// smallest scale. (q3_K and q6_K look for the best scale around that of the largest code, which is one code more.)
  private func zeroReach(_ blocks: [UInt8], from start: Int) -> Double {
    /// For types with a scale of half precision, and scales of `bits` for runs of 16 that are a share of it.
    func nested(largest: Double, bits: Double, scaleAt place: Int) -> Double {
      let half = UInt16(blocks[start + place]) | UInt16(blocks[start + place + 1]) << 8
      let scale = abs(Double(Float16Bits.widen(half)))
      return largest * (scale == 0 ? 0x1p-25 * bits : scale / 2)
    }
    switch type {
    case .q8_0, .q8_1: return 127 * 0x1p-25
    case .q5_0: return 16 * 0x1p-25
    case .q4_0: return 8 * 0x1p-25
    case .tq1_0, .tq2_0, .q2_0: return 0x1p-25
    case .q3_K: return nested(largest: 5, bits: 32, scaleAt: 108)
    case .q6_K: return nested(largest: 33, bits: 128, scaleAt: 208)
    // The smallest of its scales is 2^-9.
    case .nvfp4: return 6 * 0x1p-10
    default: return 0
    }
  }

  /// Reads the factors of the blocks; see `ReachTelling`.
  /// - Throws: what the source throws.
  package func readReaches(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into reaches: inout [Double]
  ) throws {
    let width = columns.count
    if reaches.count < rows.count * width {
      reaches += repeatElement(0, count: rows.count * width - reaches.count)
    }
    if rows.isEmpty || width == 0 { return }
    let unit = UInt64(type.blockElements)
    let blocks = columns.lowerBound / unit..<(columns.upperBound + unit - 1) / unit
    let skip = Int(columns.lowerBound - blocks.lowerBound * unit)
    var stored = [UInt8](repeating: 0, count: blocks.count * type.blockBytes)
    var factors = [Float](repeating: 0, count: blocks.count * type.blockElements / 16)
    let error = scaleError
    for (index, row) in rows.enumerated() {
      let first = row * blocksPerRow + blocks.lowerBound
      try source.read(
        stored.count,
        at: offset + first * UInt64(type.blockBytes),
        into: &stored,
        startingAt: 0
      )
      read(stored, blocks.count, into: &factors)
      var column = 0
      while column < width {
        let place = skip &+ column
        let step = abs(Double(factors[place &>> 4]))
        let reach =
          step == 0
          ? zeroReach(stored, from: place / type.blockElements * type.blockBytes)
          : (step + max(step * error.relative, error.absolute)) / 2
        let end = min(width, column &+ 16 &- place & 15)
        while column < end {
          reaches[index &* width &+ column] = reach * factor
          column &+= 1
        }
      }
    }
  }

  private func read(_ blocks: [UInt8], _ count: Int, into factors: inout [Float]) {
    precondition(blocks.count >= count * type.blockBytes && factors.count >= count * type.blockElements / 16)
    blocks.withUnsafeBytes { blocks in
      factors.withUnsafeMutableBufferPointer { factors in
        guard let source = blocks.baseAddress, let factors = factors.baseAddress else { return }
        type.withLayout(TakingFactors(source: source, blockCount: count, factors: factors))
      }
    }
  }
}

/// Blocks and the place of a number for each of their runs.
private struct TakingFactors: BlockTask {
  let source: UnsafeRawPointer
  let blockCount: Int
  let factors: UnsafeMutablePointer<Float>

  func run<Layout: BlockLayout>(_ layout: Layout) {
    var block = source
    var target = factors
    let end = source + blockCount &* Layout.type.blockBytes
    while block < end {
      layout.eachRun(of: block) { start, _, factor, _ in target[start &>> 4] = factor }
      block += Layout.type.blockBytes
      target += Layout.type.blockElements &>> 4
    }
  }
}
