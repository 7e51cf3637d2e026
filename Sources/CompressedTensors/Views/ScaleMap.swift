internal import ModelIR

/// Which scale each code of a weight has.
struct ScaleMap: Sendable {
  private enum Reach: Sendable {
    /// One for all.
    case tensor
    /// One a row.
    case channel
    /// One a run of so many columns.
    case group(UInt64)
    /// One a rectangle of rows and columns; rows of another slice are in another rectangle.
    case block(UInt64, UInt64, rowsPerSlice: UInt64, gridRows: UInt64)
    /// One for the columns that are assigned to it.
    case indexed(GroupIndex)
    /// One for each index of an axis that is not the last: `extent` of them, each for `inner` rows.
    case outerChannel(extent: UInt64, inner: UInt64)
    /// One a column.
    case columns
    /// One a column for `size` indices of an axis that is not the last, of `extent` indices, in `blocks`, each of
    /// `inner` rows.
    case rowGroups(size: UInt64, extent: UInt64, blocks: UInt64, inner: UInt64)
  }

  private let matrix: any RowDecoding
  private let reach: Reach
  /// The most groups of a row whose columns are assigned one by one: a model has a few hundred.
  private static let mostIndexedGroups: UInt64 = 1 << 18
  /// The scales' rows and columns.
  var rows: UInt64 { matrix.rows }
  var columns: UInt64 { matrix.columns }
  var elementBytes: Int { matrix.elementBytes }

  /// The map of a weight of `shape`; nil where the scales are not as many as that needs.
  init?(
    _ matrix: StoredMatrix,
    _ granularity: Quantization.Granularity,
    shape: Shape,
    groupIndex: GroupIndex?
  ) {
    self.matrix = matrix
    let weightRows = shape.rows
    switch granularity {
    case .tensor:
      guard matrix.rows == 1, matrix.columns == 1 else { return nil }
      reach = .tensor
    case .channel(let axis):
      guard axis == shape.rank - 2, matrix.rows == weightRows, matrix.columns == 1 else { return nil }
      reach = .channel
    case .group(let axis, let size):
      guard axis == shape.rank - 1, size > 0, matrix.rows == weightRows else { return nil }
      let groups = shape.columns.dividedUp(by: UInt64(size))
      guard matrix.columns == groups else { return nil }
      if let groupIndex {
        // All scales of a row are read for any of its columns.
        guard groups <= Self.mostIndexedGroups else { return nil }
        reach = .indexed(groupIndex)
      } else {
        reach = .group(UInt64(size))
      }
    case .block(let extents):
      guard extents.count == 2, extents[0] > 0, extents[1] > 0 else { return nil }
      let (high, wide) = (UInt64(extents[0]), UInt64(extents[1]))
      let rowsPerSlice = shape.extents[shape.rank - 2]
      guard rowsPerSlice > 0, shape.columns > 0 else { return nil }
      let gridRows = (rowsPerSlice - 1) / high + 1
      guard matrix.columns == (shape.columns - 1) / wide + 1,
        matrix.rows == weightRows / rowsPerSlice * gridRows
      else { return nil }
      reach = .block(high, wide, rowsPerSlice: rowsPerSlice, gridRows: gridRows)
    }
  }

  /// How many rows and columns of scales a weight of `shape` has where scales of a graph reach as far as
  /// `granularity` says; nil for what no map can say.
  static func extents(_ granularity: Quantization.Granularity, _ shape: Shape) -> (
    rows: UInt64, columns: UInt64
  )? {
    let last = shape.rank - 1
    switch granularity {
    case .tensor: return (1, 1)
    case .channel(let axis):
      guard shape.extents.indices.contains(axis) else { return nil }
      return axis == last ? (1, shape.columns) : (shape.extents[axis], 1)
    case .group(let axis, let size):
      guard size > 0, shape.extents.indices.contains(axis), shape.extents[axis] > 0 else { return nil }
      let blocks = shape.extents[axis].dividedUp(by: UInt64(size))
      if axis == last { return (shape.rows, blocks) }
      return (shape.rows / shape.extents[axis] * blocks, shape.columns)
    case .block(let extents):
      guard extents.count == shape.rank, extents.allSatisfy({ $0 > 0 }) else { return nil }
      if extents.dropLast().allSatisfy({ $0 == 1 }) {
        return (shape.rows, shape.columns.dividedUp(by: UInt64(extents[last])))
      }
      guard shape.rank == 2 else { return nil }
      return (
        shape.extents[0].dividedUp(by: UInt64(extents[0])), shape.extents[1].dividedUp(by: UInt64(extents[1]))
      )
    }
  }

  /// The map of a weight of a graph, of `shape`, whose scales lie in rows and columns as
  /// ``extents(_:_:)`` says; nil where they don't.
  init?(ofGraph matrix: any RowDecoding, _ granularity: Quantization.Granularity, _ shape: Shape) {
    guard let (rows, columns) = Self.extents(granularity, shape),
      (matrix.rows, matrix.columns) == (rows, columns)
    else { return nil }
    self.matrix = matrix
    let last = shape.rank - 1
    switch granularity {
    case .tensor: reach = .tensor
    case .channel(let axis) where axis == last: reach = .columns
    case .channel(let axis):
      reach = .outerChannel(
        extent: shape.extents[axis],
        inner: shape.extents[(axis + 1)..<last].reduce(1, *)
      )
    case .group(let axis, let size) where axis == last: reach = .group(UInt64(size))
    case .group(let axis, let size):
      let extent = shape.extents[axis]
      reach = .rowGroups(
        size: UInt64(size),
        extent: extent,
        blocks: extent.dividedUp(by: UInt64(size)),
        inner: shape.extents[(axis + 1)..<last].reduce(1, *)
      )
    case .block(let extents) where extents.dropLast().allSatisfy({ $0 == 1 }):
      reach = .group(UInt64(extents[last]))
    case .block(let extents):
      reach = .block(UInt64(extents[0]), UInt64(extents[1]), rowsPerSlice: shape.extents[0], gridRows: rows)
    }
  }

  /// Whether each column has scales of its own.
  var isByColumn: Bool {
    switch reach {
    case .columns, .rowGroups: true
    default: false
    }
  }

  /// Rows in pieces within which the rows of their scales only grow.
  func pieces(of rows: Range<UInt64>) -> [Range<UInt64>] {
    let span: UInt64
    switch reach {
    case .outerChannel(let extent, let inner): span = extent * inner
    // Several rows that share no scales lie between those that do.
    case .rowGroups(_, _, _, let inner) where inner > 1: span = inner
    default: return [rows]
    }
    var pieces: [Range<UInt64>] = []
    var first = rows.lowerBound
    while first < rows.upperBound {
      let end = min(rows.upperBound, (first / span + 1) * span)
      pieces.append(first..<end)
      first = end
    }
    return pieces
  }

  /// The row of scales that a row of codes has.
  func scaleRow(of row: UInt64) -> UInt64 {
    switch reach {
    case .tensor, .columns: return 0
    case .outerChannel(let extent, let inner): return row / inner % extent
    case .rowGroups(let size, let extent, let blocks, let inner):
      let (slice, within) = (row / inner).quotientAndRemainder(dividingBy: extent)
      return (slice * blocks + within / size) * inner + row % inner
    case .channel, .group, .indexed: return row
    case .block(let high, _, let rowsPerSlice, let gridRows):
      let (slice, within) = row.quotientAndRemainder(dividingBy: rowsPerSlice)
      return slice * gridRows + within / high
    }
  }

  /// The columns of scales that columns of codes need.
  func scaleColumns(of columns: Range<UInt64>) -> Range<UInt64> {
    switch reach {
    case .tensor, .channel, .outerChannel: return 0..<1
    case .columns, .rowGroups: return columns
    case .indexed: return 0..<matrix.columns
    case .group(let size), .block(_, let size, _, _):
      return columns.lowerBound / size..<(columns.upperBound - 1) / size + 1
    }
  }

  /// A run of columns that share a scale.
  struct Run {
    /// The column of the scale among the scales.
    var scale: UInt64
    /// The columns.
    var columns: Range<UInt64>
  }

  /// The runs that columns are made of, the same for every row.
  /// - Throws: what reading the columns' groups throws.
  func runs(in columns: Range<UInt64>) throws -> [Run] {
    switch reach {
    case .tensor, .channel, .outerChannel: return [Run(scale: 0, columns: columns)]
    case .columns, .rowGroups: return columns.map { Run(scale: $0, columns: $0..<$0 + 1) }
    case .group(let size), .block(_, let size, _, _):
      var runs: [Run] = []
      var first = columns.lowerBound
      while first < columns.upperBound {
        let end = min(columns.upperBound, (first / size + 1) * size)
        runs.append(Run(scale: first / size, columns: first..<end))
        first = end
      }
      return runs
    case .indexed(let index):
      var runs: [Run] = []
      for (place, group) in try index.groups(of: columns).enumerated() {
        let column = columns.lowerBound + UInt64(place)
        if let last = runs.indices.last, runs[last].scale == group {
          runs[last].columns = runs[last].columns.lowerBound..<column + 1
        } else {
          runs.append(Run(scale: group, columns: column..<column + 1))
        }
      }
      return runs
    }
  }

  /// The values that lie as the scales do (scales themselves, or zero points) for a rectangle of codes.
  func values(
    of matrix: any RowDecoding,
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>
  ) throws -> ScaleValues {
    let wantedRows = scaleRow(of: rows.lowerBound)..<scaleRow(of: rows.upperBound - 1) + 1
    let wantedColumns = scaleColumns(of: columns)
    return ScaleValues(
      bytes: try matrix.decoded(wantedRows, wantedColumns),
      width: matrix.elementBytes,
      firstRow: wantedRows.lowerBound,
      columns: wantedColumns
    )
  }

  /// The bytes of scales by their own rows and columns.
  func stored(_ rows: Range<UInt64>, _ columns: Range<UInt64>) throws -> [UInt8] {
    try matrix.decoded(rows, columns)
  }

  /// The scales of a rectangle of codes.
  func scales(_ rows: Range<UInt64>, _ columns: Range<UInt64>) throws -> ScaleValues {
    try values(of: matrix, rows, columns)
  }
}

/// A rectangle of scales or zero points in memory.
struct ScaleValues {
  /// The values of all rows and columns, without gaps.
  let bytes: [UInt8]
  fileprivate let width: Int
  fileprivate let firstRow: UInt64
  fileprivate let columns: Range<UInt64>

  /// The byte in ``bytes`` at which a row starts.
  func start(ofRow row: UInt64) -> Int { Int(row - firstRow) * columns.count * width }

  /// The bits of a value, by its row and column among all.
  func bits(row: UInt64, column: UInt64) -> UInt32 {
    let start = (Int(row - firstRow) * columns.count + Int(column - columns.lowerBound)) * width
    var bits: UInt32 = 0
    for byte in 0..<width { bits |= UInt32(bytes[start + byte]) << UInt32(byte * 8) }
    return bits
  }
}
