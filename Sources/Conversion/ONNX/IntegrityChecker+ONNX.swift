internal import ByteIO
internal import Inspection
internal import ModelIR
internal import ONNX
internal import SparseCoding

/// What is checked of ONNX models.
extension IntegrityChecker {
  /// Decodes the elements that are stored as numbers of varying length, which opening does not look into; nil if there
  /// are none.
  ///
  /// Memory: a piece of decoded bytes, and the index of one tensor's entries.
  func elements(of onnx: ONNXImport) throws -> IntegrityReport.Check? {
    let typed = zip(onnx.model.tensors, onnx.origins).filter { _, origin in
      if case .typed(_, .varint) = onnx.reader.model.tensors[origin.number].values { true } else { false }
    }.map(\.0)
    if typed.isEmpty { return nil }
    var findings: [Diagnosis] = []
    for tensor in typed { progress.expect(Self.elements(of: tensor).byteCount) }
    for tensor in typed {
      progress.begin(tensor.name.text)
      do {
        try decode(Self.elements(of: tensor), onnx.model.source(of: tensor))
      } catch let fault as PayloadFault {
        findings.append(fault.diagnosis)
      }
    }
    for file in onnx.model.files { try file.source.rest() }
    return IntegrityReport.Check(
      name: "elements",
      outcome: findings.isEmpty ? .passed : .failed,
      summary: findings.isEmpty
        ? "the entries of \(typed.count) \(typed.count == 1 ? "tensor" : "tensors") are as many as there should be, and of their types"
        : "\(findings.count) \(findings.count == 1 ? "tensor" : "tensors") with entries that are none of their types",
      findings: findings
    )
  }

  /// The part of a tensor that its values are.
  private static func elements(of tensor: Tensor) -> Region {
    switch tensor.storage {
    case .dense(let region): region
    case .bitmask(_, let values): values
    case .csr(_, _, _, _, let values): values
    case .nm(_, let values, _): values
    }
  }

  private func decode(_ region: Region, _ source: any ByteSource) throws {
    var buffer = [UInt8](repeating: 0, count: Int(min(region.byteCount, UInt64(max(8, chunkBytes)))))
    var done: UInt64 = 0
    while done < region.byteCount {
      let count = Int(min(UInt64(buffer.count), region.byteCount - done))
      try source.read(count, at: region.offset + done, into: &buffer, startingAt: 0)
      done += UInt64(count)
      progress.advance(count)
    }
  }

  /// Whether scales and zero points fit their weights, by the graph; nil if nothing is quantized.
  func quantization(of onnx: ONNXImport) -> IntegrityReport.Check? {
    let quantized = onnx.knowledge.tensors.count { $0.quantization != nil }
    let findings = onnx.findings
    if quantized == 0 && findings.isEmpty { return nil }
    return IntegrityReport.Check(
      name: "quantization",
      outcome: findings.isEmpty ? .passed : .failed,
      summary: findings.isEmpty
        ? "scales and zero points of \(quantized) \(quantized == 1 ? "weight" : "weights") fit"
        : "\(findings.count) \(findings.count == 1 ? "part" : "parts") of quantized weights that do not fit",
      findings: findings
    )
  }

  /// Compares the files of external data with the SHA-1 that the model declares of them; nil if there are no such
  /// files. (onnx 1.23, docs/ExternalData.md: `checksum` is of the whole file.)
  func checksums(of onnx: ONNXImport) throws -> IntegrityReport.Check? {
    let files = onnx.reader.externalFiles
    if files.isEmpty { return nil }
    let declared = files.compactMap { file in file.checksum.map { (source: file.source, checksum: $0) } }
    let all = "\(files.count) \(files.count == 1 ? "file" : "files") of external data"
    if declared.isEmpty {
      return IntegrityReport.Check(
        name: "checksum",
        outcome: .skipped,
        summary: "the model declares no SHA-1 of its \(all)"
      )
    }
    var findings: [Diagnosis] = []
    for (source, _) in declared { progress.expect(source.byteCount) }
    for (source, checksum) in declared {
      progress.begin(source.displayName)
      let found = try ContentDigest.sha1OfAllBytes(of: source) { progress.advance($0) }
      try source.rest()
      if found != checksum.lowercased() {
        findings.append(
          Diagnosis(
            .badData,
            file: source.displayName,
            "its SHA-1 is \(found)",
            expected: "the model declares \(checksum)"
          )
        )
      }
    }
    return IntegrityReport.Check(
      name: "checksum",
      outcome: findings.isEmpty ? .passed : .failed,
      summary: findings.isEmpty
        ? "SHA-1 of \(declared.count) of \(all) as the model declares"
        : "\(findings.count) of \(all) with another SHA-1 than the model declares",
      findings: findings
    )
  }
}
