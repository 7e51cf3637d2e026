public import Inspection
internal import ModelIR
internal import SparseCoding
internal import StrictJSON

extension JSONReport {
  /// Writes a `lacuna.inspect/1` document on one model or several.
  /// - Throws: what `sink` throws.
  public static func inspect(_ reports: [ModelReport], to sink: @escaping Sink) throws {
    try inspect(reports, schema: "lacuna.inspect/1", indent: 2, mapsAsLevels: false, to: sink)
  }

  /// Writes such a document under a schema of its own, and with `mapsAsLevels` the maps of densities as levels.
  static func inspect(
    _ reports: [ModelReport],
    schema: String,
    indent: Int?,
    mapsAsLevels: Bool,
    to sink: @escaping Sink
  ) throws {
    try document(schema, indent: indent, to: sink) { writer in
      try writer.member("models", of: reports) { report, writer in
        try writer.object { try write(report, mapsAsLevels: mapsAsLevels, to: &$0) }
      }
    }
  }

  private static func write(_ report: ModelReport, mapsAsLevels: Bool, to writer: inout JSONWriter) throws {
    let summary = ModelSummary(report)
    try writer.member("path", report.path)
    try writer.member("container", report.container.rawValue)
    try writer.member("files", report.fileCount)
    try writer.member("bytes", report.fileByteCount)
    try writer.member("parameters", summary.parameters)
    try writer.member("values_read", report.readValues)
    try writer.member("sparsity", report.readValues ? report.weightSparsity : nil)
    try writer.member("summary") { try write(summary, of: report, to: &$0) }
    try write(report.metadata, to: &writer)
    writer.key("compressed_export")
    if let export = report.metadata.export {
      try writer.object { writer in
        try writer.member("formats", of: export.formats) { try $1.value($0) }
        try writer.member("bytes", export.byteCount)
        try writer.member("source_bytes", export.sourceByteCount)
      }
    } else {
      try writer.null()
    }
    writer.key("compressed_forecast")
    if let forecast = report.forecast {
      try writer.object { writer in
        try writer.member("bytes", forecast.byteCount)
        try writer.member("standard_error", forecast.standardError)
        try writer.member("sampled_bytes", forecast.sampledByteCount)
        try writer.member("command", Suggestion(["compress", .path(report.path)]).text())
      }
    } else {
      try writer.null()
    }
    writer.key("compression")
    if let compression = report.compression {
      try write(compression, to: &writer)
    } else {
      try writer.null()
    }
    writer.key("sizes")
    if report.readValues {
      try writer.array { writer in
        for size in SizeForecast(report, summary).sizes {
          try writer.object { writer in
            try writer.member("form", size.label)
            try writer.member("bytes", size.bytes)
            try writer.member("command", size.command?.text())
          }
        }
      }
    } else {
      try writer.null()
    }
    writer.key("against")
    if let reference = report.reference {
      try write(reference, of: report, to: &writer)
    } else {
      try writer.null()
    }
    try writeStructure(of: report, to: &writer)
    try writeGroups(of: report, to: &writer)
    try writer.member("warnings", report.warnings)
    try writer.member("tensors", of: report.tensors) { tensor, writer in
      try writer.object { try write(tensor, mapsAsLevels: mapsAsLevels, to: &$0) }
    }
  }

  private static func write(
    _ summary: ModelSummary,
    of report: ModelReport,
    to writer: inout JSONWriter
  ) throws {
    let read = report.readValues
    /// The share of zeros.
    func share(_ zeros: ModelSummary.Zeros) -> Double? {
      zeros.elements == 0 ? nil : Double(zeros.zeros) / Double(zeros.elements)
    }
    try writer.member("tensors", report.tensors.count)
    try writer.member("dtypes", counts: summary.types.map { ($0.key.name, $0.value) })
    try writer.member("layouts", counts: summary.layouts.map { ($0.key.description, $0.value) })
    try writer.member("quantizations", of: summary.schemes.sorted { $0.key < $1.key }) { scheme, writer in
      try writer.object { writer in
        try writer.member("scheme", scheme.key)
        try writer.member("tensors", scheme.value)
      }
    }
    try writer.member("stored_bytes", summary.storedBytes)
    try writer.member("best_bytes", read ? summary.bestBytes : nil)
    try writer.member("parameter_sparsity", share(summary.weights))
    try writer.member("shared_pattern", read ? report.sharedPattern?.description : nil)
    try writer.member("nan", read ? summary.nan : nil)
    try writer.member("inf", read ? summary.infinite : nil)
    try writer.member("negative_zeros", read ? summary.negativeZeros : nil)
    try writer.member("uncounted_tensors", summary.uncounted)
  }

  private static func write(_ report: TensorReport, mapsAsLevels: Bool, to writer: inout JSONWriter) throws {
    let (tensor, statistics) = (report.tensor, report.statistics)
    try writer.member("name", tensor.name.text)
    try writer.member("dtype", tensor.elementType.name)
    try writer.member("shape", tensor.shape)
    try writer.member("elements", tensor.shape.elementCount)
    try writer.member("bytes", tensor.storedByteCount)
    try writer.member("kind", report.kind.name)
    try writer.member("nnz", statistics?.nonzeros)
    try writer.member("zeros", statistics?.zeros)
    try writer.member("negative_zeros", statistics?.negativeZeros)
    try writer.member("nan", statistics?.nan)
    try writer.member("inf", statistics?.infinite)
    try writer.member("sparsity", statistics?.sparsity)
    try writer.member("layout", tensor.layout.description)
    writer.key("quantization")
    if let quantization = tensor.quantization {
      try write(quantization, to: &writer)
    } else {
      try writer.null()
    }
    try writer.member(axis: report.axis)
    writer.key("axes")
    if let axes = report.axis?.axes {
      try writer.array { writer in
        for axis in axes { try writer.value(axis) }
      }
    } else {
      try writer.null()
    }
    try writer.member(uses: tensor.uses)
    writer.key("patterns")
    if let statistics { try write(statistics.patterns, to: &writer) } else { try writer.null() }
    writer.key("pattern_elsewhere")
    if let elsewhere = statistics?.elsewhere {
      try writer.object { writer in
        try writer.member("pattern", elsewhere.pattern.description)
        try writer.member("axes", of: elsewhere.axes) { try $1.value($0) }
      }
    } else {
      try writer.null()
    }
    writer.key("structure")
    if let statistics { try writeStructure(statistics, to: &writer) } else { try writer.null() }
    writer.key("best")
    if let best = statistics?.best {
      try writer.object { writer in
        try writer.member("layout", best.layout.description)
        try writer.member("bytes", best.byteCount)
      }
    } else {
      try writer.null()
    }
    writer.key("histogram")
    if let magnitudes = statistics?.magnitudes {
      try write(magnitudes, to: &writer)
    } else {
      try writer.null()
    }
    writer.key("deep")
    if let deep = statistics?.deep {
      try write(deep, asLevels: mapsAsLevels, to: &writer)
    } else {
      try writer.null()
    }
    try writer.member("digest", report.digest)
    writer.key("against")
    if let origins = report.origins { try write(origins, to: &writer) } else { try writer.null() }
    writer.key("masked")
    if let masked = report.maskedStatistics {
      try writer.object { writer in
        try writer.member("mask", tensor.views?.mask?.text ?? "")
        try writer.member("nnz", masked.nonzeros)
        try writer.member("zeros", masked.zeros)
        try writer.member("sparsity", masked.sparsity)
        writer.key("patterns")
        try write(masked.patterns, to: &writer)
      }
    } else {
      try writer.null()
    }
  }

  private static func write(_ report: CompressionReport, to writer: inout JSONWriter) throws {
    try writer.object { writer in
      try writer.member("library", report.library)
      try writer.member("formats", of: report.formats) { format, writer in
        try writer.object { writer in
          try writer.member("format", format.name)
          try writer.member("modules", format.modules)
        }
      }
      try writer.member("version", report.version)
      try writer.member("era", report.era)
      try writer.member("loaders", of: report.loaders) { loader, writer in
        try writer.object { writer in
          try writer.member("program", loader.program)
          try writer.member("loads", loader.loads)
          try writer.member("detail", loader.detail)
        }
      }
      writer.key("remedy")
      if let remedy = report.remedy {
        try writer.array { writer in
          for word in remedy { try writer.value(word) }
        }
      } else {
        try writer.null()
      }
    }
  }

  private static func write(_ magnitudes: MagnitudeHistogram, to writer: inout JSONWriter) throws {
    try writer.object { writer in
      for (name, counts) in [("negative", magnitudes.negative), ("positive", magnitudes.positive)] {
        writer.key(name)
        try writer.object { writer in
          for (index, count) in counts.enumerated() where count > 0 {
            try writer.member("\(magnitudes.lowest + index)", count)
          }
        }
      }
    }
  }

  private static func write(_ patterns: [PatternResult], to writer: inout JSONWriter) throws {
    try writer.object { writer in
      for result in patterns {
        try writer.member(result.pattern.description) { writer in
          try writer.member("groups", result.count.groups)
          try writer.member("violations", result.count.violations)
          try writer.member("ragged_groups", result.count.raggedGroups)
          try writer.member("compliant", result.isCompliant)
        }
      }
    }
  }

  private static func writeStructure(_ statistics: TensorStatistics, to writer: inout JSONWriter) throws {
    try writer.object { writer in
      try writer.member("blocks_of_4", statistics.blocks)
      try writer.member("zero_blocks_of_4", statistics.zeroBlocks)
      try writer.member("rows", statistics.rows)
      try writer.member("zero_rows", statistics.zeroRows)
      try writer.member("columns", statistics.columns)
      try writer.member("zero_columns", statistics.zeroColumns)
    }
  }

  /// Writes a quantization as the manifest does.
  private static func write(_ quantization: Quantization, to writer: inout JSONWriter) throws {
    try writer.object { writer in
      try writer.member("scheme", quantization.scheme)
      try writer.member("bits", quantization.bits)
      if let packing = quantization.packing { try writer.member("packing", packing) }
      if let shape = quantization.logicalShape { try writer.member("logical_shape", shape) }
      switch quantization.granularity {
      case .tensor: break
      case .channel(let axis): try writer.member("axis", axis)
      case .group(let axis, let size):
        try writer.member("axis", axis)
        try writer.member("group", size)
      case .block(let extents): try writer.member("block", of: extents) { try $1.value($0) }
      }
      let parameters = [
        ("scale", quantization.scale), ("zero_point", quantization.zeroPoint),
        ("global_scale", quantization.globalScale), ("group_index", quantization.groupIndex),
      ]
      for (name, parameter) in parameters {
        guard let parameter else { continue }
        try writer.member(name) { writer in
          switch parameter {
          case .tensor(let tensor): try writer.member("tensor", tensor.text)
          case .constant(let text): try writer.member("constant", text)
          }
        }
      }
    }
  }
}

extension WeightKind {
  /// The kind as documents spell it.
  fileprivate var name: String {
    switch self {
    case .matrix: "matrix"
    case .embedding: "embedding"
    case .outputHead: "output_head"
    case .router: "router"
    case .vector: "vector"
    case .auxiliary: "auxiliary"
    case .notWeight: "not_weight"
    }
  }
}
