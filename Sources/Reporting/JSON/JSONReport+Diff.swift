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
    case .values(let count, let first):
      try writer.member("elements", count)
      try writer.member("first_element", first)
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
