internal import ByteIO
internal import GGUF
public import Inspection
public import ModelIR
internal import ONNX
internal import Safetensors
public import SparseCoding

/// Checks whether a model's files are whole: structure, index, parts of sparse tensors, and hashes where a
/// name tells them.
///
/// Memory: per thread one chunk's structure.
public struct IntegrityChecker: Sendable {
  let pool: ChunkPool
  let chunkBytes: Int
  let progress: WorkProgress

  /// A checker on `pool`'s threads with chunks of at most `chunkBytes`.
  public init(pool: ChunkPool, chunkBytes: Int, progress: WorkProgress) {
    self.pool = pool
    self.chunkBytes = chunkBytes
    self.progress = progress
  }

  /// Checks a model that could be opened, which is the check of its structure.
  /// - Throws: what reading throws.
  public func check(_ opened: OpenedModel) throws -> IntegrityReport {
    var checks = [structure(of: opened.model)]
    if case .folder(_, .indexed(_)) = opened.origin { checks.append(index(of: opened)) }
    if let gguf = opened.gguf, gguf.shards.count > 1 { checks.append(shards(of: gguf)) }
    if let layouts = try layouts(of: opened.model, opened.onnx) { checks.append(layouts) }
    if let blocks = try blocks(of: opened.model) { checks.append(blocks) }
    var warnings = opened.model.warnings
    if let onnx = opened.onnx {
      if let elements = try elements(of: onnx) { checks.append(elements) }
      if let quantization = quantization(of: onnx) {
        checks.append(quantization)
        warnings.removeAll(where: quantization.findings.contains)
      }
      if let checksums = try checksums(of: onnx) { checks.append(checksums) }
    }
    checks.append(try hashes(of: opened.model))
    return IntegrityReport(path: opened.path, checks: checks, warnings: warnings)
  }

  private func structure(of model: Model) -> IntegrityReport.Check {
    let (files, tensors) = (model.files.count, model.tensors.count)
    return IntegrityReport.Check(
      name: "structure",
      outcome: .passed,
      summary:
        "\(files) \(files == 1 ? "file" : "files"), \(tensors) \(tensors == 1 ? "tensor" : "tensors"): "
        + Self.structureWords(model.container)
    )
  }

  private static func structureWords(_ container: Container) -> String {
    switch container {
    case .gguf: "metadata in order, every tensor in its place"
    case .onnx: "every message within its own, as many bytes of elements as types and shapes ask for"
    case .safetensors: "offsets exact, no gap, no overlap, no trailing byte"
    }
  }

  private func index(of opened: OpenedModel) -> IntegrityReport.Check {
    let findings = opened.disagreements
    return IntegrityReport.Check(
      name: "index",
      outcome: findings.isEmpty ? .passed : .failed,
      summary: findings.isEmpty
        ? "each tensor in the shard that the index names" : "\(findings.count) disagreements with the shards",
      findings: findings
    )
  }

  /// Surveys every sparse tensor; nil if there is none.
  private func layouts(of model: Model, _ onnx: ONNXImport?) throws -> IntegrityReport.Check? {
    let sparse = model.tensors.indices.filter { model.tensors[$0].layout != .dense }
    if sparse.isEmpty { return nil }
    var findings: [Diagnosis] = []
    for place in sparse {
      let tensor = model.tensors[place]
      let source = model.source(of: tensor)
      progress.begin(tensor.name.text)
      do {
        if let onnx, case .tensor(let number) = onnx.origins[place] {
          // The rows may be many more than the values.
          try onnx.checkIndices(of: number)
          continue
        }
        var reader = DenseReader(tensor: tensor, source: source, chunkBytes: chunkBytes)
        if tensor.isExpansion { try reader.surveyEntries() } else { try reader.survey(on: pool) }
      } catch let fault as LayoutFault where fault.rule != .changed {
        findings.append(fault.diagnosis)
      } catch let fault as PayloadFault {
        findings.append(fault.diagnosis)
      }
    }
    for file in model.files { try file.source.rest() }
    return IntegrityReport.Check(
      name: "layout",
      outcome: findings.isEmpty ? .passed : .failed,
      summary: findings.isEmpty
        ? "the parts of \(sparse.count) sparse \(sparse.count == 1 ? "tensor" : "tensors") agree"
        : "\(findings.count) sparse \(findings.count == 1 ? "tensor" : "tensors") whose parts contradict each other",
      findings: findings
    )
  }

  /// Hashes the files that are blobs of a Hub cache, whose names are their SHA-256.
  private func hashes(of model: Model) throws -> IntegrityReport.Check {
    var findings: [Diagnosis] = []
    let blobs = model.files.compactMap { file -> (source: any ByteSource, digest: String)? in
      guard let input = InputFile.backing(file.source) else { return nil }
      return Folder.blobDigest(ofFileAt: input.path).map { (input, $0) }
    }
    guard !blobs.isEmpty else {
      return IntegrityReport.Check(
        name: "hash",
        outcome: .skipped,
        summary: "no file is a blob of a Hub cache, whose name is its SHA-256"
      )
    }
    for blob in blobs { progress.expect(blob.source.byteCount) }
    for (source, digest) in blobs {
      progress.begin(source.displayName)
      let found = try ContentDigest.ofAllBytes(of: source) { progress.advance($0) }
      try source.rest()
      if found != digest {
        findings.append(
          Diagnosis(
            .badData,
            file: source.displayName,
            "its SHA-256 is \(found)",
            expected: "its name in the Hub cache says \(digest)"
          )
        )
      }
    }
    return IntegrityReport.Check(
      name: "hash",
      outcome: findings.isEmpty ? .passed : .failed,
      summary: findings.isEmpty
        ? "SHA-256 of \(blobs.count) of \(model.files.count) files as their blobs' names say"
        : "\(findings.count) files with another SHA-256 than their blobs' names",
      findings: findings
    )
  }
}
