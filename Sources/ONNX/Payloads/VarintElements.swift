internal import ModelIR
internal import Synchronization

/// Entries that are base-128 varints, read as little-endian elements in one row.
///
/// The first read makes an index of the entries by one pass over them. Memory: that index, see
/// ``VarintIndex``, and per read at most ``FileWindow/largest`` bytes.
final class VarintElements: RowDecoding {
  private let runs: [Range<UInt64>]
  private let rule: EntryRule
  private let place: PayloadPlace
  private let index = Mutex<VarintIndex?>(nil)
  var rows: UInt64 { 1 }
  let columns: UInt64
  var elementBytes: Int { rule.byteWidth }

  /// How many entries are found together: asking for one costs reading up to so many.
  var stride: UInt64 { VarintIndex.stride(for: columns) }

  /// `count` entries that lie in `runs` of the file.
  init(_ runs: [Range<UInt64>], count: UInt64, _ rule: EntryRule, _ place: PayloadPlace) {
    self.runs = runs
    self.rule = rule
    self.place = place
    columns = count
  }

  /// The index, made when it is first asked for.
  private func entryIndex() throws -> VarintIndex {
    try index.withLock { index in
      if let index { return index }
      let made = try VarintIndex(runs, count: columns, place)
      index = made
      return made
    }
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    guard !rows.isEmpty, !columns.isEmpty else { return }
    let known = try entryIndex()
    guard let (mark, entry) = known.mark(before: columns.lowerBound) else {
      throw place.fault(.wrongEntryCount(found: 0, expected: self.columns))
    }
    var cursor = VarintCursor(runs, from: mark, entry: entry, place)
    // Entries are short, mostly; what is not enough is followed by more.
    let wanted = (columns.upperBound - entry).multipliedReportingOverflow(by: 4)
    cursor.wanted = wanted.overflow ? .max : wanted.partialValue
    try cursor.skip(to: columns.lowerBound)
    switch rule.byteWidth {
    case 1: try cursor.decode(to: columns.upperBound, rule, into: &buffer, at: start, as: UInt8.self)
    case 2: try cursor.decode(to: columns.upperBound, rule, into: &buffer, at: start, as: UInt16.self)
    case 4: try cursor.decode(to: columns.upperBound, rule, into: &buffer, at: start, as: UInt32.self)
    default: try cursor.decode(to: columns.upperBound, rule, into: &buffer, at: start, as: UInt64.self)
    }
  }
}
