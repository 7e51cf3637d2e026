extension MarlinTiling {
  /// Decodes rows of consecutive column tiles to signed codes, one to the byte: stored code - 2^(bits - 1),
  /// and 0 where the metadata stores nothing. A row takes 32 * `tileCount` bytes.
  /// - Parameters:
  ///   - rows: the rows, counted from the first of the row blocks that were passed.
  ///   - tileCount: how many column tiles were passed.
  ///   - blockCount: how many consecutive row blocks were passed of each column tile.
  ///   - packed: the tiles' bytes of `weight_packed`: column tile after column tile, in each the row blocks.
  ///   - meta: the tiles' bytes of `meta`, in the same order.
  ///   - codes: where the codes go; the bytes between the rows are left alone.
  ///   - start: the index in `codes` of the first row's first code.
  ///   - rowStride: how far apart in `codes` rows start.
  /// - Throws: ``TileProblem`` for a bad code in one of `rows`; some of `codes` may be written by then.
  package func decode(
    rows: Range<Int>,
    tileCount: Int,
    blockCount: Int = 1,
    packed: [UInt8],
    meta: [UInt8],
    into codes: inout [UInt8],
    at start: Int,
    rowStride: Int
  ) throws(TileProblem) {
    let tileBytes = packedTileBytes
    precondition(rows.lowerBound >= 0 && rows.upperBound <= blockCount * Self.blockRows, "no such rows")
    precondition(packed.count >= tileCount * blockCount * tileBytes, "tiles are missing")
    precondition(meta.count >= tileCount * blockCount * Self.metaTileBytes, "metadata is missing")
    guard !rows.isEmpty, tileCount > 0 else { return }
    precondition(
      start >= 0 && rowStride >= 0
        && start + (rows.count - 1) * rowStride + tileCount * Self.tileColumns <= codes.count,
      "the rows do not fit"
    )
    let (packed, meta) = (packed.span, meta.span)
    var output = codes.mutableSpan
    var tile = 0
    while tile < tileCount {
      var row = rows.lowerBound
      while row < rows.upperBound {
        let index = tile &* blockCount &+ row / Self.blockRows
        let groups = Self.groups(row: row % Self.blockRows, in: meta, at: index &* Self.metaTileBytes)
        let isGood = decodeRow(
          row % Self.blockRows,
          groups,
          from: packed,
          at: index &* tileBytes,
          to: &output,
          at: start &+ (row &- rows.lowerBound) &* rowStride &+ tile &* Self.tileColumns
        )
        if !isGood {
          let refused = KeptPlaces.firstRefused(UInt64(groups), count: 8, allowed: KeptPlaces.twoOfFour)
          throw .badMetadata(row: row, column: tile * Self.tileColumns + (refused ?? 0) * 4)
        }
        row &+= 1
      }
      tile &+= 1
    }
  }

  /// The eight codes of a row of a tile, the first in the lowest bits.
  ///
  /// (`_calculate_meta_reordering_scatter_offsets` in compressed-tensors' `semi_structured_conversions.py`,
  /// which is not PyTorch's.)
  private static func groups(row: Int, in meta: Span<UInt8>, at base: Int) -> UInt32 {
    let moved = row % 2 * 2 + row % 8 / 4 + row % 4 / 2 * 32 + row / 8 * 4
    let first = base &+ MetadataSwap.word(row: moved, column: 0) &* 2
    let second = base &+ MetadataSwap.word(row: moved, column: 1) &* 2
    return UInt32(meta[first]) | UInt32(meta[first &+ 1]) &<< 8
      | UInt32(meta[second]) &<< 16 | UInt32(meta[second &+ 1]) &<< 24
  }

  /// Decodes a row of a tile to 32 codes; returns whether all its groups' codes are good.
  ///
  /// What `get_permutations_24` in `permutations_24.py` comes to: eight rows make a run, of four lanes; lane l
  /// holds groups l and l + 4 of each row. In it rows 0 to 3 and 4 to 7 take turns. The four codes of a row in
  /// a lane are first, first, second, second of both groups: neighbouring bytes of 8 bits; of 4 bits, the halves
  /// of two bytes that are two apart.
  private func decodeRow(
    _ row: Int,
    _ groups: UInt32,
    from packed: Span<UInt8>,
    at base: Int,
    to output: inout MutableSpan<UInt8>,
    at target: Int
  ) -> Bool {
    let first =
      bits == 4
      ? base &+ row / 8 &* 64 &+ row % 4 &* 4 &+ row % 8 / 4
      : base &+ row / 8 &* 128 &+ row % 4 &* 8 &+ row % 8 / 4 &* 4
    var good: UInt32 = 1
    var lane = 0
    while lane < 4 {
      let near: (UInt8, UInt8)
      let far: (UInt8, UInt8)
      if bits == 4 {
        let byte = first &+ lane &* 16
        let bytes = (packed[byte], packed[byte &+ 2])
        near = (bytes.0 & 15 &- 8, bytes.1 & 15 &- 8)
        far = (bytes.0 &>> 4 &- 8, bytes.1 &>> 4 &- 8)
      } else {
        let byte = first &+ lane &* 32
        near = (packed[byte] &- 128, packed[byte &+ 2] &- 128)
        far = (packed[byte &+ 1] &- 128, packed[byte &+ 3] &- 128)
      }
      let nearPlaces = groups &>> UInt32(truncatingIfNeeded: lane &* 4) & 15
      let farPlaces = groups &>> UInt32(truncatingIfNeeded: lane &* 4 &+ 16) & 15
      good &= KeptPlaces.twoOfFour &>> nearPlaces & KeptPlaces.twoOfFour &>> farPlaces
      output.store(KeptPlaces.spread(near.0, near.1, nearPlaces), at: target &+ lane &* 4)
      output.store(KeptPlaces.spread(far.0, far.1, farPlaces), at: target &+ lane &* 4 &+ 16)
      lane &+= 1
    }
    return good == 1
  }
}
