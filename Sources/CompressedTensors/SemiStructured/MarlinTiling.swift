package import ModelIR

/// Where marlin-24 keeps the elements of an N x K weight of 4- or 8-bit integers.
///
/// Two of four columns are stored. The unit is a tile of 64 rows x 32 columns: its 1024 stored codes are one
/// run of `weight_packed`, its 64 x 8 groups' places are one run of `meta`. The rows of blocks come first:
/// tile (0, 0), then tile (1, 0) below it. So a column of tiles is one run in both parts, a row of tiles is not.
/// (compressed-tensors 0.14, `marlin_24.py`, `permutations_24.py`, `semi_structured_conversions.py`.)
package struct MarlinTiling: Sendable, Hashable {
  /// The rows of a tile.
  package static let blockRows = 64
  /// The columns of a tile.
  package static let tileColumns = 32
  /// The bytes of a tile in `meta`: 128 words of 16 bits.
  package static let metaTileBytes = 256

  /// N, the rows of the dense weight.
  package let rows: UInt64
  /// K, the columns of the dense weight.
  package let columns: UInt64
  /// The bits of a code: 4 or 8.
  package let bits: Int
  /// The shape of `weight_packed`, of I32: `[K / 32, N * bits / 2]`.
  package let packedShape: Shape
  /// The shape of `meta`, of I16: `[K / 32, 2 * N]`.
  package let metaShape: Shape

  /// The tiling of a weight of `rows` x `columns`; nil unless both are positive multiples of 64 and 32, `bits`
  /// is 4 or 8, and the sizes of all parts fit 64 bits.
  package init?(rows: UInt64, columns: UInt64, bits: Int) {
    guard rows > 0, columns > 0, bits == 4 || bits == 8, rows % UInt64(Self.blockRows) == 0,
      columns % UInt64(Self.tileColumns) == 0, Shape([rows, columns]) != nil,
      // No product here can overflow: each is at most rows * 4, and there are 32 columns.
      let packed = Shape([columns / UInt64(Self.tileColumns), rows / 2 * UInt64(bits)]),
      let meta = Shape([columns / UInt64(Self.tileColumns), rows * 2]),
      packed.byteCount(of: .int32) != nil, meta.byteCount(of: .int16) != nil
    else { return nil }
    self.rows = rows
    self.columns = columns
    self.bits = bits
    packedShape = packed
    metaShape = meta
  }

  /// The tiling that two stored tensors `weight_packed` and `meta` can have, or nil.
  ///
  /// The format stores no shape of the weight: `meta` alone tells N and K, both together the bits.
  package static func matches(
    packed: (ElementType, Shape),
    meta: (ElementType, Shape)
  ) -> MarlinTiling? {
    guard packed.0 == .int32, meta.0 == .int16, packed.1.rank == 2, meta.1.rank == 2 else { return nil }
    let (columns, overflow) = meta.1.rows.multipliedReportingOverflow(by: UInt64(tileColumns))
    if overflow { return nil }
    for bits in [4, 8] {
      if let tiling = MarlinTiling(rows: meta.1.columns / 2, columns: columns, bits: bits),
        tiling.packedShape == packed.1, tiling.metaShape == meta.1
      {
        return tiling
      }
    }
    return nil
  }

  /// How many blocks of 64 rows there are.
  package var rowBlocks: UInt64 { rows / UInt64(Self.blockRows) }

  /// How many tiles of 32 columns a block has.
  package var columnTiles: UInt64 { columns / UInt64(Self.tileColumns) }

  /// The bytes of a tile in `weight_packed`: 512 or 1024.
  package var packedTileBytes: Int { Self.blockRows * Self.tileColumns / 2 * bits / 8 }

  /// Where a tile starts within `weight_packed`, in bytes; the next row block's follows it.
  package func packedOffset(rowBlock: UInt64, columnTile: UInt64) -> UInt64 {
    tileIndex(rowBlock, columnTile) * UInt64(packedTileBytes)
  }

  /// Where a tile starts within `meta`, in bytes; the next row block's follows it.
  package func metaOffset(rowBlock: UInt64, columnTile: UInt64) -> UInt64 {
    tileIndex(rowBlock, columnTile) * UInt64(Self.metaTileBytes)
  }

  private func tileIndex(_ rowBlock: UInt64, _ columnTile: UInt64) -> UInt64 {
    precondition(rowBlock < rowBlocks && columnTile < columnTiles, "no such tile")
    return columnTile * rowBlocks + rowBlock
  }
}
