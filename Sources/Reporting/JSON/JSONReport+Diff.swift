public import Inspection
internal import ModelIR
internal import StrictJSON

extension JSONReport {
  /// Writes a `lacuna.diff/1` document.
  /// - Throws: what `sink` throws.
  public static func diff(_ report: DifferenceReport, to sink: @escaping Sink) throws {
    try document("lacuna.diff/1", to: sink) { writer in
      try writer.member("first", report.first)
      try writer.member("second", report.second)
      try writer.member("equal", report.isEqual)
      try writer.member("equal_tensors", report.equalTensors)
      try writer.member("equal_bytes", report.equalByteCount)
      try writer.member("as_numbers", report.comparesNumbers)
      try write(report.metadata, to: &writer)
      try writer.member("warnings", report.warnings)
      try writer.member("differences", of: report.differences) { result, writer in
        try writer.object { writer in
          try writer.member("name", result.name.text)
          try write(result.difference, to: &writer)
        }
      }
    }
  }

  private static func write(
    _ difference: DifferenceReport.Difference,
    to writer: inout JSONWriter
  ) throws {
    try writer.member("kind", difference.name)
    switch difference {
    case .onlyInFirst, .onlyInSecond: break
    case .elementType(let first, let second):
      try writer.member("first", first.name)
      try writer.member("second", second.name)
    case .blockType(let first, let second):
      try writer.member("first", first)
      try writer.member("second", second)
    case .shape(let first, let second):
      try writer.member("first", first)
      try writer.member("second", second)
    case .values(let values):
      try writer.member("elements", values.elements)
      try writer.member("first_element", values.first)
      guard let numbers = values.numbers else { return }
      try writer.member("numbers") { writer in
        try writer.member("elements", numbers.elements)
        try writer.member("changed", numbers.changed)
        try writer.member("unmeasured", numbers.unmeasured)
        try writer.member("max_absolute", real: numbers.largest)
        try writer.member("max_element", numbers.largestPlace)
        try writer.member("mean_absolute", real: numbers.mean)
        try writer.member("zeros_first", numbers.firstZeros)
        try writer.member("zeros_second", numbers.secondZeros)
        try writer.member("kept", numbers.kept)
        try writer.member("pruned", numbers.pruned)
        try writer.member("regrown", numbers.regrown)
        try writer.member("mask_overlap", numbers.maskOverlap)
      }
    }
  }

  /// The keys of metadata that differ, or null where they were not compared.
  private static func write(_ metadata: [MetadataDifference]?, to writer: inout JSONWriter) throws {
    writer.key("metadata")
    guard let metadata else { return try writer.null() }
    try writer.array { writer in
      for difference in metadata {
        try writer.object { writer in
          try writer.member("key", difference.key)
          writer.key("first")
          try write(difference.first, to: &writer)
          writer.key("second")
          try write(difference.second, to: &writer)
        }
      }
    }
  }
}

extension DifferenceReport.Difference {
  /// The kind as documents and plain lines spell it.
  var name: String {
    switch self {
    case .onlyInFirst: "only_in_first"
    case .onlyInSecond: "only_in_second"
    case .elementType, .blockType: "dtype"
    case .shape: "shape"
    case .values: "values"
    }
  }
}
