import TestSupport

/// pack-quantized words made bit by bit.
enum NaiveWords {
  /// The words of a row of signed codes.
  static func pack(_ codes: some Collection<Int>, bits: Int, isPadded: Bool) -> [UInt64] {
    let perWord = 32 / bits
    let count = isPadded ? (codes.count + perWord - 1) / perWord : (codes.count * bits + 31) / 32
    var words = [UInt64](repeating: 0, count: count)
    for (column, code) in codes.enumerated() {
      let start = isPadded ? column / perWord * 32 + column % perWord * bits : column * bits
      let stored = code + (1 << (bits - 1))
      for bit in 0..<bits where stored >> bit & 1 == 1 {
        words[(start + bit) / 32] |= 1 << UInt64((start + bit) % 32)
      }
    }
    return words
  }

  /// The words of rows of `columns` codes.
  static func pack(_ codes: [Int], columns: Int, bits: Int, isPadded: Bool) -> [UInt64] {
    if columns == 0 { return [] }
    return stride(from: 0, to: codes.count, by: columns).flatMap {
      pack(codes[$0..<($0 + columns)], bits: bits, isPadded: isPadded)
    }
  }

  /// The words of `[rows, groups]` codes, packed down the rows.
  static func packDown(_ codes: [Int], groups: Int, bits: Int, isPadded: Bool) -> [UInt64] {
    let rows = codes.count / groups
    let columns = (0..<groups).map { group in
      pack((0..<rows).map { codes[$0 * groups + group] }, bits: bits, isPadded: isPadded)
    }
    return (0..<columns[0].count).flatMap { word in columns.map { $0[word] } }
  }

  /// Random codes of a width.
  static func codes(_ count: Int, bits: Int, _ generator: inout SeededGenerator) -> [Int] {
    (0..<count).map { _ in Int.random(in: -(1 << (bits - 1))..<(1 << (bits - 1)), using: &generator) }
  }
}
