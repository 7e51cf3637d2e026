internal import CKernels
public import ModelIR

/// How many nonzero values the groups of a tensor have, for one pattern, and where it is violated first.
public struct GroupTally: Sendable {
  /// A group with more than N nonzero values.
  public struct Violation: Sendable, Hashable {
    /// The row: all elements across the axis, row-major.
    public var row: UInt64
    /// The group along the axis.
    public var group: UInt64
    /// How many values of the group are not zero.
    public var nonzeros: Int
  }

  /// The pattern.
  public let pattern: NMPattern
  /// The groups, whole and ragged, by the number of their nonzero values: M + 1 slots.
  public private(set) var histogram: [UInt64]
  /// Ragged groups among them.
  public var raggedGroups: UInt64 = 0
  /// The first violating groups, by row and group.
  public private(set) var first: [Violation] = []
  private let firstLimit: Int

  /// No group yet; keeps the first `firstLimit` violations.
  public init(_ pattern: NMPattern, firstLimit: Int) {
    self.pattern = pattern
    self.firstLimit = firstLimit
    histogram = [UInt64](repeating: 0, count: pattern.group + 1)
  }

  /// All groups.
  public var groups: UInt64 { histogram.reduce(0, +) }
  /// The groups with more than N nonzero values.
  public var violatingGroups: UInt64 { histogram[(pattern.kept + 1)...].reduce(0, +) }

  /// Adds the counts of other groups.
  public mutating func add(_ other: GroupTally) {
    for index in histogram.indices { histogram[index] += other.histogram[index] }
    raggedGroups += other.raggedGroups
    for violation in other.first { note(violation) }
  }

  /// Keeps a violation if it is among the first.
  private mutating func note(_ violation: Violation) {
    guard mayBeFirst(row: violation.row, group: violation.group) else { return }
    let place = first.lastIndex { ($0.row, $0.group) < (violation.row, violation.group) }.map { $0 + 1 } ?? 0
    first.insert(violation, at: place)
    if first.count > firstLimit { first.removeLast() }
  }

  /// Whether a violation of this group would be among the first.
  private func mayBeFirst(row: UInt64, group: UInt64) -> Bool {
    if first.count < firstLimit { return true }
    return first.last.map { (row, group) < ($0.row, $0.group) } ?? false
  }

  /// Adds one group.
  public mutating func add(row: UInt64, group: UInt64, nonzeros: Int) {
    histogram[nonzeros] += 1
    if nonzeros > pattern.kept { note(Violation(row: row, group: group, nonzeros: nonzeros)) }
  }

  /// Adds one group of each column of a counter, whose rows follow one another from `firstRow` on.
  public mutating func add(_ counter: VerticalCounter, firstRow: UInt64, group: UInt64) {
    let before = violatingGroups
    counter.count(into: &histogram)
    guard violatingGroups > before else { return }
    for (column, nonzeros) in counter.counts.enumerated() {
      let row = firstRow + UInt64(column)
      guard mayBeFirst(row: row, group: group) else { return }
      if nonzeros > pattern.kept { note(Violation(row: row, group: group, nonzeros: Int(nonzeros))) }
    }
  }

  /// Adds `count` groups that have no nonzero value.
  public mutating func add(voidGroups count: UInt64) { histogram[0] += count }

  /// Adds the groups of a chunk whose rows lie along the axis.
  ///
  /// - Parameter ignoresTail: whether the ragged group at the end of a row is left out.
  public mutating func add(
    _ dense: [UInt8],
    _ chunk: Chunk,
    of grid: ChunkGrid,
    _ type: ElementType,
    ignoresTail: Bool,
    _ workspace: inout Workspace
  ) {
    guard let scanType = ScanType(type), let lanes = LaneWidth(type) else {
      preconditionFailure("\(type.name) elements cannot be scanned")
    }
    precondition(dense.count >= chunk.elementCount * lanes.rawValue)
    precondition(chunk.firstColumn % UInt64(pattern.group) == 0, "chunks do not split groups")
    let size = pattern.group
    let tail = chunk.columnCount % size
    let isFlat = chunk.columnCount % 64 == 0 && 64 % size == 0
    let rowsAtOnce = isFlat ? chunk.rowCount : 1
    let words = (rowsAtOnce * chunk.columnCount + 63) / 64
    workspace.grow(to: words + 1)
    let kernels = workspace.kernels
    dense.withUnsafeBufferPointer { dense in
      workspace.stored.withUnsafeMutableBufferPointer { stored in
        workspace.bits.withUnsafeMutableBufferPointer { bits in
          guard let dense = dense.baseAddress, let stored = stored.baseAddress, let bits = bits.baseAddress
          else { return }
          var row = 0
          while row < chunk.rowCount {
            let count = rowsAtOnce * chunk.columnCount
            _ = lanes.scan(
              dense + row * chunk.columnCount * lanes.rawValue,
              count,
              scanType.kernel,
              stored: stored,
              nonzero: bits,
              kernels
            )
            if !scanType.hasZero { for index in 0..<words { bits[index] = .max } }
            if isFlat {
              addFlat(bits, words, chunk, kernels)
            } else {
              addRow(bits, chunk, row: row, tail: ignoresTail ? 0 : tail)
            }
            row += rowsAtOnce
          }
        }
      }
    }
    if tail > 0 && !ignoresTail { raggedGroups += UInt64(chunk.rowCount) }
  }

  /// Groups that fill words: the kernel counts them, and only where it finds violations are they looked for.
  private mutating func addFlat(
    _ bits: UnsafeMutablePointer<UInt64>,
    _ words: Int,
    _ chunk: Chunk,
    _ kernels: KernelSet
  ) {
    let before = violatingGroups
    histogram.withUnsafeMutableBufferPointer { slots in
      guard let base = slots.baseAddress else { return }
      lacuna_group_histogram(kernels.code, bits, words, UInt32(pattern.group), base)
    }
    let firstGroup = chunk.firstColumn / UInt64(pattern.group)
    guard violatingGroups > before, mayBeFirst(row: chunk.firstRow, group: firstGroup) else { return }
    let mask = UInt64(1) << UInt64(pattern.group) - 1
    let groupsPerWord = 64 / pattern.group
    let groupsPerRow = chunk.columnCount / pattern.group
    for word in 0..<words {
      for index in 0..<groupsPerWord {
        let nonzeros = (bits[word] >> UInt64(index * pattern.group) & mask).nonzeroBitCount
        if nonzeros <= pattern.kept { continue }
        let (row, group) = (word * groupsPerWord + index).quotientAndRemainder(dividingBy: groupsPerRow)
        let violation = Violation(
          row: chunk.firstRow + UInt64(row),
          group: firstGroup + UInt64(group),
          nonzeros: nonzeros
        )
        guard mayBeFirst(row: violation.row, group: violation.group) else { return }
        note(violation)
      }
    }
  }

  private mutating func addRow(
    _ bits: UnsafeMutablePointer<UInt64>,
    _ chunk: Chunk,
    row: Int,
    tail: Int
  ) {
    let size = pattern.group
    let mask = UInt64(1) << UInt64(size) - 1
    let raw = UnsafeRawPointer(bits)
    let firstGroup = chunk.firstColumn / UInt64(size)
    let whole = chunk.columnCount / size
    for group in 0..<whole {
      // 32 bits from any bit of 8 bytes on: they start at most 7 bits into a byte.
      let start = group &* size
      let word = raw.loadUnaligned(fromByteOffset: start &>> 3, as: UInt64.self) &>> UInt64(start & 7)
      add(
        row: chunk.firstRow &+ UInt64(row),
        group: firstGroup &+ UInt64(group),
        nonzeros: (word & mask).nonzeroBitCount
      )
    }
    if tail > 0 {
      let start = whole * size
      let word = raw.loadUnaligned(fromByteOffset: start >> 3, as: UInt64.self) >> UInt64(start & 7)
      add(
        row: chunk.firstRow + UInt64(row),
        group: firstGroup + UInt64(whole),
        nonzeros: (word & (UInt64(1) << UInt64(tail) - 1)).nonzeroBitCount
      )
    }
  }

  /// Bit buffers that are used again for every chunk.
  public struct Workspace: Sendable {
    fileprivate var stored: [UInt64] = []
    fileprivate var bits: [UInt64] = []
    fileprivate let kernels: KernelSet

    /// Empty buffers, and the kernels to run.
    public init(kernels: KernelSet = .current) { self.kernels = kernels }

    fileprivate mutating func grow(to words: Int) {
      if stored.count < words {
        stored = [UInt64](repeating: 0, count: words)
        bits = [UInt64](repeating: 0, count: words)
      }
    }
  }
}
