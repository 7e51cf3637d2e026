internal import ModelIR
internal import SparseCoding

/// What is found out about a tensor that violates its pattern.
extension Validator {
  /// Looks at a violating tensor again.
  /// - Parameter sums: what counting summed of the magnitudes; nil for types that have none.
  func lookAgain(
    at result: inout ValidationReport.TensorResult,
    _ grouped: GroupedView,
    _ reader: DenseReader,
    _ pattern: NMPattern,
    _ sums: RemovedSums?,
    _ source: any ByteSource
  ) throws {
    if secondLook.comparesAxes {
      if let sums {
        let loss = try loss(sums, of: grouped, reader, pattern)
        if let first = loss.share1, let second = loss.share2 {
          result.removed = ValidationReport.RemovedMagnitude(first: first, second: second)
        }
      }
      try compareAxes(&result, pattern, source)
    }
    if secondLook.searchesOrders { result.columnOrder = try columnOrder(grouped, reader, pattern) }
  }

  /// What enforcing the pattern would remove: the parts that counting did not sum are read again.
  private func loss(
    _ sums: RemovedSums,
    of grouped: GroupedView,
    _ reader: DenseReader,
    _ pattern: NMPattern
  ) throws -> MagnitudeLoss {
    let walk = walk(grouped, reader)
    let parts = WorkParts(walk, reader)
    let missing = sums.missing
    let elements = missing.reduce(0) { elements, part in
      parts[part].reduce(elements) {
        $0 + UInt64(walk?.elementCount(ofUnit: $1) ?? reader.grid[$1].elementCount)
      }
    }
    progress.expect(elements * UInt64(reader.grid.elementBytes))
    let progress = progress
    try pool.forEach(missing.count) {
      (workspace: DenseReader.Workspace(), buffer: [UInt8](), group: SliceGroup())
    } _: { index, state in
      var loss = MagnitudeLoss()
      for unit in parts[missing[index]] {
        guard let walk else {
          let chunk = reader.grid[unit]
          _ = try reader.read(unit, &state.workspace)
          loss.add(state.workspace.dense, chunk, pattern, sums.magnitudes)
          progress.advance(chunk.elementCount * reader.grid.elementBytes)
          continue
        }
        state.group.reset()
        try walk.forEachSlice(ofUnit: unit, &state.workspace, slices: &state.buffer) {
          slice,
          buffer,
          start,
          count in
          let bytes = count * reader.grid.elementBytes
          state.group.add(buffer[start..<start + bytes])
          progress.advance(bytes)
          if state.group.slices == pattern.group || slice + 1 == walk.view.extent {
            loss.add(state.group, columns: count, pattern, sums.magnitudes)
            state.group.reset()
          }
          return true
        }
      }
      sums.set(missing[index], loss)
    }
    return sums.total
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
