internal import SparseCoding

/// A map of densities as text: a letter a cell, row-major, of base64's alphabet: `A` for a cell without a nonzero, `/` for one without
/// a zero, and 62 levels between. Where all cells are alike it is one letter.
enum DensityLevels {
  /// The letters, by level.
  static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// The level of a cell with so many nonzeros.
  static func level(_ nonzeros: UInt64, of elements: UInt64) -> Int {
    if nonzeros == 0 { return 0 }
    if nonzeros >= elements { return 63 }
    return max(1, min(62, Int((Double(nonzeros) / Double(elements) * 63).rounded())))
  }

  /// The letters of a map.
  static func text(_ map: DensityMap) -> String {
    let letters = map.counts.indices.map { alphabet[level(map.counts[$0], of: map.elements(ofCell: $0))] }
    let isUniform = letters.allSatisfy { $0 == letters.first }
    return String(decoding: isUniform ? Array(letters.prefix(1)) : letters, as: UTF8.self)
  }
}
