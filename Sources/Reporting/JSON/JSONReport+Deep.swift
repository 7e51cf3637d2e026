internal import Inspection
internal import SparseCoding
internal import StrictJSON

extension JSONReport {
  /// Writes what a second look found; with `asLevels` the map of densities as levels, which is for pages alone.
  static func write(
    _ deep: DeepStatistics,
    asLevels: Bool = false,
    to writer: inout JSONWriter
  ) throws {
    try writer.object { writer in
      writer.key("values")
      if let moments = deep.moments, moments.count > 0 {
        try write(moments, deep.distribution, to: &writer)
      } else {
        try writer.null()
      }
      try writer.member("plane_entropies", of: deep.planeEntropies) { try $1.value($0) }
      try writer.member("predicted_bytes", deep.predictedByteCount)
      writer.key("row_densities")
      try write(deep.rowDensities, to: &writer)
      writer.key("column_densities")
      try write(deep.columnDensities, to: &writer)
      try writer.member("blocks_of_16", deep.blocks16?.all)
      try writer.member("zero_blocks_of_16", deep.blocks16?.zero)
      writer.key("heads")
      try write(deep.heads, to: &writer)
      writer.key("density_map")
      guard let map = deep.densityMap else { return try writer.null() }
      try writer.object { writer in
        try writer.member("rows", map.cells.rows)
        try writer.member("columns", map.cells.columns)
        if asLevels { return try writer.member("levels", DensityLevels.text(map)) }
        try writer.member("nonzeros", of: map.counts) { try $1.value($0) }
        try writer.member("elements", of: map.counts.indices) { try $1.value(map.elements(ofCell: $0)) }
      }
    }
  }

  private static func write(
    _ moments: Moments,
    _ distribution: DeepStatistics.Distribution?,
    to writer: inout JSONWriter
  ) throws {
    try writer.object { writer in
      try writer.member("finite", moments.count)
      try writer.member("min", real: moments.least)
      try writer.member("max", real: moments.greatest)
      try writer.member("mean", real: moments.mean)
      try writer.member("deviation", real: moments.deviation)
      try writer.member("bins", of: distribution?.counts ?? []) { try $1.value($0) }
    }
  }

  private static func write(_ densities: DeepStatistics.Densities?, to writer: inout JSONWriter) throws {
    guard let densities else { return try writer.null() }
    try writer.object { writer in
      try writer.member("fewest", densities.fewest)
      try writer.member("most", densities.most)
      try writer.member("bins", of: densities.counts) { try $1.value($0) }
    }
  }
}
