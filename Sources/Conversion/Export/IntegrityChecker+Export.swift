internal import ByteIO
public import CompressedTensors
internal import Dialect
public import Inspection
internal import Lossless
internal import ModelIR
internal import Safetensors

/// What is checked of compressed exports.
extension IntegrityChecker {
  /// Checks the model at `path`: compressed exports first, then what they stand for.
  /// - Throws: what opening and reading throw.
  public func check(
    _ path: String,
    lenient: Bool,
    assumptions: Assumptions,
    resources: WorkResources
  ) throws -> IntegrityReport {
    let exports = try Self.exports(at: path)
    var check = try self.check(exports, resources)
    // What is damaged may be what opening reads.
    if let check, check.outcome == .failed {
      return IntegrityReport(path: path, checks: [check], warnings: [])
    }
    let opened: OpenedModel
    do {
      opened = try OpenedModel(path, lenient: lenient, assumptions: assumptions)
    } catch let fault as CheckpointFolderFault where fault.rule == .noWeights {
      // The exports of an ONNX model with external data: no folder stands for that.
      guard let check else { throw fault }
      return IntegrityReport(path: path, checks: [check], warnings: [])
    }
    let known = Set(exports.map(\.restored.displayName))
    let others = opened.model.files.compactMap { $0.source as? RestoredSource }.filter {
      !known.contains($0.displayName)
    }
    if !others.isEmpty {
      check = try self.check(exports + others.map { try ExportFile($0.stored) }, resources)
    }
    if let check, check.outcome == .failed {
      return IntegrityReport(path: path, checks: [check], warnings: [])
    }
    var report = try self.check(opened)
    if let check { report.checks.insert(check, at: 0) }
    return report
  }

  /// The exports that a path names: the file, or those of the folder.
  private static func exports(at path: String) throws -> [ExportFile] {
    guard let identity = try FileIdentity.at(path) else { return [] }
    if identity.kind == .regular {
      let file = try InputFile.open(path)
      return try ExportFile.isExport(file) ? [ExportFile(file)] : []
    }
    guard identity.kind == .folder else { return [] }
    let folder = try Folder(path)
    return try folder.entries().compactMap { name in
      guard name.hasSuffix(ExportFile.suffix), try folder.kind(of: name) == .regular else { return nil }
      let file = try folder.open(name)
      return try ExportFile.isExport(file) ? ExportFile(file) : nil
    }
  }

  /// Decodes every chunk of exports and compares the SHA-256 of what they stand for; nil for none.
  private func check(_ exports: [ExportFile], _ resources: WorkResources) throws -> IntegrityReport.Check? {
    if exports.isEmpty { return nil }
    for export in exports { progress.expect(export.restored.byteCount) }
    var findings: [Diagnosis] = []
    for export in exports {
      let source = export.restored
      progress.begin(source.displayName)
      let log = DamageLog()
      let found = try FileRestorer(source.notingDamage(in: log), progress: progress)
        .run(threads: resources.threads, memory: resources.memory, to: nil)
      try source.rest()
      let damage = log.all
      findings += damage.map(\.diagnosis)
      if damage.isEmpty, found != export.manifest.digest {
        findings.append(
          RestoredFileFault(file: source.displayName, found: found, expected: export.manifest.digest)
            .diagnosis
        )
      }
    }
    let files = "\(exports.count) compressed \(exports.count == 1 ? "export" : "exports")"
    return IntegrityReport.Check(
      name: "export",
      outcome: findings.isEmpty ? .passed : .failed,
      summary: findings.isEmpty
        ? "\(files): every chunk decodes, and the SHA-256 is that of the source"
        : "\(findings.count) damaged \(findings.count == 1 ? "place" : "places") in \(files)",
      findings: findings
    )
  }
}
