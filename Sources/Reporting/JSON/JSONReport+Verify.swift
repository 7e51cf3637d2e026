public import Inspection
internal import ModelIR
internal import StrictJSON

extension JSONReport {
  /// Writes a `lacuna.verify/1` document on one model or several.
  /// - Throws: what `sink` throws.
  public static func verify(_ reports: [IntegrityReport], to sink: @escaping Sink) throws {
    try document("lacuna.verify/1", to: sink) { writer in
      try writer.member("whole", reports.allSatisfy(\.isWhole))
      try writer.member("models", of: reports) { report, writer in
        try writer.object { writer in
          try writer.member("path", report.path)
          try writer.member("whole", report.isWhole)
          try writer.member("checks", of: report.checks) { check, writer in
            try writer.object { writer in
              try writer.member("name", check.name)
              try writer.member("outcome", check.outcome.rawValue)
              try writer.member("summary", check.summary)
              try writer.member("findings", check.findings)
            }
          }
          try writer.member("warnings", report.warnings)
        }
      }
    }
  }
}
