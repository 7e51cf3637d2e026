/// What a tile of a 2:4 layout can have wrong.
package enum TileProblem: Error, Hashable {
  /// A metadata code that names no two places in ascending order.
  ///
  /// `row` is counted as the rows that were asked for are, from the first row of the first block; `column` is
  /// the first dense column of the group, counted from the first tile that was passed.
  case badMetadata(row: Int, column: Int)
}
