internal import ModelIR

/// The check of a sparse tensor's structure, before anything is made of it.
extension DenseReader {
  /// Checks the structure of the chunk at `index`, and returns how many values it has.
  /// - Throws: ``LayoutFault`` for parts that contradict each other, or what the source throws.
  public func survey(_ index: Int, _ workspace: inout Workspace) throws -> UInt64 {
    let chunk = grid[index]
    switch tensor.storage {
    case .dense: return 0
    case .bitmask(let mask, _): return try surveyMask(chunk, mask, &workspace.encoded)
    case .nm(let pattern, _, let indices):
      return try surveyGroups(chunk, pattern, indices, &workspace.encoded)
    case .csr(let offsets, let offsetWidth, let columns, let columnWidth, _):
      if grid.splitsRows {
        return try surveyRowPiece(
          index,
          chunk,
          offsets,
          offsetWidth,
          columns,
          columnWidth,
          &workspace.encoded
        )
      }
      return try surveyRows(index, chunk, offsets, offsetWidth, columns, columnWidth, &workspace.encoded)
    }
  }

  private func surveyMask(_ chunk: Chunk, _ region: Region, _ encoded: inout EncodedChunk) throws -> UInt64 {
    try read(grid.maskRange(of: chunk), of: region, into: &encoded.structure)
    let (count, spare) = encoded.structure.withUnsafeBufferPointer { mask in
      mask.baseAddress.map { BitmaskCoding.population(of: $0, chunk, KernelSet.current) } ?? (0, nil)
    }
    if let spare { throw fault(.spareBitSet(row: chunk.firstRow + UInt64(spare))) }
    return UInt64(count)
  }

  private func surveyGroups(
    _ chunk: Chunk,
    _ pattern: NMPattern,
    _ region: Region,
    _ encoded: inout EncodedChunk
  ) throws -> UInt64 {
    try read(grid.indexRange(of: chunk, pattern: pattern), of: region, into: &encoded.structure)
    let problem = encoded.structure.withUnsafeBufferPointer { indices in
      indices.baseAddress.flatMap { coder?.spread($0, nil, chunk, pattern, to: nil) }
    }
    let firstGroup = chunk.firstColumn / UInt64(pattern.group)
    switch problem {
    case nil: break
    case .notAscending(let row, let group):
      throw fault(
        .positionsNotAscending(row: chunk.firstRow + UInt64(row), group: firstGroup + UInt64(group))
      )
    case .outOfRange(let row, let group, let position):
      throw fault(
        .positionOutOfRange(
          row: chunk.firstRow + UInt64(row),
          group: firstGroup + UInt64(group),
          position: position
        )
      )
    case .spareBits(let row): throw fault(.spareIndexBitSet(row: chunk.firstRow + UInt64(row)))
    }
    return UInt64(chunk.rowCount) * pattern.keptPerRow(columns: UInt64(chunk.columnCount))
  }

  /// The row offsets `first...end` as numbers, checked to ascend and to lie within the values.
  private func rowOffsets(
    _ first: UInt64,
    count: Int,
    _ region: Region,
    _ width: IndexWidth,
    _ encoded: inout EncodedChunk
  ) throws -> [UInt64] {
    let range = PartRange(
      offset: first * UInt64(width.byteWidth),
      byteCount: (count + 1) * width.byteWidth
    )
    try read(range, of: region, into: &encoded.rowOffsets)
    let offsets = encoded.rowOffsets.withUnsafeBytes { bytes in
      (0...count).map { row in
        width == .bits64
          ? bytes.loadUnaligned(fromByteOffset: row * 8, as: UInt64.self)
          : UInt64(bytes.loadUnaligned(fromByteOffset: row * 4, as: UInt32.self))
      }
    }
    if first == 0 && offsets[0] != 0 { throw fault(.firstOffsetNotZero(offsets[0])) }
    for row in 0..<count {
      if offsets[row + 1] < offsets[row] { throw fault(.offsetsFall(row: first + UInt64(row))) }
      if offsets[row + 1] > valueCount {
        throw fault(
          .offsetOverruns(row: first + UInt64(row), offset: offsets[row + 1], nnz: valueCount)
        )
      }
      if offsets[row + 1] - offsets[row] > grid.columns {
        throw fault(.columnsNotAscending(row: first + UInt64(row)))
      }
    }
    if first + UInt64(count) == grid.rows && offsets[count] != valueCount {
      throw fault(.lastOffsetDiffers(offsets[count], nnz: valueCount))
    }
    return offsets
  }

  private func surveyRows(
    _ index: Int,
    _ chunk: Chunk,
    _ offsetRegion: Region,
    _ offsetWidth: IndexWidth,
    _ columnRegion: Region,
    _ columnWidth: IndexWidth,
    _ encoded: inout EncodedChunk
  ) throws -> UInt64 {
    let offsets = try rowOffsets(
      chunk.firstRow,
      count: chunk.rowCount,
      offsetRegion,
      offsetWidth,
      &encoded
    )
    let count = offsets[chunk.rowCount] - offsets[0]
    // Every row has at most as many values as columns, so these are no more indices than the chunk's elements.
    try read(
      grid.valueRange(before: offsets[0], count: count, width: columnWidth.byteWidth),
      of: columnRegion,
      into: &encoded.structure
    )
    for row in 0..<chunk.rowCount {
      try check(
        encoded.structure,
        first: Int(offsets[row] - offsets[0]),
        end: Int(offsets[row + 1] - offsets[0]),
        row: chunk.firstRow + UInt64(row),
        from: 0,
        below: grid.columns,
        columnWidth
      )
    }
    return count
  }

  /// A piece of a row that is too long for one chunk: its indices are found by bisection, and then checked
  /// to lie within the piece. As the pieces of a row meet where the same bisection ends, all are checked.
  private func surveyRowPiece(
    _ index: Int,
    _ chunk: Chunk,
    _ offsetRegion: Region,
    _ offsetWidth: IndexWidth,
    _ columnRegion: Region,
    _ columnWidth: IndexWidth,
    _ encoded: inout EncodedChunk
  ) throws -> UInt64 {
    let row = try rowOffsets(chunk.firstRow, count: 1, offsetRegion, offsetWidth, &encoded)
    let endColumn = chunk.firstColumn + UInt64(chunk.columnCount)
    let first =
      chunk.firstColumn == 0
      ? row[0] : try bisect(chunk.firstColumn, in: row[0]..<row[1], columnRegion, columnWidth, &encoded)
    let end =
      endColumn == grid.columns
      ? row[1] : try bisect(endColumn, in: row[0]..<row[1], columnRegion, columnWidth, &encoded)
    guard end >= first, end - first <= UInt64(chunk.columnCount) else {
      throw fault(.columnsNotAscending(row: chunk.firstRow))
    }
    try read(
      grid.valueRange(before: first, count: end - first, width: columnWidth.byteWidth),
      of: columnRegion,
      into: &encoded.structure
    )
    try check(
      encoded.structure,
      first: 0,
      end: Int(end - first),
      row: chunk.firstRow,
      from: chunk.firstColumn,
      below: endColumn,
      columnWidth
    )
    return end - first
  }

  /// The first index in `range` whose column is not below `column`.
  private func bisect(
    _ column: UInt64,
    in range: Range<UInt64>,
    _ region: Region,
    _ width: IndexWidth,
    _ encoded: inout EncodedChunk
  ) throws -> UInt64 {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = low + (high - low) / 2
      try read(
        grid.valueRange(before: middle, count: 1, width: width.byteWidth),
        of: region,
        into: &encoded.mask
      )
      let found = (0..<width.byteWidth).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(encoded.mask[$1]) }
      if found < column { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func check(
    _ columns: [UInt8],
    first: Int,
    end: Int,
    row: UInt64,
    from: UInt64,
    below: UInt64,
    _ width: IndexWidth
  ) throws {
    do throws(CSRCoding.RowProblem) {
      try columns.withUnsafeBufferPointer { columns throws(CSRCoding.RowProblem) in
        guard let columns = columns.baseAddress else { return }
        switch width {
        case .bits8:
          try CSRCoding.check(columns, first: first, end: end, from: from, below: below, as: UInt8.self)
        case .bits16:
          try CSRCoding.check(columns, first: first, end: end, from: from, below: below, as: UInt16.self)
        case .bits32, .bits64:
          try CSRCoding.check(columns, first: first, end: end, from: from, below: below, as: UInt32.self)
        }
      }
    } catch {
      switch error {
      case .notAscending: throw fault(.columnsNotAscending(row: row))
      case .outOfRange(let column):
        throw column < grid.columns
          ? fault(.columnsNotAscending(row: row))
          : fault(.columnOutOfRange(row: row, column: column, columns: grid.columns))
      }
    }
  }

  /// Checks all row offsets and column indices by what is stored of them, however large the tensor claims to
  /// be; only CSR can claim more than it stores. Nothing can be read afterwards that could not before.
  ///
  /// Memory: a block of offsets and one of indices.
  /// - Throws: ``LayoutFault``, or what the source throws.
  public func surveyEntries() throws {
    guard case .csr(let offsetRegion, let offsetWidth, let columnRegion, let columnWidth, _) = tensor.storage
    else { return }
    let block: UInt64 = 1 << 16
    var encoded = EncodedChunk()
    var first: UInt64 = 0
    while first < grid.rows {
      let count = Int(min(block, grid.rows - first))
      let offsets = try rowOffsets(first, count: count, offsetRegion, offsetWidth, &encoded)
      for row in 0..<count where offsets[row] < offsets[row + 1] {
        var least: UInt64 = 0
        var entry = offsets[row]
        while entry < offsets[row + 1] {
          let run = min(block, offsets[row + 1] - entry)
          let range = grid.valueRange(before: entry, count: run, width: columnWidth.byteWidth)
          try read(range, of: columnRegion, into: &encoded.structure)
          try check(
            encoded.structure,
            first: 0,
            end: Int(run),
            row: first + UInt64(row),
            from: least,
            below: grid.columns,
            columnWidth
          )
          entry += run
          least = index(Int(run) - 1, in: encoded.structure, columnWidth) + 1
        }
      }
      first += UInt64(count)
    }
  }

  /// A column index by its place among those that were read.
  private func index(_ place: Int, in columns: [UInt8], _ width: IndexWidth) -> UInt64 {
    let start = place * width.byteWidth
    return (0..<width.byteWidth).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(columns[start + $1]) }
  }
}
