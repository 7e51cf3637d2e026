public import Inspection
internal import ModelIR
internal import StrictJSON

extension JSONReport {
  /// Writes a `lacuna.compress/1` document.
  /// - Throws: what `sink` throws.
  public static func compress(_ report: ExportReport, to sink: @escaping Sink) throws {
    try document("lacuna.compress/1", to: sink) { writer in
      try writer.member("input", report.input)
      try writer.member("output", report.output)
      try writer.member("level", report.level)
      try writer.member("dry_run", report.isDryRun)
      try writer.member("verified", report.wasVerified)
      try writer.member("input_bytes", report.sourceByteCount)
      try writer.member("output_bytes", report.byteCount)
      try writer.member("container_bytes", report.containerByteCount)
      try writer.member("seconds", report.seconds)
      try writer.member("files", of: report.files) { file, writer in
        try writer.object { writer in
          try writer.member("source", file.source)
          try writer.member("export", file.export)
          try writer.member("format", file.format)
          try writer.member("tensors", file.tensors)
          try writer.member("chunks", file.chunks)
          try writer.member("source_bytes", file.sourceByteCount)
          try writer.member("bytes", file.byteCount)
          try writer.member("container_bytes", file.containerByteCount)
          try writer.member("sha256", file.digest)
        }
      }
      try writer.member("carried_files", of: report.carriedFiles, writeCarried)
      try writer.member("warnings", report.warnings)
    }
  }

  /// Writes a `lacuna.decompress/1` document.
  /// - Throws: what `sink` throws.
  public static func decompress(_ report: RestorationReport, to sink: @escaping Sink) throws {
    try document("lacuna.decompress/1", to: sink) { writer in
      try writer.member("input", report.input)
      try writer.member("output", report.output)
      try writer.member("salvage", report.isSalvage)
      try writer.member("whole", report.isWhole)
      try writer.member("verified", report.wasVerified)
      try writer.member("input_bytes", report.exportByteCount)
      try writer.member("output_bytes", report.byteCount)
      try writer.member("seconds", report.seconds)
      try writer.member("files", of: report.files) { file, writer in
        try writer.object { writer in
          try writer.member("export", file.export)
          try writer.member("name", file.name)
          try writer.member("export_bytes", file.exportByteCount)
          try writer.member("bytes", file.byteCount)
          try writer.member("sha256", file.digest)
          try writer.member("whole", file.isWhole)
          try writer.member("damage", of: file.damage, writeDamage)
        }
      }
      try writer.member("carried_files", of: report.carriedFiles, writeCarried)
      try writer.member("warnings", report.warnings)
    }
  }

  private static func writeCarried(
    _ file: (name: String, byteCount: UInt64),
    to writer: inout JSONWriter
  ) throws {
    try writer.object { writer in
      try writer.member("name", file.name)
      try writer.member("bytes", file.byteCount)
    }
  }

  private static func writeDamage(_ damage: RestorationReport.Damage, to writer: inout JSONWriter) throws {
    try writer.object { writer in
      try writer.member("tensor", damage.tensor?.text)
      try writer.member("first_row", damage.rows?.lowerBound)
      try writer.member("end_row", damage.rows?.upperBound)
      try writer.member("first_byte", damage.bytes.lowerBound)
      try writer.member("end_byte", damage.bytes.upperBound)
      try writer.member("problem", damage.problem)
    }
  }
}
