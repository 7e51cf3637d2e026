public import Inspection
internal import ModelIR

extension PlainReport {
  /// Writes a line for each file that was compressed.
  /// - Throws: what `sink` throws.
  public static func compress(_ report: ExportReport, to sink: @escaping Sink) throws {
    let header = [
      "source", "export", "format", "tensors", "chunks", "source_bytes", "bytes", "container_bytes", "sha256",
    ]
    try write(header, report.files, to: sink) { file in
      [
        SafeText.escape(file.source), SafeText.escape(file.export), file.format, "\(file.tensors)",
        "\(file.chunks)", "\(file.sourceByteCount)", "\(file.byteCount)", "\(file.containerByteCount)",
        file.digest,
      ]
    }
  }

  /// Writes a line for each run of bytes that is lost, and for each file that is whole.
  /// - Throws: what `sink` throws.
  public static func decompress(_ report: RestorationReport, to sink: @escaping Sink) throws {
    let header = [
      "file", "whole", "bytes", "tensor", "first_row", "end_row", "first_byte", "end_byte", "problem",
    ]
    let lines = report.files.flatMap { file -> [[String]] in
      let head = [SafeText.escape(file.name), "\(file.isWhole)", "\(file.byteCount)"]
      if file.damage.isEmpty { return [head + [String](repeating: "", count: 6)] }
      return file.damage.map { damage in
        head + [
          damage.tensor.map { SafeText.escape($0.text) } ?? "",
          damage.rows.map { "\($0.lowerBound)" } ?? "", damage.rows.map { "\($0.upperBound)" } ?? "",
          "\(damage.bytes.lowerBound)", "\(damage.bytes.upperBound)", SafeText.escape(damage.problem),
        ]
      }
    }
    try write(header, lines, to: sink) { $0 }
  }
}
