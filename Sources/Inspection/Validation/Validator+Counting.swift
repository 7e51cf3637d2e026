internal import ModelIR
internal import SparseCoding
internal import Synchronization

/// The count of groups.
extension Validator {
  /// Checks one tensor.
  func check(_ result: inout ValidationReport.TensorResult, _ source: any ByteSource) throws {
    let tensor = result.tensor.counted
    let pattern = result.ownPattern ?? pattern
    guard let axis = result.axis?.axes.first else { return }
    let grouped =
      result.runsThroughMemory
      ? GroupedView(flattening: tensor, columns: tensor.shape.elementCount) : GroupedView(tensor, axis: axis)
    guard let grouped else { return }
    let reader = try grouped.reader(source, pattern, chunkBytes: chunkBytes, on: pool)
    guard let tally = try count(grouped, reader, pattern, firstLimit: violationLimit, progress: progress)
    else {
      return
    }
    result.groups = tally.groups
    result.raggedGroups = grouped.view.raggedGroups(of: pattern.group)
    result.violatingGroups = tally.violatingGroups
    result.histogram = tally.histogram
    result.firstViolations = try tally.first.map { try describe($0, reader, grouped.view, pattern) }
    if result.violatingGroups > 0 {
      if result.status == .compliant { result.status = .violating }
    } else if tail == .error && result.raggedGroups > 0 {
      result.status = .violating
      result.reason =
        "axis \(axis) has \(grouped.view.extent) elements, no multiple of \(pattern.group): "
        + "--tail ignore or --tail pad says what to do with the rest"
    }
    if result.violatingGroups > 0 && result.status == .violating {
      try lookAgain(at: &result, grouped, reader, pattern, source)
    }
  }

  /// Counts the groups of a tensor.
  /// - Parameter most: after how many violating groups counting stops.
  /// - Returns: nil if it stopped.
  func count(
    _ grouped: GroupedView,
    _ reader: DenseReader,
    _ pattern: NMPattern,
    firstLimit: Int,
    progress: WorkProgress?,
    most: UInt64 = .max
  ) throws -> GroupTally? {
    let counting = Counting(
      pattern: pattern,
      ignoresTail: tail == .ignore,
      firstLimit: firstLimit,
      progress: progress
    )
    let total = Mutex(GroupTally(pattern, firstLimit: firstLimit))
    if grouped.isAlongRows {
      try pool.forEach(reader.grid.count) {
        (workspace: DenseReader.Workspace(), bits: GroupTally.Workspace())
      } _: { index, state in
        let isOver = total.withLock { $0.violatingGroups > most }
        if isOver { return }
        let found = try counting.alongRows(reader, chunk: index, &state.workspace, &state.bits)
        total.withLock { $0.add(found) }
      }
    } else {
      let walk = AxisWalk(grouped.view, reader: reader, chunkBytes: chunkBytes)
      try pool.forEach(walk.unitCount) {
        (workspace: DenseReader.Workspace(), buffer: [UInt8]())
      } _: { unit, state in
        let isOver = total.withLock { $0.violatingGroups > most }
        if isOver { return }
        guard let found = try counting.acrossRows(reader, walk, unit: unit, &state.workspace, &state.buffer)
        else {
          return
        }
        total.withLock { $0.add(found) }
      }
    }
    let tally = total.withLock { $0 }
    return tally.violatingGroups > most ? nil : tally
  }

  /// A violating group with its values.
  private func describe(
    _ violation: GroupTally.Violation,
    _ reader: DenseReader,
    _ view: AxisView,
    _ pattern: NMPattern
  ) throws -> ValidationReport.Violation {
    let first = violation.group * UInt64(pattern.group)
    let count = min(UInt64(pattern.group), view.extent - first)
    let (outer, inner) = violation.row.quotientAndRemainder(dividingBy: view.inner)
    var workspace = DenseReader.Workspace()
    var buffer: [UInt8] = []
    var values: [String] = []
    for place in first..<first + count {
      let position = (outer * view.extent + place) * view.inner + inner
      try reader.readElements(at: position, count: 1, &workspace, into: &buffer)
      values += ElementText.texts(buffer[..<reader.grid.elementBytes], reader.tensor.elementType)
    }
    return ValidationReport.Violation(
      row: violation.row,
      group: violation.group,
      firstIndex: first,
      nonzeros: violation.nonzeros,
      values: values
    )
  }
}

/// One thread's part of a count.
private struct Counting: Sendable {
  let pattern: NMPattern
  let ignoresTail: Bool
  let firstLimit: Int
  let progress: WorkProgress?

  /// Counts a chunk whose rows lie along the groups.
  func alongRows(
    _ reader: DenseReader,
    chunk index: Int,
    _ workspace: inout DenseReader.Workspace,
    _ bits: inout GroupTally.Workspace
  ) throws -> GroupTally {
    let chunk = reader.grid[index]
    var tally = GroupTally(pattern, firstLimit: firstLimit)
    defer { progress?.advance(chunk.elementCount * reader.grid.elementBytes) }
    _ = try reader.read(index, &workspace)
    tally.add(
      workspace.dense,
      chunk,
      of: reader.grid,
      reader.tensor.elementType,
      ignoresTail: ignoresTail,
      &bits
    )
    return tally
  }

  /// Counts a unit across whose rows groups run; nil for types that cannot be counted.
  func acrossRows(
    _ reader: DenseReader,
    _ walk: AxisWalk,
    unit: Int,
    _ workspace: inout DenseReader.Workspace,
    _ buffer: inout [UInt8]
  ) throws -> GroupTally? {
    guard var counter = VerticalCounter(reader.tensor.elementType) else { return nil }
    let group = UInt64(pattern.group)
    var tally = GroupTally(pattern, firstLimit: firstLimit)
    try walk.forEachSlice(ofUnit: unit, &workspace, slices: &buffer) { slice, buffer, start, count in
      if slice % group == 0 { counter.reset(columns: count) }
      counter.add(buffer, at: start)
      progress?.advance(count * reader.grid.elementBytes)
      let isLast = slice + 1 == walk.view.extent
      guard (slice + 1) % group == 0 || (isLast && !ignoresTail) else { return }
      for (column, nonzeros) in counter.counts.enumerated() {
        tally.add(row: walk.row(ofUnit: unit, column: column), group: slice / group, nonzeros: Int(nonzeros))
      }
    }
    return tally
  }
}
