internal import ModelIR
internal import Synchronization

/// Work on the chunks of many tensors as one queue, so that small tensors keep all threads busy too.
extension ChunkPool {
  /// Runs `body` for every chunk of every reader; it gets the reader's place in the list and the chunk's
  /// index.
  /// - Throws: the error of the earliest chunk that failed.
  public func forEachChunk<Workspace>(
    of readers: [DenseReader],
    workspace make: @Sendable () -> Workspace,
    _ body: @Sendable (_ place: Int, _ index: Int, inout Workspace) throws -> Void
  ) throws {
    let starts = readers.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.grid.count) }
    try forEach(starts[readers.count], workspace: make) { unit, workspace in
      // The last reader that starts at or before the unit; those without chunks start where the next does.
      var (low, high) = (0, readers.count)
      while low + 1 < high {
        let middle = (low + high) / 2
        if starts[middle] <= unit { low = middle } else { high = middle }
      }
      try body(low, unit - starts[low], &workspace)
    }
  }
}

extension DenseReader {
  /// Surveys all chunks of a sparse tensor; does nothing for a dense one.
  /// - Throws: ``ExpansionFault`` for a tensor that claims to be huge, and what ``survey(_:_:)`` and ``finishSurvey(_:)`` throw.
  public mutating func survey(on pool: ChunkPool, allowingExpansion: Bool = false) throws {
    guard needsSurvey else { return }
    // Its chunks alone would be too many to count.
    if tensor.isExpansion && !allowingExpansion { throw ExpansionFault(tensor, in: bytes) }
    let counts = Mutex([UInt64](repeating: 0, count: grid.count))
    let reader = self
    try pool.forEach(grid.count) {
      Workspace()
    } _: { index, workspace in
      let count = try reader.survey(index, &workspace)
      counts.withLock { $0[index] = count }
    }
    try finishSurvey(counts.withLock { $0 })
  }
}
