public import ModelIR
public import SparseCoding

/// Makes the parts of sparse-24-bitmask from dense chunks: exactly two bits set of every four.
public struct TwoOfFourChunk: Sendable {
  private let coder: ChunkCoder
  private let type: ElementType
  private let rules: SparseForm.Rules
  private let width: Int

  /// A maker for the tensor that `coder`, of the bitmask layout, cuts; rows are a multiple of 4 long.
  public init(_ coder: ChunkCoder, _ type: ElementType, rules: SparseForm.Rules) {
    precondition(coder.layout == .bitmask, "two of four are a bitmask of their own")
    self.coder = coder
    self.type = type
    self.rules = rules
    width = type.byteWidth ?? 1
  }

  /// Makes mask and values of a dense chunk.
  ///
  /// Under the reference's rules elements that it drops are zeroed in `dense` too, so that what comes out can be
  /// held against it.
  /// - Returns: what was dropped.
  /// - Throws: ``LayoutObstacle/notCompliant(_:groups:)`` where four elements have more than two to keep.
  public func encode(
    _ dense: inout [UInt8],
    _ chunk: Chunk,
    into encoded: inout EncodedChunk
  ) throws -> DroppedValues {
    if rules == .reference { return encodeAsReference(&dense, chunk, into: &encoded) }
    _ = try coder.encode(dense, chunk, before: 0, into: &encoded)
    let pairs = coder.countPairs(encoded, chunk)
    if pairs.violations > 0 {
      guard let pattern = NMPattern(kept: 2, group: 4) else { preconditionFailure("2:4 is a pattern") }
      throw LayoutObstacle.notCompliant(pattern, groups: UInt64(pairs.violations))
    }
    if !pairs.areExact { coder.collectPairs(dense, chunk, Self.pairs, into: &encoded) }
    return DroppedValues()
  }

  private func encodeAsReference(
    _ dense: inout [UInt8],
    _ chunk: Chunk,
    into encoded: inout EncodedChunk
  ) -> DroppedValues {
    var dropped = DroppedValues()
    let order = MagnitudeOrder(type)
    let bytesPerRow = (chunk.columnCount + 7) / 8
    encoded.reserveStructure(chunk.rowCount * bytesPerRow)
    for row in 0..<chunk.rowCount {
      for group in 0..<chunk.columnCount / 4 {
        let first = (row * chunk.columnCount + group * 4) * width
        let bits = order.kept(dense, at: first)
        encoded.structure[row * bytesPerRow + group / 2] |= bits << (group % 2 == 0 ? 0 : 4)
        for element in 0..<4 where bits >> UInt8(element) & 1 == 0 {
          drop(first + element * width, from: &dense, &dropped)
        }
      }
    }
    coder.collectPairs(dense, chunk, Self.pairs, into: &encoded)
    return dropped
  }

  /// Zeroes an element, and counts it unless it is zero.
  private func drop(_ start: Int, from dense: inout [UInt8], _ dropped: inout DroppedValues) {
    let last = start + width - 1
    let isClear = dense[start..<last].allSatisfy { $0 == 0 }
    if isClear && dense[last] == 0 { return }
    if isClear && dense[last] == 0x80 && type.isFloatingPoint {
      dropped.negativeZeros += 1
    } else {
      dropped.values += 1
    }
    for index in start...last { dense[index] = 0 }
  }

  /// The bits that are set where fewer than two of four elements are to be kept: those that the library would
  /// set, see ``MagnitudeOrder``.
  private static let pairs = PairTable(
    filled: (0..<16).map { bits in
      switch UInt8(bits) {
      case 0b0000, 0b1000, 0b0100: 0b1100
      case 0b0010: 0b1010
      case 0b0001: 0b0101
      // More than two never get here.
      case let bits: bits.nonzeroBitCount == 2 ? bits : 0b0011
      }
    }
  )
}
