internal import ModelIR
internal import SparseCoding
internal import Synchronization

/// What is found out about a tensor that violates its pattern.
extension Validator {
  /// Looks at a violating tensor again.
  func lookAgain(
    at result: inout ValidationReport.TensorResult,
    _ grouped: GroupedView,
    _ reader: DenseReader,
    _ pattern: NMPattern,
    _ source: any ByteSource
  ) throws {
    if secondLook.comparesAxes {
      let loss = try loss(of: grouped, reader, pattern)
      if let first = loss?.share1, let second = loss?.share2 {
        result.removed = ValidationReport.RemovedMagnitude(first: first, second: second)
      }
      try compareAxes(&result, pattern, source)
    }
    if secondLook.searchesOrders { result.columnOrder = try columnOrder(grouped, reader, pattern) }
  }

  /// In how many parts sums are made, whatever the number of threads: so that they are the same for any.
  private static let sumParts = 1024

  /// What enforcing the pattern would remove; nil for types without magnitudes.
  private func loss(
    of grouped: GroupedView,
    _ reader: DenseReader,
    _ pattern: NMPattern
  ) throws -> MagnitudeLoss? {
    guard let magnitudes = MagnitudeReader(reader.tensor.elementType) else { return nil }
    progress.expect(reader.tensor.denseByteCount)
    let walk = grouped.isAlongRows ? nil : AxisWalk(grouped.view, reader: reader, chunkBytes: chunkBytes)
    let units = walk?.unitCount ?? reader.grid.count
    let parts = min(units, Self.sumParts)
    let sums = Mutex([MagnitudeLoss](repeating: MagnitudeLoss(), count: parts))
    let progress = progress
    try pool.forEach(parts) {
      (workspace: DenseReader.Workspace(), buffer: [UInt8](), group: [UInt8]())
    } _: { part, state in
      var loss = MagnitudeLoss()
      for unit in Self.range(part, of: parts, units) {
        guard let walk else {
          let chunk = reader.grid[unit]
          _ = try reader.read(unit, &state.workspace)
          magnitudes.add(
            state.workspace.dense,
            rows: chunk.rowCount,
            columns: chunk.columnCount,
            pattern,
            to: &loss
          )
          progress.advance(chunk.elementCount * reader.grid.elementBytes)
          continue
        }
        var slices = 0
        try walk.forEachSlice(ofUnit: unit, &state.workspace, slices: &state.buffer) {
          slice,
          buffer,
          start,
          count in
          let bytes = count * reader.grid.elementBytes
          if slices == 0 { state.group.removeAll(keepingCapacity: true) }
          state.group += buffer[start..<start + bytes]
          slices += 1
          progress.advance(bytes)
          guard slices == pattern.group || slice + 1 == walk.view.extent else { return }
          magnitudes.add(across: state.group, slices: slices, columns: count, pattern, to: &loss)
          slices = 0
        }
      }
      let found = loss
      sums.withLock { $0[part] = found }
    }
    return sums.withLock { sums in
      sums.reduce(into: MagnitudeLoss()) { $0.add($1) }
    }
  }

  /// The units of a part.
  private static func range(_ part: Int, of parts: Int, _ units: Int) -> Range<Int> {
    let (size, rest) = units.quotientAndRemainder(dividingBy: parts)
    let start = part * size + min(part, rest)
    return start..<start + size + (part < rest ? 1 : 0)
  }

  /// Tries the other axes of a tensor, and of a convolution all behind the first one flattened.
  private func compareAxes(
    _ result: inout ValidationReport.TensorResult,
    _ pattern: NMPattern,
    _ source: any ByteSource
  ) throws {
    let tensor = result.tensor.counted
    let asked = result.axis?.axes.first
    let rank = tensor.shape.rank
    guard rank >= 2 else { return }
    var candidates: [(axes: [Int], grouped: GroupedView)] = (0..<rank).compactMap { axis in
      guard axis != asked || result.runsThroughMemory, tensor.shape.extents[axis] >= UInt64(pattern.group)
      else {
        return nil
      }
      return GroupedView(tensor, axis: axis).map { ([axis], $0) }
    }
    if rank > 2,
      let flat = GroupedView(flattening: tensor, columns: tensor.shape.elementCount / tensor.shape.extents[0])
    {
      candidates.append((Array(1..<rank), flat))
    }
    for (axes, grouped) in candidates {
      let groups =
        grouped.view.wholeGroups(of: pattern.group)
        + (tail == .ignore ? 0 : grouped.view.raggedGroups(of: pattern.group))
      if tail == .error && grouped.view.raggedGroups(of: pattern.group) > 0 { continue }
      let reader = try grouped.reader(source, pattern, chunkBytes: chunkBytes, on: pool)
      let tally = try count(grouped, reader, pattern, firstLimit: 0, progress: nil, most: groups / 100)
      result.otherAxes.append(
        ValidationReport.AxisComparison(axes: axes, groups: groups, violatingGroups: tally?.violatingGroups)
      )
    }
  }

  private func columnOrder(
    _ grouped: GroupedView,
    _ reader: DenseReader,
    _ pattern: NMPattern
  ) throws -> ColumnOrder {
    let count = grouped.tensor.shape.elementCount
    if grouped.view.extent > ColumnOrder.mostColumns || count > ColumnOrder.mostElements {
      return .skipped(
        "it is larger than \(ColumnOrder.mostColumns) places or \(ColumnOrder.mostElements) elements"
      )
    }
    // The view's own axes count here, whatever shape makes rows lie along it.
    let view =
      grouped.isAlongRows ? AxisView(grouped.tensor.shape, axis: grouped.tensor.shape.rank - 1) : grouped.view
    guard let view else { return .skipped("it has no such axis") }
    return ColumnOrder(of: try NonzeroColumns(view, reader: reader), pattern)
  }
}
