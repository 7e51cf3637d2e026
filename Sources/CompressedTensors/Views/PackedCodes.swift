internal import ModelIR
internal import Quantizing

/// Codes that share bytes, the lowest bits first: over the whole tensor, or each row its own bytes.
///
/// Memory: per read the codes of the bytes that are asked for.
struct PackedCodes: RowDecoding {
  private let codes: any RowDecoding
  private let bits: Int
  private let lift: UInt8
  private let isFlat: Bool
  private let filling: UInt8
  let rows: UInt64
  let columns: UInt64
  var elementBytes: Int { 1 }

  /// The low `bits` of codes, one to the byte, after `lift` was added.
  /// - Parameters:
  ///   - rowBytes: the bytes of a row; nil for rows without gaps.
  ///   - filling: what rows are filled up with, before `lift` is added.
  init(_ codes: any RowDecoding, bits: Int, lift: UInt8, rowBytes: UInt64? = nil, filling: UInt8 = 0) {
    precondition((1...8).contains(bits) && codes.elementBytes == 1)
    self.codes = codes
    self.bits = bits
    self.lift = lift
    self.filling = filling
    isFlat = rowBytes == nil
    rows = rowBytes == nil ? 1 : codes.rows
    // As many codes as memory addresses have bits: what reads them has checked that.
    columns = rowBytes ?? (codes.rows * codes.columns * UInt64(bits)).dividedUp(by: 8)
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    if rows.isEmpty || columns.isEmpty { return }
    let width = UInt64(bits)
    let first = columns.lowerBound * 8 / width
    let end = (columns.upperBound * 8).dividedUp(by: width)
    for (index, row) in rows.enumerated() {
      let own = isFlat ? try flat(first, end) : try self.row(row, first, end)
      pack(own, first, columns, into: &buffer, at: start + index * columns.count)
    }
  }

  /// The codes of a row, and what it is filled up with.
  private func row(_ row: UInt64, _ first: UInt64, _ end: UInt64) throws -> [UInt8] {
    let stored = min(first, codes.columns)..<min(end, codes.columns)
    var own = stored.isEmpty ? [] : try codes.decoded(row..<row + 1, stored)
    own += repeatElement(filling, count: Int(end - first) - own.count)
    return own
  }

  /// Codes of the rows as if they were one.
  private func flat(_ first: UInt64, _ end: UInt64) throws -> [UInt8] {
    let width = codes.columns
    let last = min(end, codes.rows * width)
    var own: [UInt8] = []
    own.reserveCapacity(Int(end - first))
    var place = first
    while place < last {
      let (row, column) = place.quotientAndRemainder(dividingBy: width)
      if column == 0, last - place >= width {
        // Whole rows are read at once.
        let whole = (last - place) / width
        own += try codes.decoded(row..<row + whole, 0..<width)
        place += whole * width
      } else {
        let stop = min(width, column + last - place)
        own += try codes.decoded(row..<row + 1, column..<stop)
        place += stop - column
      }
    }
    // Behind the last code bits are 0.
    own += repeatElement(0 &- lift, count: Int(end - first) - own.count)
    return own
  }

  private func pack(
    _ own: [UInt8],
    _ first: UInt64,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    at start: Int
  ) {
    let source = own.span
    var target = buffer.mutableSpan
    if bits == 8 {
      var index = 0
      while index < columns.count {
        target[start &+ index] = source[index] &+ lift
        index &+= 1
      }
      return
    }
    let mask = UInt32(1) << UInt32(bits) - 1
    // Bits of the first code that lie before the first byte are dropped.
    var dropped = Int(columns.lowerBound * 8 - first * UInt64(bits))
    var (word, filled): (UInt32, Int) = (0, 0)
    var place = start
    let end = start + columns.count
    var index = 0
    while place < end {
      word |= (UInt32(source[index] &+ lift) & mask) &<< UInt32(filled)
      filled &+= bits
      index &+= 1
      if dropped > 0 {
        word &>>= UInt32(dropped)
        filled &-= dropped
        dropped = 0
      }
      while filled >= 8, place < end {
        target[place] = UInt8(truncatingIfNeeded: word)
        word &>>= 8
        filled &-= 8
        place &+= 1
      }
      if index == source.count, place < end {
        target[place] = UInt8(truncatingIfNeeded: word)
        return
      }
    }
  }
}

/// The scales of a weight in smaller groups than its own, which repeats them, and in another type.
///
/// Memory: per read those that are asked for, and as many of the weight's.
struct RegroupedScales: RowDecoding {
  private let scales: ScaleMap
  private let size: UInt64
  private let codeColumns: UInt64
  private let cast: FloatCast?
  let rows: UInt64
  let columns: UInt64
  var elementBytes: Int { cast?.target.byteWidth ?? scales.elementBytes }

  /// One scale for `size` of `codeColumns` columns of a row, `columns` of them a row.
  init(
    _ scales: ScaleMap,
    rows: UInt64,
    columns: UInt64,
    size: UInt64,
    _ codeColumns: UInt64,
    _ cast: FloatCast?
  ) {
    self.scales = scales
    self.rows = rows
    self.columns = columns
    self.size = size
    self.codeColumns = codeColumns
    self.cast = cast
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    if rows.isEmpty || columns.isEmpty { return }
    let width = scales.elementBytes
    var stored = [UInt8](repeating: 0, count: rows.count * columns.count * width)
    var target = 0
    // Where the weight has one scale for all, or one a row, columns may be any.
    let last = codeColumns - 1
    let covered = min(last, columns.lowerBound * size)..<min(last, (columns.upperBound - 1) * size) + 1
    for row in rows {
      let own = try scales.scales(row..<row + 1, covered)
      let scaleRow = scales.scaleRow(of: row)
      for column in columns {
        let code = min(last, column * size)
        let bits = own.bits(row: scaleRow, column: scales.scaleColumns(of: code..<code + 1).lowerBound)
        for byte in 0..<width { stored[target + byte] = UInt8(truncatingIfNeeded: bits >> UInt32(byte * 8)) }
        target += width
      }
    }
    guard let cast else {
      buffer.replaceSubrange(start..<start + stored.count, with: stored)
      return
    }
    _ = cast.cast(stored, from: 0, count: rows.count * columns.count, into: &buffer, at: start)
  }
}
