public import Inspection
internal import ModelIR
internal import StrictJSON

extension JSONReport {
  /// Writes a `lacuna.convert/1` document.
  /// - Throws: what `sink` throws.
  public static func convert(_ report: ConversionReport, to sink: @escaping Sink) throws {
    try document("lacuna.convert/1", to: sink) { writer in
      try writer.member("input", report.input)
      try writer.member("output", report.output)
      try writer.member("dry_run", report.isDryRun)
      try writer.member("unchanged", report.isUnchanged)
      try writer.member("verified", report.wasVerified)
      try writer.member("input_bytes", report.inputByteCount)
      try writer.member("output_bytes", report.outputByteCount)
      try writer.member("planned_memory", report.plannedMemory)
      try writer.member("seconds", report.seconds)
      try writer.member("files", of: report.files, write)
      try writer.member("carried_files", of: report.carriedFiles, write)
      try writer.member("layouts", of: ConversionTotals.of(report.tensors)) { total, writer in
        try writer.object { writer in
          try writer.member("from", total.from.description)
          try writer.member("to", total.to.description)
          try writer.member("tensors", total.tensors)
          try writer.member("bytes_before", total.before)
          try writer.member("bytes_after", total.after)
        }
      }
      try writer.member("notes", of: report.notes) { try $1.value($0) }
      try writer.member("warnings", report.announced + report.warnings)
      try writer.member("tensors", of: report.tensors) { result, writer in
        try writer.object { writer in
          try writer.member("name", result.name.text)
          try writer.member("dtype", result.elementType.name)
          try writer.member("shape", result.shape)
          try writer.member("from", result.from.description)
          try writer.member("to", result.to.description)
          try writer.member("bytes_before", result.bytesBefore)
          try writer.member("bytes_after", result.bytesAfter)
          try writer.member("reason", result.reason)
          try writer.member("format", result.format)
          try writer.member("type_before", result.typeBefore)
          try writer.member("type_after", result.typeAfter)
          try writer.member("relative_error", result.encoding?.relativeError)
          try writer.member("zeros", result.encoding?.zeros)
          try writer.member("lost_zeros", result.encoding?.lostZeros)
          try writer.member("changed_values", result.changedValues)
          try writer.member("dropped_negative_zeros", result.droppedNegativeZeros)
        }
      }
    }
  }

  private static func write(_ file: ConversionReport.OutputFile, to writer: inout JSONWriter) throws {
    try writer.object { writer in
      try writer.member("name", file.name)
      try writer.member("bytes", file.byteCount)
    }
  }
}
