import TestSupport

/// A matrix of which a part of every group is stored, as the naive encoders take it.
struct TwoOfFourSample {
  /// The codes that two places in ascending order can have.
  static let codes = [0b0100, 0b1000, 0b1001, 0b1100, 0b1101, 0b1110]
  /// The codes of 1:2, where an element takes two places.
  static let pairCodes = [0b0100, 0b1110]

  let rows: Int
  let columns: Int
  /// Places of an element: 2 for 1:2, else 1.
  let placesPerElement: Int
  /// The elements' bits, row-major.
  var elements: [UInt64]
  /// The code of each group, row-major.
  var groups: [Int]

  /// The columns of a group.
  var groupColumns: Int { 4 / placesPerElement }
  /// The columns that are stored.
  var storedColumns: Int { columns / 2 }
  /// The stored elements, row-major.
  var stored: [UInt64] {
    groups.indices.flatMap { group in
      storedPlaces(groups[group]).map { elements[group * groupColumns + $0] }
    }
  }

  /// A random matrix whose stored elements `element` makes; stored ones may well be zero.
  init(
    rows: Int,
    columns: Int,
    placesPerElement: Int = 1,
    using generator: inout SeededGenerator,
    element: (inout SeededGenerator) -> UInt64
  ) {
    self.rows = rows
    self.columns = columns
    self.placesPerElement = placesPerElement
    elements = [UInt64](repeating: 0, count: rows * columns)
    let codes = placesPerElement == 2 ? Self.pairCodes : Self.codes
    groups = (0..<(rows * columns * placesPerElement / 4)).map { _ in
      codes[Int.random(in: codes.indices, using: &generator)]
    }
    for group in groups.indices {
      for place in storedPlaces(groups[group]) {
        elements[group * groupColumns + place] = element(&generator)
      }
    }
  }

  /// A matrix whose groups have the codes that the writers choose: compressed-tensors 0.14 and PyTorch 2.15
  /// agree on them.
  init(rows: Int, columns: Int, placesPerElement: Int = 1, elements: [UInt64], isZero: (UInt64) -> Bool) {
    self.rows = rows
    self.columns = columns
    self.placesPerElement = placesPerElement
    self.elements = elements
    let groupColumns = 4 / placesPerElement
    groups = stride(from: 0, to: elements.count, by: groupColumns).map { start in
      let flags = elements[start..<(start + groupColumns)].map { isZero($0) ? "0" : "1" }.joined()
      return switch flags {
      case "10": 0b0100
      case "01", "00": 0b1110
      case "1100": 0b0100
      case "1010", "1000": 0b1000
      case "0110", "0100": 0b1001
      case "1001": 0b1100
      case "0101": 0b1101
      default: 0b1110
      }
    }
  }

  /// The metadata's words, row-major, of `codesPerWord` codes each: the first in the lowest bits.
  func words(codesPerWord: Int) -> [UInt64] {
    stride(from: 0, to: groups.count, by: codesPerWord).map { start in
      (0..<codesPerWord).reduce(0) { $0 | UInt64(groups[start + $1]) << UInt64($1 * 4) }
    }
  }

  /// The places within a group, in elements, that are stored with `code`.
  private func storedPlaces(_ code: Int) -> [Int] {
    placesPerElement == 2 ? [code & 3 / 2] : [code & 3, code >> 2]
  }
}
