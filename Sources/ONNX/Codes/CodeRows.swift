internal import ModelIR

/// Integers of 1 to 16 bits in rows of bits, the lowest bit first.
///
/// Memory: per read the bytes that hold what is asked for.
struct CodeRows: Sendable {
  /// How the bits of a code are a number.
  enum Meaning: Sendable {
    /// An unsigned integer.
    case unsigned
    /// Two's complement.
    case signed
    /// A sign and a magnitude that orders floats: 0 for either zero.
    case float
  }

  private let bytes: any RowDecoding
  private let bits: Int
  private let meaning: Meaning
  private let rowBits: UInt64
  /// The codes of a row.
  let columns: UInt64

  /// Codes of `bits` bits in rows of `columns`, each `rowBits` behind the one before.
  /// - Parameter bytes: one row of bytes.
  init(_ bytes: any RowDecoding, bits: Int, _ meaning: Meaning, columns: UInt64, rowBits: UInt64) {
    precondition((1...16).contains(bits) && bytes.elementBytes == 1 && bytes.rows == 1)
    self.bytes = bytes
    self.bits = bits
    self.meaning = meaning
    self.columns = columns
    self.rowBits = rowBits
  }

  /// Reads whole or cut rows as numbers, one behind the other.
  /// - Throws: what reading throws.
  func read(_ rows: Range<UInt64>, _ columns: Range<UInt64>, into numbers: inout [Int16]) throws {
    let count = rows.count * columns.count
    if numbers.count < count { numbers += repeatElement(0, count: count - numbers.count) }
    if count == 0 { return }
    let isWhole = columns.lowerBound == 0 && columns.upperBound == self.columns
    if isWhole && rowBits == self.columns * UInt64(bits) {
      // Rows without gaps are one run.
      return try read(count, fromBit: rows.lowerBound * rowBits, into: &numbers, at: 0)
    }
    for (index, row) in rows.enumerated() {
      let bit = row * rowBits + columns.lowerBound * UInt64(bits)
      try read(columns.count, fromBit: bit, into: &numbers, at: index * columns.count)
    }
  }

  private func read(_ count: Int, fromBit bit: UInt64, into numbers: inout [Int16], at start: Int) throws {
    let first = bit / 8
    let end = (bit + UInt64(count) * UInt64(bits) + 7) / 8
    let stored = try bytes.decoded(0..<1, first..<end)
    let skip = Int(bit % 8)
    stored.withUnsafeBytes { stored in
      numbers.withUnsafeMutableBufferPointer { numbers in
        guard let source = stored.baseAddress, let target = numbers.baseAddress else { return }
        Unpacking(source: source, byteCount: stored.count, target: target + start, count: count)
          .unpack(bits: bits, skip: skip, meaning)
      }
    }
  }
}

/// Codes in memory on the way to numbers.
private struct Unpacking {
  let source: UnsafeRawPointer
  let byteCount: Int
  let target: UnsafeMutablePointer<Int16>
  let count: Int

  func unpack(bits: Int, skip: Int, _ meaning: CodeRows.Meaning) {
    switch (bits, meaning) {
    case (8, .unsigned):
      for index in 0..<count { target[index] = Int16(source.load(fromByteOffset: index, as: UInt8.self)) }
      return
    case (8, .signed):
      for index in 0..<count { target[index] = Int16(source.load(fromByteOffset: index, as: Int8.self)) }
      return
    case (4, _) where skip == 0: unpackNibbles()
    default: unpackBits(bits, skip)
    }
    switch meaning {
    case .unsigned: break
    case .signed:
      let shift = Int16(16 - bits)
      for index in 0..<count { target[index] = (target[index] &<< shift) &>> shift }
    case .float:
      let sign = Int16(1) &<< Int16(bits - 1)
      for index in 0..<count {
        let magnitude = target[index] & (sign &- 1)
        target[index] = target[index] & sign == 0 ? magnitude : 0 &- magnitude
      }
    }
  }

  private func unpackNibbles() {
    for byte in 0..<count / 2 {
      let pair = source.load(fromByteOffset: byte, as: UInt8.self)
      target[byte &* 2] = Int16(pair & 15)
      target[byte &* 2 &+ 1] = Int16(pair &>> 4)
    }
    if count % 2 != 0 {
      target[count - 1] = Int16(source.load(fromByteOffset: count / 2, as: UInt8.self) & 15)
    }
  }

  private func unpackBits(_ bits: Int, _ skip: Int) {
    let mask = UInt32(1) &<< UInt32(bits) &- 1
    var position = skip
    for index in 0..<count {
      let byte = position &>> 3
      // At most 16 bits behind up to 7 others.
      var word: UInt32 = 0
      for place in 0..<min(3, byteCount &- byte) {
        word |= UInt32(source.load(fromByteOffset: byte &+ place, as: UInt8.self)) &<< UInt32(place &* 8)
      }
      target[index] = Int16(truncatingIfNeeded: (word &>> UInt32(position & 7)) & mask)
      position &+= bits
    }
  }
}
