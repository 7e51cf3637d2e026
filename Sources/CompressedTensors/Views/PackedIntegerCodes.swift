internal import ModelIR
internal import Quantizing

/// Integers that share 32-bit words, one to the byte: signed, two's complement.
struct PackedIntegerCodes: RowDecoding {
  private let words: StoredMatrix
  private let packing: IntegerPacking
  let columns: UInt64
  var rows: UInt64 { words.rows }
  var elementBytes: Int { 1 }

  /// The codes of rows of `words`, whose number the reader has checked.
  init(_ words: StoredMatrix, packing: IntegerPacking, columns: UInt64) {
    self.words = words
    self.packing = packing
    self.columns = columns
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    let bytes = packing.byteRange(ofColumns: columns)
    let stored = try words.decoded(rows, bytes.lowerBound / 4..<bytes.upperBound / 4)
    for row in 0..<rows.count {
      packing.unpack(
        stored,
        startingAt: row * bytes.count,
        columns: columns,
        into: &buffer,
        at: start + row * columns.count
      )
    }
  }
}

/// Integer codes packed to words without padding: the layout of 0.18 and later.
struct RepackedWords: RowDecoding {
  private let codes: any RowDecoding
  private let packing: IntegerPacking
  let columns: UInt64
  var rows: UInt64 { codes.rows }
  var elementBytes: Int { 4 }

  /// The words of `codes`.
  init(_ codes: any RowDecoding, packing: IntegerPacking) {
    precondition(packing.arrangement == .dense, "only today's layout is written")
    self.codes = codes
    self.packing = packing
    columns = packing.wordsPerRow(columns: codes.columns)
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    // As many words as a code has bits hold 32 codes, so both start together there.
    let bits = UInt64(packing.bits)
    let firstWord = columns.lowerBound / bits * bits
    let first = firstWord / bits * 32
    let end = min(codes.columns, (columns.upperBound + bits - 1) / bits * 32)
    let unpacked = try codes.decoded(rows, first..<end)
    let run = packing.byteRange(ofColumns: first..<end)
    var words = [UInt8](repeating: 0, count: run.count)
    let skip = Int(columns.lowerBound - firstWord) * 4
    for row in 0..<rows.count {
      packing.pack(
        unpacked,
        startingAt: row * Int(end - first),
        columns: first..<end,
        into: &words,
        at: 0
      )
      let target = start + row * columns.count * 4
      buffer.replaceSubrange(
        target..<(target + columns.count * 4),
        with: words[skip..<(skip + columns.count * 4)]
      )
    }
  }
}
