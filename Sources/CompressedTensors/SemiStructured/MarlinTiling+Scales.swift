package import ModelIR

extension MarlinTiling {
  /// Whether the scales of a row of `scale_packed` are permuted.
  ///
  /// compressed-tensors compares the group size with the columns that are left of K after compaction, K / 2:
  /// groups of 128 are permuted from K = 512 on, and not at K = 256.
  /// - Parameter isGrouped: whether the strategy is `group`; scales of channels are never permuted.
  package static func permutesScales(isGrouped: Bool, groupSize: UInt64, columns: UInt64) -> Bool {
    isGrouped && groupSize < columns / 2
  }

  /// The place of row `row`'s scale within each row of `scale_packed`.
  ///
  /// Permuted scales are in runs of 8, in the order 0, 4, 1, 5, 2, 6, 3, 7.
  package static func scaleColumn(ofRow row: UInt64, isPermuted: Bool) -> UInt64 {
    guard isPermuted else { return row }
    let inRun = row % 8
    return row - inRun + inRun % 4 * 2 + inRun / 4
  }

  /// The shape of `scale_packed`, `[G, N]`: G is 1, or K / `groupSize` for groups. Nil where groups do not
  /// divide a row evenly.
  package func scaleShape(isGrouped: Bool, groupSize: UInt64) -> Shape? {
    guard isGrouped else { return Shape([1, rows]) }
    return groupSize > 0 && columns % groupSize == 0 ? Shape([columns / groupSize, rows]) : nil
  }
}
