internal import ModelIR

/// The dense elements of a weight in torch's CUTLASS form, their bits as they are.
struct CutlassValues: RowDecoding {
  private let tiling: CutlassTiling
  private let packed: StoredPart
  private let meta: StoredPart
  private let tensor: TensorName
  var rows: UInt64 { tiling.rows }
  var columns: UInt64 { tiling.columns }
  let elementBytes: Int

  /// The elements that `packed` and `meta` hold; a problem is blamed on `tensor`.
  init(_ tiling: CutlassTiling, packed: StoredPart, meta: StoredPart, tensor: TensorName) {
    self.tiling = tiling
    self.packed = packed
    self.meta = meta
    self.tensor = tensor
    elementBytes = tiling.elementType.byteWidth ?? 1
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    let (height, width) = (UInt64(tiling.blockRows), UInt64(tiling.unitColumns))
    let blocks = rows.lowerBound / height..<(rows.upperBound - 1) / height + 1
    let units = columns.lowerBound / width..<(columns.upperBound - 1) / width + 1
    let packedRun = units.count * CutlassTiling.packedUnitBytes
    var packedBytes = [UInt8](repeating: 0, count: rows.count * packedRun)
    if UInt64(units.count) == tiling.columnUnits {
      let first = tiling.packedOffset(row: rows.lowerBound, unit: 0)
      try packed.read(packedBytes.count, at: first, into: &packedBytes, startingAt: 0)
    } else {
      for (index, row) in rows.enumerated() {
        let first = tiling.packedOffset(row: row, unit: units.lowerBound)
        try packed.read(packedRun, at: first, into: &packedBytes, startingAt: index * packedRun)
      }
    }
    let metaRun = blocks.count * CutlassTiling.metaUnitBytes
    var metaBytes = [UInt8](repeating: 0, count: units.count * metaRun)
    for (index, unit) in units.enumerated() {
      let first = tiling.metaOffset(rowBlock: blocks.lowerBound, unit: unit)
      try meta.read(metaRun, at: first, into: &metaBytes, startingAt: index * metaRun)
    }
    let first = blocks.lowerBound * height
    let stride = units.count * CutlassTiling.denseUnitBytes
    var dense = [UInt8](repeating: 0, count: rows.count * stride)
    do {
      try tiling.decode(
        rows: Int(rows.lowerBound - first)..<Int(rows.upperBound - first),
        unitCount: units.count,
        blockCount: blocks.count,
        packed: packedBytes,
        meta: metaBytes,
        into: &dense,
        at: 0,
        rowStride: stride
      )
    } catch TileProblem.badMetadata(let row, let column) {
      throw PartFault(
        file: meta.source.displayName,
        tensor: tensor,
        .badMetadata(row: first + UInt64(row), column: units.lowerBound * width + UInt64(column))
      )
    }
    let run = columns.count * elementBytes
    let skip = Int(columns.lowerBound - units.lowerBound * width) * elementBytes
    for row in 0..<rows.count {
      let (from, target) = (row * stride + skip, start + row * run)
      buffer.replaceSubrange(target..<(target + run), with: dense[from..<(from + run)])
    }
  }
}
