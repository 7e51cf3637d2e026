internal import ModelIR

/// How a pattern fares over some groups.
public struct PatternCount: Sendable, Hashable {
  /// Whole groups of M.
  public var groups: UInt64 = 0
  /// Whole groups with more than N nonzero values.
  public var violations: UInt64 = 0
  /// Groups at the end of a row that are shorter than M.
  public var raggedGroups: UInt64 = 0
  /// Ragged groups with more than N nonzero values.
  public var raggedViolations: UInt64 = 0
  /// Groups of either kind with more than N elements whose bits are not all zero: what a lossless N:M layout
  /// cannot hold.
  public var storedViolations: UInt64 = 0

  /// No group yet.
  public init() {}

  /// Adds other groups.
  public mutating func add(_ other: PatternCount) {
    groups &+= other.groups
    violations &+= other.violations
    raggedGroups &+= other.raggedGroups
    raggedViolations &+= other.raggedViolations
    storedViolations &+= other.storedViolations
  }
}

/// What a scan counts; the counts of disjoint chunks of a tensor add up to the tensor's.
///
/// Zeros are counted by value (+0 and -0, not NaN); `stored` by bits.
public struct ScanCounts: Sendable {
  /// All elements.
  public var elements: UInt64 = 0
  /// Elements whose value is not zero; NaN is not zero.
  public var nonzero: UInt64 = 0
  /// Elements whose bits are not all zero.
  public var stored: UInt64 = 0
  /// NaNs.
  public var nan: UInt64 = 0
  /// Infinities.
  public var infinite: UInt64 = 0
  /// The six patterns of ``NMPattern/common`` along rows, in that order.
  public var patterns = [PatternCount](repeating: PatternCount(), count: NMPattern.common.count)
  /// Whole blocks of 4 elements of a row.
  public var blocks: UInt64 = 0
  /// Whole blocks of 4 elements of a row that are all zero.
  public var zeroBlocks: UInt64 = 0
  /// Rows that are all zero, as far as the scan saw rows whole.
  public var zeroRows: UInt64 = 0
  /// For each column whether some element of it is not zero, 64 columns a word; empty if columns are too many
  /// to track.
  public var occupiedColumns: [UInt64] = []
  /// For each row whether some element of it is not zero, only where chunks split rows.
  public var occupiedRows: [UInt64: Bool] = [:]

  private var zeroColumnCount: UInt64?

  /// The most columns whose occupation is tracked: 2 MB of bits.
  public static let trackedColumns: UInt64 = 1 << 24

  /// No element yet.
  public init() {}

  /// Elements whose value is zero.
  public var zeros: UInt64 { elements - nonzero }
  /// Zeros whose bits are not all zero: negative ones, of either half for complex types.
  public var negativeZeros: UInt64 {
    // A type without a zero has more numbers than stored elements: zero bits are one.
    stored - min(stored, nonzero)
  }

  /// Adds another chunk's counts.
  public mutating func add(_ other: ScanCounts) {
    elements += other.elements
    nonzero += other.nonzero
    stored += other.stored
    nan += other.nan
    infinite += other.infinite
    for index in patterns.indices { patterns[index].add(other.patterns[index]) }
    blocks += other.blocks
    zeroBlocks += other.zeroBlocks
    zeroRows += other.zeroRows
    if occupiedColumns.count < other.occupiedColumns.count {
      occupiedColumns += repeatElement(0, count: other.occupiedColumns.count - occupiedColumns.count)
    }
    for (index, word) in other.occupiedColumns.enumerated() { occupiedColumns[index] |= word }
    for (row, isOccupied) in other.occupiedRows {
      occupiedRows[row] = occupiedRows[row] == true || isOccupied
    }
  }

  /// The same counts with the occupied columns counted and no longer listed, once all chunks are in.
  public func reduced(columns: UInt64) -> ScanCounts {
    var result = self
    result.zeroColumnCount = zeroColumns(of: columns)
    result.occupiedColumns = []
    return result
  }

  /// Columns that are all zero, or nil where they were not tracked.
  public func zeroColumns(of columns: UInt64) -> UInt64? {
    if let zeroColumnCount { return zeroColumnCount }
    guard columns <= Self.trackedColumns else { return nil }
    return columns - occupiedColumns.reduce(0) { $0 + UInt64($1.nonzeroBitCount) }
  }

  /// Rows that are all zero, once all chunks have been added.
  public var allZeroRows: UInt64 {
    zeroRows + UInt64(occupiedRows.values.reduce(0) { $0 + ($1 ? 0 : 1) })
  }
}
