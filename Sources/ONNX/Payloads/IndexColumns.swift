internal import ModelIR

/// The column of every value of a sparse tensor, as the smallest unsigned integers that hold all.
struct IndexColumns: RowDecoding {
  private let entries: IndexEntries
  private let columnWidth: IndexWidth
  var rows: UInt64 { 1 }
  var columns: UInt64 { entries.nnz }
  var elementBytes: Int { columnWidth.byteWidth }

  /// The columns of `entries`; nil where they need more than 32 bits.
  init?(_ entries: IndexEntries) {
    guard let width = IndexWidth.columns(entries.columns) else { return nil }
    self.entries = entries
    columnWidth = width
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    guard !rows.isEmpty else { return }
    var workspace = IndexEntries.Workspace()
    var (first, target) = (columns.lowerBound, start)
    // All columns are read before any value is used, each with the one before it: none goes unchecked.
    if first > 0 && first < columns.upperBound { try entries.read(first - 1..<first, &workspace) }
    while first < columns.upperBound {
      let end = min(first + UInt64(entries.block), columns.upperBound)
      try entries.read(first..<end, &workspace)
      let count = Int(end - first)
      switch columnWidth {
      case .bits8: Self.store(workspace.columns.span, count, into: &buffer, at: target, as: UInt8.self)
      case .bits16: Self.store(workspace.columns.span, count, into: &buffer, at: target, as: UInt16.self)
      case .bits32, .bits64:
        Self.store(workspace.columns.span, count, into: &buffer, at: target, as: UInt32.self)
      }
      first = end
      target += count * elementBytes
    }
  }

  private static func store<Column: FixedWidthInteger & BitwiseCopyable>(
    _ columns: Span<UInt64>,
    _ count: Int,
    into buffer: inout [UInt8],
    at start: Int,
    as _: Column.Type
  ) {
    var output = buffer.mutableSpan
    var index = 0
    while index < count {
      output.store(
        Column(truncatingIfNeeded: columns[index]),
        at: start &+ index &* MemoryLayout<Column>.size
      )
      index &+= 1
    }
  }
}
