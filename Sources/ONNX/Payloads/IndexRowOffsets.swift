internal import ModelIR

/// How many values of a sparse tensor stand before each row, and all of them: found in the indices when it is
/// asked for, so that nothing is kept for rows.
struct IndexRowOffsets: RowDecoding {
  private let entries: IndexEntries
  private let offsetWidth: IndexWidth
  var rows: UInt64 { 1 }
  let columns: UInt64
  var elementBytes: Int { offsetWidth.byteWidth }

  /// The offsets of a matrix of so many rows; nil where they are too many to count.
  init?(_ entries: IndexEntries, rows: UInt64) {
    let (count, overflow) = rows.addingReportingOverflow(1)
    if overflow { return nil }
    self.entries = entries
    columns = count
    offsetWidth = .rowOffsets(nnz: entries.nnz)
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    guard !rows.isEmpty, !columns.isEmpty else { return }
    var workspace = IndexEntries.Workspace()
    var position = try lowerBound(columns.lowerBound, &workspace)
    // A row's offset is the position of the first value that is not before the row.
    var (row, target) = (columns.lowerBound, start)
    while row < columns.upperBound && position < entries.nnz {
      let end = min(position + UInt64(entries.block), entries.nnz)
      try entries.read(position..<end, &workspace)
      for index in 0..<Int(end - position) {
        let found = workspace.rows[index]
        guard found >= row else { continue }
        let stop = min(found, columns.upperBound - 1)
        fill(&buffer, &target, count: Int(stop - row + 1), with: position + UInt64(index))
        row = stop + 1
        if row == columns.upperBound { return }
      }
      position = end
    }
    fill(&buffer, &target, count: Int(columns.upperBound - row), with: entries.nnz)
  }

  private func fill(_ buffer: inout [UInt8], _ target: inout Int, count: Int, with offset: UInt64) {
    var output = buffer.mutableSpan
    for _ in 0..<count {
      if offsetWidth == .bits64 {
        output.store(offset, at: target)
      } else {
        output.store(UInt32(truncatingIfNeeded: offset), at: target)
      }
      target += offsetWidth.byteWidth
    }
  }

  /// A position from which on all values of `row` and of the rows behind it lie, and few before them.
  private func lowerBound(_ row: UInt64, _ workspace: inout IndexEntries.Workspace) throws -> UInt64 {
    if row == 0 { return 0 }
    let grain = entries.grain
    // In grains, as their first entries are the ones that are quick to reach.
    var (low, high) = (UInt64(0), entries.nnz.dividedUp(by: grain))
    while low + 1 < high {
      let middle = low + (high - low) / 2
      try entries.read(middle * grain..<middle * grain + 1, &workspace)
      if workspace.rows[0] < row { low = middle } else { high = middle }
    }
    return low * grain
  }
}
