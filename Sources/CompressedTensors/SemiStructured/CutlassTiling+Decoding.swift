internal import ModelIR

extension CutlassTiling {
  /// Decodes rows of consecutive units to dense elements, whose bits are moved as they are; the other elements
  /// are zeros. A row takes 64 * `unitCount` bytes.
  /// - Parameters:
  ///   - rows: the rows, counted from the first of the row blocks whose metadata was passed.
  ///   - unitCount: how many units were passed.
  ///   - blockCount: how many consecutive row blocks the metadata was passed of, for each unit.
  ///   - packed: 32 * `unitCount` bytes of `packed` for each of `rows`.
  ///   - meta: the units' bytes of `meta`: unit after unit, in each the row blocks.
  ///   - dense: where the elements go; the bytes between the rows are left alone.
  ///   - start: the index in `dense` of the first row's first byte.
  ///   - rowStride: how far apart in `dense` rows start, in bytes.
  /// - Throws: ``TileProblem`` for a bad code in one of `rows`; some of `dense` may be written by then.
  package func decode(
    rows: Range<Int>,
    unitCount: Int,
    blockCount: Int = 1,
    packed: [UInt8],
    meta: [UInt8],
    into dense: inout [UInt8],
    at start: Int,
    rowStride: Int
  ) throws(TileProblem) {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= blockCount * blockRows, "no such rows")
    precondition(packed.count >= rows.count * unitCount * Self.packedUnitBytes, "values are missing")
    precondition(meta.count >= unitCount * blockCount * Self.metaUnitBytes, "metadata is missing")
    guard !rows.isEmpty, unitCount > 0 else { return }
    precondition(
      start >= 0 && rowStride >= 0
        && start + (rows.count - 1) * rowStride + unitCount * Self.denseUnitBytes <= dense.count,
      "the rows do not fit"
    )
    let allowed = elementType == .float32 ? KeptPlaces.oneOfTwo : KeptPlaces.twoOfFour
    let groupsPerUnit = elementType == .int8 ? 16 : 8
    let (packed, meta) = (packed.span, meta.span)
    let blockRows = blockRows
    var output = dense.mutableSpan
    var row = rows.lowerBound
    var source = 0
    var rowStart = start
    while row < rows.upperBound {
      var block = row / blockRows
      var target = rowStart
      var unit = 0
      while unit < unitCount {
        let metaBase = block &* Self.metaUnitBytes
        let groups: UInt64
        let isGood: Bool
        if elementType == .int8 {
          groups = Self.groupsOf32BitWords(row: row % blockRows, in: meta, at: metaBase)
          isGood = Self.moveBytes(groups, from: packed, at: source, to: &output, at: target)
        } else {
          groups = Self.groupsOf16BitWords(row: row % blockRows, in: meta, at: metaBase)
          isGood = Self.moveHalfWords(groups, allowed, from: packed, at: source, to: &output, at: target)
        }
        if !isGood {
          let refused = KeptPlaces.firstRefused(groups, count: groupsPerUnit, allowed: allowed) ?? 0
          throw .badMetadata(row: row, column: unit * unitColumns + refused * unitColumns / groupsPerUnit)
        }
        source &+= Self.packedUnitBytes
        target &+= Self.denseUnitBytes
        block &+= blockCount
        unit &+= 1
      }
      row &+= 1
      rowStart &+= rowStride
    }
  }

  /// The eight codes of a row of a block of 32 rows, the first in the lowest bits.
  private static func groupsOf16BitWords(row: Int, in meta: Span<UInt8>, at base: Int) -> UInt64 {
    let moved = row % 8 * 4 + row / 8
    let first = base &+ MetadataSwap.word(row: moved, column: 0) &* 2
    let second = base &+ MetadataSwap.word(row: moved, column: 1) &* 2
    return UInt64(meta[first]) | UInt64(meta[first &+ 1]) &<< 8
      | UInt64(meta[second]) &<< 16 | UInt64(meta[second &+ 1]) &<< 24
  }

  /// The sixteen codes of a row of a block of 16 rows, the first in the lowest bits.
  private static func groupsOf32BitWords(row: Int, in meta: Span<UInt8>, at base: Int) -> UInt64 {
    let moved = row % 8 * 2 + row / 8
    var groups: UInt64 = 0
    for column in 0..<2 {
      let first = base &+ MetadataSwap.word(row: moved, column: column) &* 4
      var byte = 3
      var word: UInt64 = 0
      while byte >= 0 {
        word = word &<< 8 | UInt64(meta[first &+ byte])
        byte &-= 1
      }
      groups |= word &<< UInt64(column &* 32)
    }
    return groups
  }

  /// Moves 16 groups of two stored bytes to 64 dense ones; returns whether all codes are good.
  private static func moveBytes(
    _ groups: UInt64,
    from packed: Span<UInt8>,
    at source: Int,
    to output: inout MutableSpan<UInt8>,
    at target: Int
  ) -> Bool {
    var good: UInt32 = 1
    var group = 0
    while group < 16 {
      let places = UInt32(truncatingIfNeeded: groups &>> UInt64(group &* 4)) & 15
      good &= KeptPlaces.twoOfFour &>> places
      let index = source &+ group &* 2
      let elements = KeptPlaces.spread(packed[index], packed[index &+ 1], places)
      output.store(elements, at: target &+ group &* 4)
      group &+= 1
    }
    return good == 1
  }

  /// Moves 8 groups of two stored half-words to 32 dense ones; returns whether all codes are good.
  ///
  /// An F32 is two half-words, and its metadata is that of half-words: 0, 1 or 2, 3 of four are stored.
  private static func moveHalfWords(
    _ groups: UInt64,
    _ allowed: UInt32,
    from packed: Span<UInt8>,
    at source: Int,
    to output: inout MutableSpan<UInt8>,
    at target: Int
  ) -> Bool {
    var good: UInt32 = 1
    var group = 0
    while group < 8 {
      let places = UInt32(truncatingIfNeeded: groups &>> UInt64(group &* 4)) & 15
      good &= allowed &>> places
      let index = source &+ group &* 4
      let a = UInt64(packed[index]) | UInt64(packed[index &+ 1]) &<< 8
      let b = UInt64(packed[index &+ 2]) | UInt64(packed[index &+ 3]) &<< 8
      let elements = a &<< UInt64(places & 3 &* 16) | b &<< UInt64(places &>> 2 &* 16)
      output.store(UInt32(truncatingIfNeeded: elements), at: target &+ group &* 8)
      output.store(UInt32(truncatingIfNeeded: elements &>> 32), at: target &+ group &* 8 &+ 4)
      group &+= 1
    }
    return good == 1
  }
}
