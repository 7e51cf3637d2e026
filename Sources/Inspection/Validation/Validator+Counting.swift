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
    let looksAgain = secondLook.comparesAxes && result.status == .compliant
    let magnitudes = looksAgain ? MagnitudeReader(reader.tensor.elementType) : nil
    let sums = magnitudes.map { RemovedSums($0, WorkParts(walk(grouped, reader), reader)) }
    guard
      let tally = try count(
        grouped,
        reader,
        pattern,
        firstLimit: violationLimit,
        progress: progress,
        summing: sums
      )
    else { return }
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
      try lookAgain(at: &result, grouped, reader, pattern, sums, source)
    }
  }

  /// How groups are walked through that do not lie along rows; nil for those that do.
  func walk(_ grouped: GroupedView, _ reader: DenseReader) -> AxisWalk? {
    grouped.isAlongRows ? nil : AxisWalk(grouped.view, reader: reader, chunkBytes: chunkBytes)
  }

  /// Counts the groups of a tensor.
  /// - Parameters:
  ///   - most: after how many violating groups counting stops.
  ///   - sums: takes the sums of the magnitudes of parts that are counted when a violation is known: all from its first
  ///     group on, so that nothing need be read again of a tensor whose first groups violate the pattern.
  /// - Returns: nil if it stopped.
  func count(
    _ grouped: GroupedView,
    _ reader: DenseReader,
    _ pattern: NMPattern,
    firstLimit: Int,
    progress: WorkProgress?,
    most: UInt64 = .max,
    summing sums: RemovedSums? = nil
  ) throws -> GroupTally? {
    let counting = Counting(
      pattern: pattern,
      ignoresTail: tail == .ignore,
      firstLimit: firstLimit,
      most: most,
      progress: progress,
      magnitudes: sums?.magnitudes
    )
    let total = Mutex(GroupTally(pattern, firstLimit: firstLimit))
    let walk = walk(grouped, reader)
    let parts = WorkParts(walk, reader)
    try pool.forEach(parts.count) {
      Counting.Workspace()
    } _: { part, state in
      var summed: MagnitudeLoss? = MagnitudeLoss()
      for unit in parts[part] {
        let known = total.withLock { $0.violatingGroups }
        if known > most { return }
        let found =
          if let walk {
            try counting.acrossRows(reader, walk, unit: unit, isViolated: known > 0, &state, &summed)
          } else {
            try counting.alongRows(reader, chunk: unit, isViolated: known > 0, &state, &summed)
          }
        guard let found else { return }
        total.withLock { $0.add(found) }
      }
      if let sums, let summed { sums.set(part, summed) }
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
///
/// What is counted is summed, too, while it is at hand and as long as nothing was left out of the sums: once the pattern
/// is known to be violated.
private struct Counting: Sendable {
  let pattern: NMPattern
  let ignoresTail: Bool
  let firstLimit: Int
  let most: UInt64
  let progress: WorkProgress?
  let magnitudes: MagnitudeReader?

  /// Buffers that are used again.
  struct Workspace {
    var reading = DenseReader.Workspace()
    var bits = GroupTally.Workspace()
    var slices: [UInt8] = []
    var group = SliceGroup()
  }

  /// Counts a chunk whose rows lie along the groups.
  /// - Parameters:
  ///   - isViolated: whether the pattern is known to be violated.
  ///   - loss: takes the sums; nil once something is left out of them.
  func alongRows(
    _ reader: DenseReader,
    chunk index: Int,
    isViolated: Bool,
    _ workspace: inout Workspace,
    _ loss: inout MagnitudeLoss?
  ) throws -> GroupTally {
    let chunk = reader.grid[index]
    var tally = GroupTally(pattern, firstLimit: firstLimit)
    defer { progress?.advance(chunk.elementCount * reader.grid.elementBytes) }
    _ = try reader.read(index, &workspace.reading)
    tally.add(
      workspace.reading.dense,
      chunk,
      of: reader.grid,
      reader.tensor.elementType,
      ignoresTail: ignoresTail,
      &workspace.bits
    )
    if let magnitudes, isViolated || tally.violatingGroups > 0 {
      loss?.add(workspace.reading.dense, chunk, pattern, magnitudes)
    } else {
      loss = nil
    }
    return tally
  }

  /// Counts a unit across whose rows groups run, as ``alongRows(_:chunk:isViolated:_:_:)``; nil for types that cannot be
  /// counted.
  func acrossRows(
    _ reader: DenseReader,
    _ walk: AxisWalk,
    unit: Int,
    isViolated: Bool,
    _ workspace: inout Workspace,
    _ loss: inout MagnitudeLoss?
  ) throws -> GroupTally? {
    guard var counter = VerticalCounter(reader.tensor.elementType) else { return nil }
    let group = UInt64(pattern.group)
    let firstRow = walk.row(ofUnit: unit, column: 0)
    var tally = GroupTally(pattern, firstLimit: firstLimit)
    if magnitudes == nil { loss = nil }
    workspace.group.reset()
    try walk.forEachSlice(ofUnit: unit, &workspace.reading, slices: &workspace.slices) {
      slice,
      buffer,
      start,
      count in
      let bytes = count * reader.grid.elementBytes
      if slice % group == 0 { counter.reset(columns: count) }
      counter.add(buffer, at: start)
      if loss != nil { workspace.group.add(buffer[start..<start + bytes]) }
      progress?.advance(bytes)
      let isLast = slice + 1 == walk.view.extent
      guard (slice + 1) % group == 0 || isLast else { return true }
      if (slice + 1) % group == 0 || !ignoresTail {
        tally.add(counter, firstRow: firstRow, group: slice / group)
      }
      if let magnitudes, isViolated || tally.violatingGroups > 0 {
        loss?.add(workspace.group, columns: count, pattern, magnitudes)
      } else {
        loss = nil
      }
      workspace.group.reset()
      return tally.violatingGroups <= most
    }
    return tally
  }
}
