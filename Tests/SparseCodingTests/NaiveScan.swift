import ModelIR
import SparseCoding

/// The totals of a scan, to be compared.
struct ScanTotals: Equatable {
  var elements: UInt64 = 0
  var nonzero: UInt64 = 0
  var zeros: UInt64 = 0
  var stored: UInt64 = 0
  var nan: UInt64 = 0
  var infinite: UInt64 = 0
  var negativeZeros: UInt64 = 0
  var patterns: [PatternCount] = []
  var blocks: UInt64 = 0
  var zeroBlocks: UInt64 = 0
  var zeroRows: UInt64 = 0
  var zeroColumns: UInt64?

  /// What a scan counted, once all chunks have been added.
  init(_ counts: ScanCounts, columns: UInt64) {
    elements = counts.elements
    nonzero = counts.nonzero
    zeros = counts.zeros
    stored = counts.stored
    nan = counts.nan
    infinite = counts.infinite
    negativeZeros = counts.negativeZeros
    patterns = counts.patterns
    blocks = counts.blocks
    zeroBlocks = counts.zeroBlocks
    zeroRows = counts.allZeroRows
    zeroColumns = counts.zeroColumns(of: columns)
  }

  /// What there is to count, found element by element.
  init(naive sample: DenseSample) {
    let kinds = sample.elements.map { NaiveNumbers.kind($0, sample.type) }
    let columns = Int(sample.shape.columns)
    let isNonzero = kinds.map { $0 != .zero }
    let isStored = sample.elements.map { $0 != 0 }
    elements = UInt64(kinds.count)
    nonzero = UInt64(isNonzero.count { $0 })
    zeros = elements - nonzero
    stored = UInt64(isStored.count { $0 })
    nan = UInt64(kinds.count { $0 == .nan })
    infinite = UInt64(kinds.count { $0 == .infinite })
    negativeZeros = UInt64(zip(kinds, isStored).count { $0 == .zero && $1 })
    let starts = stride(from: 0, to: kinds.count, by: max(columns, 1))
    patterns = NaivePatterns.common(
      starts.map { isNonzero[$0..<($0 + columns)] },
      stored: starts.map { isStored[$0..<($0 + columns)] }
    )
    var occupied = [Bool](repeating: false, count: columns)
    for row in starts {
      zeroRows += isNonzero[row..<(row + columns)].contains(true) ? 0 : 1
      for column in 0..<columns where isNonzero[row + column] { occupied[column] = true }
      for block in stride(from: row, to: row + columns - 3, by: 4) {
        blocks += 1
        zeroBlocks += isNonzero[block..<(block + 4)].contains(true) ? 0 : 1
      }
    }
    zeroColumns = UInt64(occupied.count { !$0 })
  }
}

/// Groups of patterns, counted one by one.
enum NaivePatterns {
  /// The common patterns over lines of elements, of which those that are true are not zero; `stored` are the
  /// lines of elements whose bits are not all zero, or nothing if they do not matter.
  static func common(_ lines: [ArraySlice<Bool>], stored: [ArraySlice<Bool>]) -> [PatternCount] {
    NMPattern.common.map { pattern in
      var count = PatternCount()
      for group in groups(of: pattern.group, lines) {
        let isOver: UInt64 = group.count { $0 } > pattern.kept ? 1 : 0
        if group.count == pattern.group {
          count.groups += 1
          count.violations += isOver
        } else {
          count.raggedGroups += 1
          count.raggedViolations += isOver
        }
      }
      for group in groups(of: pattern.group, stored) where group.count(where: { $0 }) > pattern.kept {
        count.storedViolations += 1
      }
      return count
    }
  }

  /// The groups of all lines, those at their ends shorter.
  static func groups(of size: Int, _ lines: [ArraySlice<Bool>]) -> [ArraySlice<Bool>] {
    lines.flatMap { line in
      stride(from: line.startIndex, to: line.endIndex, by: size).map {
        line[$0..<min($0 + size, line.endIndex)]
      }
    }
  }
}
