internal import CKernels
public import ModelIR

/// Counts nonzero values per group along an axis that is not the last, for one unit of an ``AxisWalk``.
///
/// One byte per column and group size: groups have at most 32 elements.
public struct VerticalCounter: Sendable {
  private let scanType: ScanType
  private let lanes: LaneWidth
  private var counters: [UInt8] = []

  /// So few columns are counted sooner than a table for all bytes is made.
  private static let fewColumns = 256

  /// A counter for elements of this type; nil for those that share bytes.
  public init?(_ type: ElementType) {
    guard let scanType = ScanType(type), let lanes = LaneWidth(type) else { return nil }
    self.scanType = scanType
    self.lanes = lanes
  }

  /// Starts anew with `count` columns.
  public mutating func reset(columns count: Int) {
    if counters.count == count {
      for index in counters.indices { counters[index] = 0 }
    } else {
      counters = [UInt8](repeating: 0, count: count)
    }
  }

  /// The nonzero values per column since the last reset.
  public var counts: [UInt8] { counters }

  /// Adds one to the slot of each column's count.
  func count(into histogram: inout [UInt64]) {
    if counters.count < Self.fewColumns {
      for count in counters { histogram[Int(count)] += 1 }
      return
    }
    var slots = [UInt32](repeating: 0, count: 256)
    counters.withUnsafeBufferPointer { lacuna_count_bytes($0.baseAddress, $0.count, &slots) }
    for index in histogram.indices { histogram[index] += UInt64(slots[index]) }
  }

  /// Adds a slice of as many elements as there are columns, from `start` in `buffer`.
  public mutating func add(_ buffer: [UInt8], at start: Int) {
    precondition(start + counters.count * lanes.rawValue <= buffer.count)
    if !scanType.hasZero {
      for index in counters.indices { counters[index] &+= 1 }
      return
    }
    switch lanes {
    case .bits8: add(buffer, start, UInt8.self)
    case .bits16: add(buffer, start, UInt16.self)
    case .bits32: add(buffer, start, UInt32.self)
    case .bits64: add(buffer, start, UInt64.self)
    }
  }

  private mutating func add<Lane: FixedWidthInteger & UnsignedInteger>(
    _ buffer: [UInt8],
    _ start: Int,
    _: Lane.Type
  ) {
    let magnitude = Lane(truncatingIfNeeded: scanType.kernel.magnitude)
    buffer.withUnsafeBytes { bytes in
      counters.withUnsafeMutableBufferPointer { counters in
        guard let base = bytes.baseAddress.map({ $0 + start }) else { return }
        var index = 0
        while index < counters.count {
          let bits = base.loadUnaligned(fromByteOffset: index &* MemoryLayout<Lane>.size, as: Lane.self)
          counters[index] &+= bits & magnitude != 0 ? 1 : 0
          index &+= 1
        }
      }
    }
  }
}

/// The six common patterns along an axis that is not the last.
///
/// Counts of 2 make those of 4, and so on, so each element is looked at once.
public struct VerticalPatterns: Sendable {
  private var pairs: VerticalCounter
  /// Counts per group of 4, 8 and 16.
  private var sums: [[UInt8]] = [[], [], []]
  private var columns = 0
  /// What was found so far.
  public private(set) var patterns = [PatternCount](repeating: PatternCount(), count: NMPattern.common.count)

  /// No element of this type yet; nil for types that share bytes.
  public init?(_ type: ElementType) {
    guard let pairs = VerticalCounter(type) else { return nil }
    self.pairs = pairs
  }

  /// Adds one slice; slices of a unit come in order.
  public mutating func add(slice: UInt64, _ buffer: [UInt8], at start: Int, count: Int) {
    if slice == 0 {
      columns = count
      pairs.reset(columns: count)
      sums = Array(repeating: [UInt8](repeating: 0, count: count), count: 3)
    }
    pairs.add(buffer, at: start)
    guard slice % 2 == 1 else { return }
    close(group: 2, pairs.counts, ragged: false)
    carry(pairs.counts, to: 0)
    pairs.reset(columns: columns)
    for (level, size) in [4, 8, 16].enumerated() where (slice + 1) % UInt64(size) == 0 {
      close(group: size, sums[level], ragged: false)
      if level < 2 { carry(sums[level], to: level + 1) }
      sums[level] = [UInt8](repeating: 0, count: columns)
    }
  }

  /// Ends a unit of `extent` slices: what is left is ragged.
  public mutating func finish(extent: UInt64) {
    var rest = pairs.counts
    if extent % 2 != 0 { close(group: 2, rest, ragged: true) }
    for (level, size) in [4, 8, 16].enumerated() where extent % UInt64(size) != 0 {
      for index in rest.indices { rest[index] &+= sums[level][index] }
      close(group: size, rest, ragged: true)
    }
  }

  private mutating func carry(_ counts: [UInt8], to level: Int) {
    for index in counts.indices { sums[level][index] &+= counts[index] }
  }

  private mutating func close(group: Int, _ counts: [UInt8], ragged: Bool) {
    for (index, pattern) in NMPattern.common.enumerated() where pattern.group == group {
      let over = UInt64(counts.reduce(0) { $0 + (Int($1) > pattern.kept ? 1 : 0) })
      if ragged {
        patterns[index].raggedGroups += UInt64(counts.count)
        patterns[index].raggedViolations += over
      } else {
        patterns[index].groups += UInt64(counts.count)
        patterns[index].violations += over
      }
    }
  }
}
