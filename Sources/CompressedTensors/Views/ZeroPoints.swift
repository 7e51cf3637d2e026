internal import ModelIR
internal import Quantizing

/// Zero points that share words along the rows of their weight, one to the byte.
///
/// Stored `[slices.., words, groups]`, seen as `[slices * rows, groups]`.
struct UnpackedZeroPoints: RowDecoding {
  private let words: StoredMatrix
  private let packing: IntegerPacking
  private let rowsPerSlice: UInt64
  let rows: UInt64
  var columns: UInt64 { words.columns }
  var elementBytes: Int { 1 }

  /// The zero points of weights of `rowsPerSlice` rows a slice.
  init(_ words: StoredMatrix, packing: IntegerPacking, rowsPerSlice: UInt64) {
    self.words = words
    self.packing = packing
    self.rowsPerSlice = rowsPerSlice
    let wordsPerSlice = packing.wordsPerRow(columns: rowsPerSlice)
    rows = wordsPerSlice == 0 ? 0 : words.rows / wordsPerSlice * rowsPerSlice
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    let wordsPerSlice = packing.wordsPerRow(columns: rowsPerSlice)
    var row = rows.lowerBound
    while row < rows.upperBound {
      let (slice, within) = row.quotientAndRemainder(dividingBy: rowsPerSlice)
      let run = within..<min(rowsPerSlice, within + rows.upperBound - row)
      let bytes = packing.byteRange(ofColumns: run)
      let first = slice * wordsPerSlice
      let stored = try words.decoded(
        first + bytes.lowerBound / 4..<first + bytes.upperBound / 4,
        columns
      )
      let target = start + Int(row - rows.lowerBound) * columns.count
      unpack(stored, run, columns.count, into: &buffer, at: target)
      row += UInt64(run.count)
    }
  }

  /// Unpacks group by group, as words run down the rows.
  private func unpack(
    _ stored: [UInt8],
    _ run: Range<UInt64>,
    _ groups: Int,
    into buffer: inout [UInt8],
    at start: Int
  ) {
    let wordCount = stored.count / 4 / max(groups, 1)
    var column = [UInt8](repeating: 0, count: wordCount * 4)
    var codes = [UInt8](repeating: 0, count: run.count)
    for group in 0..<groups {
      for word in 0..<wordCount {
        for byte in 0..<4 { column[word * 4 + byte] = stored[(word * groups + group) * 4 + byte] }
      }
      packing.unpack(column, startingAt: 0, columns: run, into: &codes, at: 0)
      for row in 0..<run.count { buffer[start + row * groups + group] = codes[row] }
    }
  }
}

/// Zero points packed along the rows of their weight, as 0.18 and later pack them.
struct PackedZeroPoints: RowDecoding {
  private let plain: any RowDecoding
  private let packing: IntegerPacking
  private let rowsPerSlice: UInt64
  private let wordsPerSlice: UInt64
  let rows: UInt64
  var columns: UInt64 { plain.columns }
  var elementBytes: Int { 4 }

  /// The words of zero points that stand one to the byte.
  init(_ plain: any RowDecoding, packing: IntegerPacking, rowsPerSlice: UInt64) {
    precondition(packing.arrangement == .dense, "only today's layout is written")
    self.plain = plain
    self.packing = packing
    self.rowsPerSlice = rowsPerSlice
    wordsPerSlice = packing.wordsPerRow(columns: rowsPerSlice)
    rows = rowsPerSlice == 0 ? 0 : plain.rows / rowsPerSlice * wordsPerSlice
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    let bits = UInt64(packing.bits)
    let groups = columns.count
    var row = rows.lowerBound
    while row < rows.upperBound {
      let (slice, within) = row.quotientAndRemainder(dividingBy: wordsPerSlice)
      let run = within..<min(wordsPerSlice, within + rows.upperBound - row)
      let firstWord = run.lowerBound / bits * bits
      let codes = firstWord / bits * 32..<min(rowsPerSlice, (run.upperBound + bits - 1) / bits * 32)
      let first = slice * rowsPerSlice
      let stored = try plain.decoded(first + codes.lowerBound..<first + codes.upperBound, columns)
      var column = [UInt8](repeating: 0, count: codes.count)
      var words = [UInt8](repeating: 0, count: packing.byteRange(ofColumns: codes).count)
      let skip = Int(run.lowerBound - firstWord)
      for group in 0..<groups {
        for index in 0..<codes.count { column[index] = stored[index * groups + group] }
        packing.pack(column, startingAt: 0, columns: codes, into: &words, at: 0)
        for index in 0..<run.count {
          let target = start + ((Int(row - rows.lowerBound) + index) * groups + group) * 4
          for byte in 0..<4 { buffer[target + byte] = words[(skip + index) * 4 + byte] }
        }
      }
      row += UInt64(run.count)
    }
  }
}
