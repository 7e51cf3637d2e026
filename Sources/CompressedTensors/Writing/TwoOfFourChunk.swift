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
    let bytesPerRow = (chunk.columnCount + 7) / 8
    let hasHalf = chunk.columnCount % 8 != 0
    var (isExact, violations, place) = (true, 0, 0)
    let halves = Self.halves
    for _ in 0..<chunk.rowCount {
      for byte in 0..<bytesPerRow {
        let found = halves[Int(encoded.structure[place])]
        violations += Int(found.violations)
        // The half behind a row's last column is empty, and stays so.
        isExact = isExact && found.lowIsPair && (found.highIsPair || (hasHalf && byte == bytesPerRow - 1))
        place += 1
      }
    }
    if violations > 0 {
      guard let pattern = NMPattern(kept: 2, group: 4) else { preconditionFailure("2:4 is a pattern") }
      throw LayoutObstacle.notCompliant(pattern, groups: UInt64(violations))
    }
    if !isExact {
      collect(dense, chunk, into: &encoded) { bits, _ in Self.filled[Int(bits)] }
    }
    return DroppedValues()
  }

  private func encodeAsReference(
    _ dense: inout [UInt8],
    _ chunk: Chunk,
    into encoded: inout EncodedChunk
  ) -> DroppedValues {
    var dropped = DroppedValues()
    let order = MagnitudeOrder(type)
    encoded.reserveStructure(chunk.rowCount * ((chunk.columnCount + 7) / 8))
    let original = dense
    collect(original, chunk, into: &encoded) { _, first in
      let bits = order.kept(original, at: first)
      for element in 0..<4 where bits >> UInt8(element) & 1 == 0 {
        drop(first + element * width, from: &dense, &dropped)
      }
      return bits
    }
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

  private struct Halves {
    var lowIsPair: Bool
    var highIsPair: Bool
    var violations: UInt8
  }

  private static let halves: [Halves] = (0..<256).map { byte in
    let (low, high) = ((byte & 15).nonzeroBitCount, (byte >> 4).nonzeroBitCount)
    return Halves(
      lowIsPair: low == 2,
      highIsPair: high == 2,
      violations: (low > 2 ? 1 : 0) + (high > 2 ? 1 : 0)
    )
  }

  /// The bits that are set where fewer than two of four elements are to be kept: those that the library would
  /// set, see ``MagnitudeOrder``.
  private static let filled: [UInt8] = (0..<16).map { bits in
    switch UInt8(bits) {
    case 0b0000, 0b1000, 0b0100: 0b1100
    case 0b0010: 0b1010
    case 0b0001: 0b0101
    case let bits: bits
    }
  }

  /// Sets the bits that `choose` gives for every four elements, and collects the elements that they stand for.
  ///
  /// `choose` gets the bits that are set so far, and the byte at which the elements start in `dense`.
  private func collect(
    _ dense: [UInt8],
    _ chunk: Chunk,
    into encoded: inout EncodedChunk,
    _ choose: (_ bits: UInt8, _ first: Int) -> UInt8
  ) {
    let bytesPerRow = (chunk.columnCount + 7) / 8
    encoded.reserveValues(chunk.elementCount / 2 * width)
    var target = 0
    for row in 0..<chunk.rowCount {
      for group in 0..<chunk.columnCount / 4 {
        let place = row * bytesPerRow + group / 2
        let shift: UInt8 = group % 2 == 0 ? 0 : 4
        let first = (row * chunk.columnCount + group * 4) * width
        let bits = choose(encoded.structure[place] >> shift & 15, first)
        encoded.structure[place] = encoded.structure[place] & ~(15 << shift) | bits << shift
        for element in 0..<4 where bits >> UInt8(element) & 1 == 1 {
          let from = first + element * width
          for byte in 0..<width { encoded.values[target + byte] = dense[from + byte] }
          target += width
        }
      }
    }
    encoded.valueByteCount = target
  }
}
