/// The last step of how both 2:4 layouts reorder metadata: a swap within squares of 2 x 2 words, and columns
/// stored by two.
enum MetadataSwap {
  /// Which word of a pair of columns belongs to `row`, after its reordering, and `column` 0 or 1 of the pair.
  static func word(row: Int, column: Int) -> Int {
    switch (row % 2, column) {
    case (0, 1): (row + 1) * 2
    case (1, 0): (row - 1) * 2 + 1
    default: row * 2 + column
    }
  }
}
