internal import ModelIR

/// The integers of a marlin-24 weight, one to the byte, zeros where nothing is stored.
struct MarlinCodes: RowDecoding {
  private let tiling: MarlinTiling
  private let packed: StoredPart
  private let meta: StoredPart
  private let tensor: TensorName
  var rows: UInt64 { tiling.rows }
  var columns: UInt64 { tiling.columns }
  var elementBytes: Int { 1 }

  /// The codes that `packed` and `meta` hold; a problem is blamed on `tensor`.
  init(_ tiling: MarlinTiling, packed: StoredPart, meta: StoredPart, tensor: TensorName) {
    self.tiling = tiling
    self.packed = packed
    self.meta = meta
    self.tensor = tensor
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    let (height, width) = (UInt64(MarlinTiling.blockRows), UInt64(MarlinTiling.tileColumns))
    let blocks = rows.lowerBound / height..<(rows.upperBound - 1) / height + 1
    let tiles = columns.lowerBound / width..<(columns.upperBound - 1) / width + 1
    let (packedRun, metaRun) = (
      blocks.count * tiling.packedTileBytes, blocks.count * MarlinTiling.metaTileBytes
    )
    var packedBytes = [UInt8](repeating: 0, count: tiles.count * packedRun)
    var metaBytes = [UInt8](repeating: 0, count: tiles.count * metaRun)
    for (index, tile) in tiles.enumerated() {
      let packedStart = tiling.packedOffset(rowBlock: blocks.lowerBound, columnTile: tile)
      let metaStart = tiling.metaOffset(rowBlock: blocks.lowerBound, columnTile: tile)
      try packed.read(
        packedRun,
        at: packedStart,
        into: &packedBytes,
        startingAt: index * packedRun
      )
      try meta.read(metaRun, at: metaStart, into: &metaBytes, startingAt: index * metaRun)
    }
    let first = blocks.lowerBound * height
    let within = Int(rows.lowerBound - first)..<Int(rows.upperBound - first)
    let stride = tiles.count * MarlinTiling.tileColumns
    let isWhole = stride == columns.count
    var codes = isWhole ? [] : [UInt8](repeating: 0, count: rows.count * stride)
    do {
      if isWhole {
        try tiling.decode(
          rows: within,
          tileCount: tiles.count,
          blockCount: blocks.count,
          packed: packedBytes,
          meta: metaBytes,
          into: &buffer,
          at: start,
          rowStride: stride
        )
        return
      }
      try tiling.decode(
        rows: within,
        tileCount: tiles.count,
        blockCount: blocks.count,
        packed: packedBytes,
        meta: metaBytes,
        into: &codes,
        at: 0,
        rowStride: stride
      )
    } catch TileProblem.badMetadata(let row, let column) {
      throw PartFault(
        file: meta.source.displayName,
        tensor: tensor,
        .badMetadata(row: first + UInt64(row), column: tiles.lowerBound * width + UInt64(column))
      )
    }
    let skip = Int(columns.lowerBound - tiles.lowerBound * width)
    for row in 0..<rows.count {
      let (from, target) = (row * stride + skip, start + row * columns.count)
      buffer.replaceSubrange(target..<(target + columns.count), with: codes[from..<(from + columns.count)])
    }
  }
}

/// The scales of a marlin-24 weight, `[N, G]`, in the order of its rows.
struct MarlinScales: RowDecoding {
  private let packed: StoredMatrix
  private let isPermuted: Bool
  var rows: UInt64 { packed.columns }
  var columns: UInt64 { packed.rows }
  var elementBytes: Int { packed.elementBytes }

  /// The scales that `scale_packed`, `[G, N]`, holds.
  init(_ packed: StoredMatrix, isPermuted: Bool) {
    self.packed = packed
    self.isPermuted = isPermuted
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    // Permuted scales stay in their run of 8.
    let run = rows.lowerBound / 8 * 8..<min(self.rows, (rows.upperBound + 7) / 8 * 8)
    let stored = try packed.decoded(columns, run)
    for (index, row) in rows.enumerated() {
      let place = Int(MarlinTiling.scaleColumn(ofRow: row, isPermuted: isPermuted) - run.lowerBound)
      for column in 0..<columns.count {
        let from = (column * run.count + place) * elementBytes
        let target = start + (index * columns.count + column) * elementBytes
        buffer.replaceSubrange(target..<(target + elementBytes), with: stored[from..<(from + elementBytes)])
      }
    }
  }
}
