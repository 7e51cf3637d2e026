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

  /// The row of scales that a row of codes has.
  func scaleRow(of row: UInt64) -> UInt64 {
    switch reach {
    case .tensor: return 0
    case .channel, .group, .indexed: return row
    case .block(let high, _, let rowsPerSlice, let gridRows):
      let (slice, within) = row.quotientAndRemainder(dividingBy: rowsPerSlice)
      return slice * gridRows + within / high
    }
  }

  /// The columns of scales that columns of codes need.
  func scaleColumns(of columns: Range<UInt64>) -> Range<UInt64> {
    switch reach {
    case .tensor, .channel: return 0..<1
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
    case .tensor, .channel: return [Run(scale: 0, columns: columns)]
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
  fileprivate let bytes: [UInt8]
  fileprivate let width: Int
  fileprivate let firstRow: UInt64
  fileprivate let columns: Range<UInt64>

  /// The bits of a value, by its row and column among all.
  func bits(row: UInt64, column: UInt64) -> UInt32 {
    let start = (Int(row - firstRow) * columns.count + Int(column - columns.lowerBound)) * width
    var bits: UInt32 = 0
    for byte in 0..<width { bits |= UInt32(bytes[start + byte]) << UInt32(byte * 8) }
    return bits
  }
}
