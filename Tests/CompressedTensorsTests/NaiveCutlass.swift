import ModelIR

/// PyTorch's CUTLASS layout as its writer makes it: what the decoder is compared with.
enum NaiveCutlass {
  /// The parts of a matrix.
  static func encode(_ sample: TwoOfFourSample, _ type: ElementType) -> (packed: [UInt8], meta: [UInt8]) {
    let words = sample.words(codesPerWord: type == .int8 ? 8 : 4)
    let packed = sample.stored.flatMap { littleEndianBytes(of: $0, width: type.bitWidth / 8) }
    return (packed, meta(words, rows: sample.rows, type))
  }

  /// The metadata of row-major words.
  static func meta(_ words: [UInt64], rows: Int, _ type: ElementType) -> [UInt8] {
    let wordColumns = words.count / rows
    let wordBytes = type == .int8 ? 4 : 2
    var meta = [UInt8](repeating: 0, count: words.count * wordBytes)
    for row in 0..<rows {
      for column in 0..<wordColumns {
        let offset = wordOffset(row: row, column: column, rows: rows, type) * wordBytes
        let bytes = littleEndianBytes(of: words[row * wordColumns + column], width: wordBytes)
        meta.replaceSubrange(offset..<(offset + wordBytes), with: bytes)
      }
    }
    return meta
  }

  /// Where in the flat `meta`, in words, the word of a row and a column of words is.
  static func wordOffset(row: Int, column: Int, rows: Int, _ type: ElementType) -> Int {
    let (group, interweave) = type == .int8 ? (16, 2) : (32, 4)
    let moved = row / group * group + row % 8 * interweave + row % group / 8
    return NaiveMarlin.swapped(row: moved, column: column, rows: rows)
  }
}
