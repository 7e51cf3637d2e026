/// marlin-24 as its writer makes it, array by array: what the decoder is compared with.
enum NaiveMarlin {
  /// The parts of a matrix of signed codes.
  static func encode(_ sample: TwoOfFourSample, bits: Int) -> (packed: [UInt8], meta: [UInt8]) {
    let stored = sample.stored
    let raised = order(rows: sample.rows, columns: sample.columns, bits: bits).map { source in
      (stored[source] + 1 << UInt64(bits - 1)) & (1 << UInt64(bits) - 1)
    }
    let perWord = 32 / bits
    let packed = stride(from: 0, to: raised.count, by: perWord).flatMap { start in
      let word = (0..<perWord).reduce(0) { $0 | raised[start + $1] << UInt64($1 * bits) }
      return littleEndianBytes(of: word, width: 4)
    }
    return (packed, meta(sample.words(codesPerWord: 4), rows: sample.rows))
  }

  /// The metadata of row-major words.
  static func meta(_ words: [UInt64], rows: Int) -> [UInt8] {
    var meta = [UInt8](repeating: 0, count: words.count * 2)
    let wordColumns = words.count / rows
    for row in 0..<rows {
      for column in 0..<wordColumns {
        let offset = wordOffset(row: row, column: column, rows: rows) * 2
        let bytes = littleEndianBytes(of: words[row * wordColumns + column], width: 2)
        meta.replaceSubrange(offset..<(offset + 2), with: bytes)
      }
    }
    return meta
  }

  /// For every code of `weight_packed` in its order: where it comes from in the row-major stored matrix.
  static func order(rows: Int, columns: Int, bits: Int) -> [Int] {
    let stored = columns / 2
    // (K / 32, 16, N / 16, 16), the axes in the order 0, 2, 1, 3.
    var tiled: [Int] = []
    for a in 0..<(stored / 16) {
      for c in 0..<(rows / 16) {
        for b in 0..<16 {
          for d in 0..<16 { tiled.append((c * 16 + d) * stored + a * 16 + b) }
        }
      }
    }
    let permutation = permutation(bits: bits)
    return stride(from: 0, to: tiled.count, by: 1024).flatMap { start in
      permutation.map { tiled[start + $0] }
    }
  }

  private static func permutation(bits: Int) -> [Int] {
    var list: [Int] = []
    for i in 0..<32 {
      let (column, r) = (i / 4, i % 4)
      var base: [Int] = []
      for block in [0, 1] {
        for row in [2 * r, 2 * r + 1, 2 * (r + 4), 2 * (r + 4) + 1] {
          base.append(16 * row + column / 2 * 256 + 8 * (column % 2) + 4 * block)
        }
      }
      for copy in 0..<4 { list += base.map { $0 + copy } }
    }
    let inner = bits == 4 ? [0, 2, 4, 6, 1, 3, 5, 7] : [0, 2, 1, 3]
    return stride(from: 0, to: 1024, by: inner.count).flatMap { start in inner.map { list[start + $0] } }
  }

  /// Where in the flat `meta`, in words, the word of a row and a column of words is.
  static func wordOffset(row: Int, column: Int, rows: Int) -> Int {
    var r = row / 64 * 64
    r += row % 2 * 2
    r += row % 8 / 4
    r += row % 32 % 4 / 2 * 32
    r += row % 64 / 8 * 4
    return swapped(row: r, column: column, rows: rows)
  }

  /// The end of both layouts' reordering: squares of 2 x 2 are swapped, columns stored by two.
  static func swapped(row: Int, column: Int, rows: Int) -> Int {
    var (r, c) = (row, column)
    if row % 2 == 0 && column % 2 == 1 { (r, c) = (row + 1, column - 1) }
    if row % 2 == 1 && column % 2 == 0 { (r, c) = (row - 1, column + 1) }
    return c / 2 * rows * 2 + r * 2 + c % 2
  }

  /// A row of scales as they are stored where they are permuted.
  static func permutedScales<Scale>(_ scales: [Scale]) -> [Scale] {
    let places = (0..<8).flatMap { i in [0, 4, 1, 5, 2, 6, 3, 7].map { 8 * i + $0 } }
    return stride(from: 0, to: scales.count, by: 64).flatMap { start in places.map { scales[start + $0] } }
  }
}
