import Quantizing

/// Packed rows as lists of single bits, the lowest of each byte first.
struct NaivePacking {
  let bits: Int
  let arrangement: IntegerPacking.Arrangement

  /// The bit of the row at which a column's code starts.
  func start(ofColumn column: Int) -> Int {
    switch arrangement {
    case .dense: column * bits
    case .padded: column / (32 / bits) * 32 + column % (32 / bits) * bits
    }
  }

  /// The words of a row of these signed codes, as bytes.
  func words(_ codes: [UInt8]) -> [UInt8] {
    guard !codes.isEmpty else { return [] }
    let used = start(ofColumn: codes.count - 1) + bits
    var row = [Bool](repeating: false, count: (used + 31) / 32 * 32)
    for (column, code) in codes.enumerated() {
      let stored = Int(Int8(bitPattern: code)) + 1 << (bits - 1)
      for bit in 0..<bits { row[start(ofColumn: column) + bit] = stored >> bit & 1 == 1 }
    }
    return stride(from: 0, to: row.count, by: 8).map { first in
      (0..<8).reduce(UInt8(0)) { $0 | (row[first + $1] ? 1 << UInt8($1) : 0) }
    }
  }
}

/// The signed codes of a width that these bytes become.
func signedCodes(_ bytes: [UInt8], bits: Int) -> [UInt8] {
  bytes.map { UInt8(bitPattern: Int8(Int($0) % (1 << bits) - 1 << (bits - 1))) }
}
