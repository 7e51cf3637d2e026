internal import CKernels
public import ModelIR

/// Counts zeros, patterns along rows and structure in dense chunks of one tensor after the other.
///
/// Elements become bits first, in blocks that stay in the first-level cache; all else is counted on the bits.
public struct ChunkScanner: Sendable {
  /// Elements per block: 16 KiB of 16-bit ones, which was measured 30 % faster than 64 KiB where elements come
  /// from memory.
  private static let blockElements = 8192
  /// The same where the bits are there already: 8 KiB of them.
  private static let blockBits = 65536

  private let kernels: KernelSet
  private var stored = [UInt64](repeating: 0, count: blockElements / 64)
  private var nonzero = [UInt64](repeating: 0, count: blockElements / 64)

  /// A scanner that runs these kernels.
  public init(kernels: KernelSet = .current) { self.kernels = kernels }

  /// Whether the elements of a type can be counted: not those that share bytes, whose order within them
  /// safetensors leaves open.
  public static func canScan(_ type: ElementType) -> Bool { ScanType(type) != nil }

  /// Counts a chunk of `grid` whose dense bytes are in `dense`.
  public mutating func scan(
    _ dense: [UInt8],
    _ chunk: Chunk,
    of grid: ChunkGrid,
    _ type: ElementType,
    into counts: inout ScanCounts
  ) {
    guard let scanType = ScanType(type), let lanes = LaneWidth(type) else {
      preconditionFailure("\(type.name) elements cannot be scanned")
    }
    precondition(dense.count >= chunk.elementCount * lanes.rawValue)
    let tracksColumns = Self.begin(chunk, of: grid, &counts)
    dense.withUnsafeBufferPointer { dense in
      guard let base = dense.baseAddress else { return }
      stored.withUnsafeMutableBufferPointer { stored in
        nonzero.withUnsafeMutableBufferPointer { nonzero in
          guard let stored = stored.baseAddress, let nonzero = nonzero.baseAddress else { return }
          let block = Block(
            kernels: kernels,
            elements: Elements(base: base, type: type, scanType: scanType, lanes: lanes),
            stored: stored,
            nonzero: nonzero
          )
          block.scan(chunk, splitsRows: grid.splitsRows, tracksColumns: tracksColumns, into: &counts)
        }
      }
    }
  }

  /// Counts a chunk of `grid` of which only is known which elements are not zero: one bit each in `words`, the first
  /// element's lowest. Rows are whole words.
  public func scan(
    nonzeroBits words: [UInt64],
    _ chunk: Chunk,
    of grid: ChunkGrid,
    into counts: inout ScanCounts
  ) {
    precondition(grid.columns % 64 == 0 && chunk.columnCount % 64 == 0)
    precondition(words.count >= chunk.elementCount / 64)
    let tracksColumns = Self.begin(chunk, of: grid, &counts)
    words.withUnsafeBufferPointer { words in
      guard let base = words.baseAddress else { return }
      // Without elements nothing is written to the bits.
      let bits = UnsafeMutablePointer(mutating: base)
      let block = Block(kernels: kernels, elements: nil, stored: bits, nonzero: bits)
      block.scan(chunk, splitsRows: grid.splitsRows, tracksColumns: tracksColumns, into: &counts)
    }
  }

  /// Counts a chunk's elements, and returns whether columns are tracked.
  private static func begin(_ chunk: Chunk, of grid: ChunkGrid, _ counts: inout ScanCounts) -> Bool {
    let tracksColumns = grid.columns <= ScanCounts.trackedColumns
    if tracksColumns && counts.occupiedColumns.isEmpty {
      counts.occupiedColumns = [UInt64](repeating: 0, count: Int((grid.columns + 63) / 64))
    }
    counts.elements += UInt64(chunk.elementCount)
    return tracksColumns
  }

  /// Adds the counts of a chunk that is known to hold nothing but zero bits.
  public static func addVoid(
    _ chunk: Chunk,
    of grid: ChunkGrid,
    _ type: ElementType,
    to counts: inout ScanCounts
  ) {
    if ScanType(type)?.hasZero == false {
      var scanner = ChunkScanner()
      let zeros = [UInt8](repeating: 0, count: chunk.elementCount * grid.elementBytes)
      scanner.scan(zeros, chunk, of: grid, type, into: &counts)
      return
    }
    counts.elements += UInt64(chunk.elementCount)
    for (index, pattern) in NMPattern.common.enumerated() {
      let (whole, tail) = chunk.columnCount.quotientAndRemainder(dividingBy: pattern.group)
      counts.patterns[index].groups += UInt64(chunk.rowCount * whole)
      counts.patterns[index].raggedGroups += tail == 0 ? 0 : UInt64(chunk.rowCount)
    }
    let blocks = UInt64(chunk.rowCount * (chunk.columnCount / 4))
    counts.blocks += blocks
    counts.zeroBlocks += blocks
    if grid.splitsRows {
      counts.occupiedRows[chunk.firstRow] = counts.occupiedRows[chunk.firstRow] ?? false
    } else {
      counts.zeroRows += UInt64(chunk.rowCount)
    }
  }

  /// The six patterns' counts from a kernel's.
  fileprivate static func violations(_ counts: lacuna_pattern_counts) -> [UInt64] {
    [
      counts.over_1_of_2, counts.over_2_of_4, counts.over_4_of_8, counts.over_8_of_16, counts.over_1_of_4,
      counts.over_2_of_8,
    ]
  }

  /// The elements of a chunk, which are to become bits.
  private struct Elements {
    let base: UnsafePointer<UInt8>
    let type: ElementType
    let scanType: ScanType
    let lanes: LaneWidth
  }

  /// The work on one chunk, with the buffers' addresses at hand.
  private struct Block {
    let kernels: KernelSet
    /// The elements; nil where the bits are those of the whole chunk already.
    let elements: Elements?
    let stored: UnsafeMutablePointer<UInt64>
    let nonzero: UnsafeMutablePointer<UInt64>

    func scan(
      _ chunk: Chunk,
      splitsRows: Bool,
      tracksColumns: Bool,
      into counts: inout ScanCounts
    ) {
      let columns = chunk.columnCount
      let blockElements = elements == nil ? ChunkScanner.blockBits : ChunkScanner.blockElements
      // Rows of whole words are taken several at a time; others one by one, as groups must not straddle them.
      let rowsPerBlock = columns % 64 == 0 ? max(1, blockElements / columns) : 1
      var row = 0
      while row < chunk.rowCount {
        let rows = min(rowsPerBlock, chunk.rowCount - row)
        var rowIsOccupied = false
        var column = 0
        while column < columns {
          let width = rows > 1 ? columns : min(blockElements, columns - column)
          let start = row * columns + column
          let block = elements == nil ? skipping(start) : self
          let occupied = block.count(from: start, rows: rows, columns: width, into: &counts)
          rowIsOccupied = rowIsOccupied || occupied.any
          if rows > 1 { counts.zeroRows += occupied.zeroRows }
          if tracksColumns && occupied.any {
            block.unite(rows: rows, columns: width, at: Int(chunk.firstColumn) + column, into: &counts)
          }
          column += width
        }
        if rows == 1 {
          if splitsRows {
            let known = counts.occupiedRows[chunk.firstRow] ?? false
            counts.occupiedRows[chunk.firstRow] = known || rowIsOccupied
          } else if !rowIsOccupied {
            counts.zeroRows += 1
          }
        }
        row += rows
      }
    }

    /// The bits from element `start` on, a multiple of 64.
    private func skipping(_ start: Int) -> Block {
      Block(kernels: kernels, elements: nil, stored: stored + start / 64, nonzero: nonzero + start / 64)
    }

    /// Makes elements to bits.
    private func flag(_ elements: Elements, from start: Int, _ total: Int, into counts: inout ScanCounts) {
      let first = elements.base + start * elements.lanes.rawValue
      let mayBeInfinite = elements.lanes.scan(
        first,
        total,
        elements.scanType.kernel,
        stored: stored,
        nonzero: nonzero,
        kernels
      )
      if mayBeInfinite || elements.scanType.alwaysClassifies {
        let (nan, infinite) = ScanType.classify(first, total, elements.type)
        counts.nan += nan
        counts.infinite += infinite
      }
      if !elements.scanType.hasZero { fillWithOnes(total) }
    }

    /// Counts one block; its bits are in `stored` and `nonzero` afterwards.
    private func count(
      from start: Int,
      rows: Int,
      columns: Int,
      into counts: inout ScanCounts
    ) -> (any: Bool, zeroRows: UInt64) {
      let total = rows * columns
      if let elements { flag(elements, from: start, total, into: &counts) }

      var tally = lacuna_pattern_counts()
      let wholeWords = total / 64
      lacuna_patterns(kernels.code, nonzero, wholeWords, &tally)
      var patterns = ChunkScanner.violations(tally)
      var population = tally.population
      var occupiedBlocks = tally.occupied_4
      var storedPopulation =
        stored == nonzero ? population : lacuna_population(kernels.code, stored, wholeWords)
      let isSame = storedPopulation == population
      var storedPatterns = patterns
      if !isSame {
        var storedTally = lacuna_pattern_counts()
        lacuna_patterns(kernels.code, stored, wholeWords, &storedTally)
        storedPatterns = ChunkScanner.violations(storedTally)
      }

      let tail = total % 64
      if tail > 0 {
        population += UInt64(nonzero[wholeWords].nonzeroBitCount)
        storedPopulation += UInt64(stored[wholeWords].nonzeroBitCount)
        occupiedBlocks += PartialWord.occupiedBlocks(nonzero[wholeWords], tail)
      }
      for (index, pattern) in NMPattern.common.enumerated() {
        // Rows of a block of several are whole words, and those a whole number of groups.
        let (whole, rest) = columns.quotientAndRemainder(dividingBy: pattern.group)
        counts.patterns[index].groups += UInt64(rows * whole)
        if tail > 0 {
          patterns[index] += PartialWord.violations(nonzero[wholeWords], tail, pattern)
          storedPatterns[index] += PartialWord.violations(stored[wholeWords], tail, pattern)
          if rest > 0 {
            counts.patterns[index].raggedGroups += 1
            counts.patterns[index].raggedViolations += PartialWord.raggedViolation(
              nonzero[wholeWords],
              tail,
              pattern
            )
            storedPatterns[index] += PartialWord.raggedViolation(stored[wholeWords], tail, pattern)
          }
        }
        counts.patterns[index].violations += patterns[index]
        counts.patterns[index].storedViolations += storedPatterns[index]
      }
      let blocks = UInt64(rows * (columns / 4))
      counts.blocks += blocks
      counts.zeroBlocks += blocks - occupiedBlocks
      counts.nonzero += population
      counts.stored += storedPopulation
      return (population > 0, rows > 1 ? countZeroRows(rows, columns / 64, population == UInt64(total)) : 0)
    }

    private func fillWithOnes(_ total: Int) {
      for index in 0..<(total / 64) { nonzero[index] = .max }
      if total % 64 != 0 { nonzero[total / 64] = 1 << UInt64(total % 64) - 1 }
    }

    private func countZeroRows(_ rows: Int, _ wordsPerRow: Int, _ isFull: Bool) -> UInt64 {
      if isFull { return 0 }
      var count: UInt64 = 0
      var word = nonzero
      for _ in 0..<rows {
        // Most rows end the search at once.
        var index = 0
        while index < wordsPerRow && word[index] == 0 { index &+= 1 }
        count += index == wordsPerRow ? 1 : 0
        word += wordsPerRow
      }
      return count
    }

    private func unite(rows: Int, columns: Int, at column: Int, into counts: inout ScanCounts) {
      let words = (columns + 63) / 64
      counts.occupiedColumns.withUnsafeMutableBufferPointer { columns in
        guard let base = columns.baseAddress else { return }
        for row in 0..<rows {
          lacuna_unite(kernels.code, nonzero + row * words, words, base + column / 64)
        }
      }
    }
  }
}

/// The last word of a row whose length is no multiple of 64: groups of its `tail` bits.
enum PartialWord {
  /// Whole groups over the limit.
  static func violations(_ word: UInt64, _ tail: Int, _ pattern: NMPattern) -> UInt64 {
    let mask = UInt64(1) << UInt64(pattern.group) - 1
    var count: UInt64 = 0
    var start = 0
    while start + pattern.group <= tail {
      count += (word >> UInt64(start) & mask).nonzeroBitCount > pattern.kept ? 1 : 0
      start += pattern.group
    }
    return count
  }

  /// 1 if the ragged group at the end is over the limit.
  static func raggedViolation(_ word: UInt64, _ tail: Int, _ pattern: NMPattern) -> UInt64 {
    let start = tail - tail % pattern.group
    return (word >> UInt64(start)).nonzeroBitCount > pattern.kept ? 1 : 0
  }

  /// Whole blocks of 4 with a set bit.
  static func occupiedBlocks(_ word: UInt64, _ tail: Int) -> UInt64 {
    var count: UInt64 = 0
    for start in stride(from: 0, to: tail - tail % 4, by: 4) {
      count += word >> UInt64(start) & 15 != 0 ? 1 : 0
    }
    return count
  }
}
