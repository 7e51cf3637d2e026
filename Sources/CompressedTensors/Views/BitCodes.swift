internal import ModelIR
internal import Quantizing

/// Codes of 1 to 8 bits in rows of bits, the lowest bit first, one to the byte.
///
/// Memory: per read the bytes that hold what is asked for.
struct BitCodes: RowDecoding {
  /// What a code is as a byte.
  enum Meaning: Sendable, Hashable {
    /// Its bits as they are.
    case bits
    /// Two's complement.
    case signed
    /// An unsigned integer, lowered by half its range.
    case lowered
  }

  private let bytes: any RowDecoding
  private let bits: Int
  private let meaning: Meaning
  private let rowBits: UInt64
  let rows: UInt64
  let columns: UInt64
  var elementBytes: Int { 1 }

  /// Codes of `bits` bits in rows of `columns`, each `rowBits` behind the one before.
  /// - Parameter bytes: one row of bytes that holds them all.
  init(
    _ bytes: any RowDecoding,
    bits: Int,
    _ meaning: Meaning,
    rows: UInt64,
    columns: UInt64,
    rowBits: UInt64
  ) {
    precondition((1...8).contains(bits) && bytes.elementBytes == 1 && bytes.rows <= 1)
    self.bytes = bytes
    self.bits = bits
    self.meaning = meaning
    self.rows = rows
    self.columns = columns
    self.rowBits = rowBits
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    if rows.isEmpty || columns.isEmpty { return }
    if columns.count == Int(self.columns), rowBits == self.columns * UInt64(bits) {
      // Rows without gaps are one run.
      return try decode(
        rows.count * columns.count,
        fromBit: rows.lowerBound * rowBits,
        into: &buffer,
        at: start
      )
    }
    for (index, row) in rows.enumerated() {
      let bit = row * rowBits + columns.lowerBound * UInt64(bits)
      try decode(columns.count, fromBit: bit, into: &buffer, at: start + index * columns.count)
    }
  }

  private func decode(_ count: Int, fromBit bit: UInt64, into buffer: inout [UInt8], at start: Int) throws {
    let first = bit / 8
    let stored = try bytes.decoded(0..<1, first..<(bit + UInt64(count) * UInt64(bits) + 7) / 8)
    let (flip, extended): (UInt8, UInt8) =
      switch meaning {
      case .bits: (0, 0)
      // With the highest bit turned over, either meaning is a number lowered by half its range.
      case .signed: (1 << UInt8(bits - 1), 1 << UInt8(bits - 1))
      case .lowered: (0, 1 << UInt8(bits - 1))
      }
    let mask = UInt16(1) << UInt16(bits) - 1
    let source = stored.span
    var target = buffer.mutableSpan
    var position = Int(bit % 8)
    var index = 0
    while index < count {
      let byte = position &>> 3
      var word = UInt16(source[byte])
      // At most 8 bits behind up to 7 others.
      if position & 7 &+ bits > 8 { word |= UInt16(source[byte &+ 1]) &<< 8 }
      let code = UInt8(truncatingIfNeeded: (word &>> UInt16(position & 7)) & mask)
      target[start &+ index] = (code ^ flip) &- extended
      position &+= bits
      index &+= 1
    }
  }
}

/// Numbers of one byte that are the same everywhere.
struct ConstantMatrix: RowDecoding {
  let value: UInt8
  let rows: UInt64
  let columns: UInt64
  var elementBytes: Int { 1 }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    for place in start..<start + rows.count * columns.count { buffer[place] = value }
  }
}

/// Unsigned bytes lowered by half their range.
struct LoweredBytes: RowDecoding {
  let bytes: any RowDecoding
  var rows: UInt64 { bytes.rows }
  var columns: UInt64 { bytes.columns }
  var elementBytes: Int { 1 }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    try bytes.decode(rows, columns, into: &buffer, startingAt: start)
    var lowered = buffer.mutableSpan
    var place = start
    let end = start + rows.count * columns.count
    while place < end {
      lowered[place] ^= 0x80
      place &+= 1
    }
  }
}

/// E2M1 codes, one to the byte, as the 8-bit floats (E4M3) of the same values.
struct WidenedNibbles: RowDecoding {
  let codes: any RowDecoding
  var rows: UInt64 { codes.rows }
  var columns: UInt64 { codes.columns }
  var elementBytes: Int { 1 }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    let nibbles = try codes.decoded(rows, columns)
    FloatPacking.nibbles.convertToE4M3(nibbles, from: 0, count: nibbles.count, into: &buffer, at: start)
  }
}
