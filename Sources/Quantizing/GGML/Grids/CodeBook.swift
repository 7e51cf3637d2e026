/// The numbers that the indices of an IQ type stand for.
struct CodeBook: Sendable {
  /// A row for each index: its signed bytes, the first element's lowest.
  private let rows: [UInt64]

  /// One number a row.
  private init(numbers: [Int8]) {
    rows = numbers.map { UInt64(UInt8(bitPattern: $0)) }
  }

  /// Rows written as hexadecimal numbers of `digits` digits, whose lowest `bits` bits index the first element's
  /// level, and so on.
  private init(_ text: StaticString, digits: Int, bits: Int, levels: [Int8]) {
    let elements = 4 * digits / bits
    let symbols = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    rows = (0..<symbols.count / digits).map { row in
      let number = symbols[row * digits..<(row + 1) * digits].reduce(0) { number, symbol in
        number << 4 | Int(symbol < 0x41 ? symbol - 0x30 : symbol - 0x37)
      }
      return (0..<elements).reduce(0) { word, element in
        let level = levels[number >> (bits * element) & (1 << bits - 1)]
        return word | UInt64(UInt8(bitPattern: level)) << UInt64(8 * element)
      }
    }
  }

  /// Calls `body` with the rows' address.
  func withRows(_ body: (UnsafePointer<UInt64>) -> Void) {
    rows.withUnsafeBufferPointer { rows in
      if let base = rows.baseAddress { body(base) }
    }
  }
}

extension CodeBook {
  /// The numbers of IQ4_NL and IQ4_XS.
  static let iq4 = CodeBook(
    numbers: [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]
  )

  /// 2048 rows of 8, eight times what ggml lists.
  static let iq1 = CodeBook(iq1Grid, digits: 4, bits: 2, levels: [-8, 0, 8])

  /// 256 rows of 8.
  static let iq2XXS = CodeBook(iq2XXSGrid, digits: 4, bits: 2, levels: [8, 25, 43])

  /// 512 rows of 8.
  static let iq2XS = CodeBook(iq2XSGrid, digits: 4, bits: 2, levels: [8, 25, 43])

  /// 1024 rows of 8.
  static let iq2S = CodeBook(iq2SGrid, digits: 4, bits: 2, levels: [8, 25, 43])

  /// 256 rows of 4.
  static let iq3XXS = CodeBook(iq3XXSGrid, digits: 3, bits: 3, levels: [4, 12, 20, 28, 36, 44, 52, 62])

  /// 512 rows of 4.
  static let iq3S = CodeBook(iq3SGrid, digits: 3, bits: 3, levels: [1, 3, 5, 7, 9, 11, 13, 15])
}
