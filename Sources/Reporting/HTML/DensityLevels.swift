internal import SparseCoding

/// A map of densities as text: a letter a cell, row-major, of base64's alphabet: `A` for a cell without a nonzero, `/` for one without
/// a zero, and 62 levels between. Where all cells are alike it is one letter.
///
/// 64 by 64 cells are 4 KB a tensor; where there are many tensors cells are joined, so that all maps of a page take some
/// 4 MB at most.
struct DensityLevels {
  /// How many cells are joined along either side.
  let joined: Int

  /// The letters, by level.
  static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// Maps of so many tensors on one page.
  init(tensors: Int) {
    var joined = 1
    while joined < 16, tensors > 1024 * joined * joined { joined *= 2 }
    self.joined = joined
  }

  /// The level of a cell with so many nonzeros.
  static func level(_ nonzeros: UInt64, of elements: UInt64) -> Int {
    if nonzeros == 0 { return 0 }
    if nonzeros >= elements { return 63 }
    return max(1, min(62, Int((Double(nonzeros) / Double(elements) * 63).rounded())))
  }

  /// A map as rows and columns of letters, and the text.
  func text(_ map: ZeroMap) -> (rows: Int, columns: Int, levels: String) {
    let rows = (map.cells.rows + joined - 1) / joined
    let columns = (map.cells.columns + joined - 1) / joined
    var nonzeros = [UInt64](repeating: 0, count: rows * columns)
    var elements = nonzeros
    let extents = map.extents
    for (row, height) in extents.rows.enumerated() {
      for (column, width) in extents.columns.enumerated() {
        let cell = row / joined * columns + column / joined
        nonzeros[cell] &+= map.cellCounts[row * extents.columns.count + column]
        elements[cell] &+= height * width
      }
    }
    let letters = zip(nonzeros, elements).map { Self.alphabet[Self.level($0, of: $1)] }
    let isUniform = letters.allSatisfy { $0 == letters.first }
    return (rows, columns, String(decoding: isUniform ? Array(letters.prefix(1)) : letters, as: UTF8.self))
  }
}
