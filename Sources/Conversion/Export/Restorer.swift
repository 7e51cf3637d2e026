internal import ByteIO
internal import Dialect
public import Inspection
internal import Lossless
public import ModelIR

/// Gives back what compressed exports were made of, byte for byte.
///
/// The SHA-256 of every file is compared before anything becomes visible. Memory: descriptors, and what
/// ``FileRestorer`` takes within ``ExportOptions/resources``.
public struct Restorer: Sendable {
  let input: String
  let output: String?
  let options: ExportOptions
  let progress: WorkProgress

  /// What the export or the folder of exports at `input` was made of.
  /// - Parameter output: the file or folder; nil for the source's own name in the same folder, and for a folder one
  ///   beside it.
  public init(_ input: String, to output: String?, options: ExportOptions, progress: WorkProgress) {
    self.input = input
    self.output = output
    self.options = options
    self.progress = progress
  }

  /// One export, and where it goes.
  private struct Item {
    var file: InputFile
    var export: ExportFile
    var components: [String]
  }

  /// Does it.
  /// - Throws: a ``Fault``; then nothing of the output is visible.
  public func run() throws -> RestorationReport {
    let start = ContinuousClock.now
    guard let identity = try FileIdentity.at(input) else {
      throw SystemFault("open", path: input, role: .input, code: SystemFault.notFound)
    }
    let isFolder = identity.kind == .folder
    var items: [Item] = []
    var others: [SideFiles.File] = []
    var warnings: [Diagnosis] = []
    if isFolder {
      (items, others, warnings) = try filesOfFolder()
    } else {
      let file = try InputFile.open(input)
      items = [Item(file: file, export: try open(file), components: [])]
    }
    let output: String
    if let given = self.output {
      output = given
    } else if isFolder {
      output = try ExportNames.restored(ofFolder: input)
    } else {
      output = ExportNames.restored(ofFile: input, named: items[0].export.manifest.fileName)
    }
    var report = RestorationReport(
      input: input,
      output: output,
      isSalvage: options.salvage,
      wasVerified: options.verify
    )
    report.warnings = warnings
    for item in items { progress.expect(item.export.restored.byteCount) }
    let inputs = items.map(\.file.identity) + others.map(\.source.identity)
    let transaction: OutputTransaction =
      isFolder
      ? try .folder(output, force: options.force, inputs: inputs)
      : try .besideFile(output, force: options.force, inputs: inputs)
    let total = items.reduce(UInt64(0)) { $0.addingClamped($1.export.restored.byteCount) }
    try transaction.requireSpace(others.reduce(total) { $0.addingClamped($1.source.byteCount) }, for: output)
    for item in items {
      let name = isFolder ? item.export.manifest.fileName : Folder.lastComponent(of: output)
      report.files.append(try restore(item, named: name, isFolder: isFolder, transaction))
    }
    for other in others {
      let name = other.components[other.components.count - 1]
      try transaction.create(name, in: Array(other.components.dropLast())).copyAll(of: other.source)
      report.carriedFiles.append((other.components.joined(separator: "/"), other.source.byteCount))
    }
    try transaction.commit()
    report.seconds = (ContinuousClock.now - start) / .seconds(1)
    return report
  }

  private func open(_ file: InputFile) throws -> ExportFile {
    let source = options.salvage ? try PaddedSource.completing(file) : file
    guard try ExportFile.isExport(source) else { throw NoExportFault(file: file.displayName) }
    return try ExportFile(source)
  }

  /// The exports of a folder and of those in it, and its other files, the index last.
  private func filesOfFolder() throws -> ([Item], [SideFiles.File], [Diagnosis]) {
    let folder = try Folder(input)
    var items: [Item] = []
    var own = Set<String>()
    var indexes: [SideFiles.File] = []
    for name in try folder.entries() where try folder.kind(of: name) == .regular {
      if name.hasSuffix(ExportFile.suffix) {
        let file = try folder.open(name)
        guard try ExportFile.isExport(file) else { continue }
        items.append(Item(file: file, export: try open(file), components: []))
        try file.rest()
        own.insert(name)
      } else if name.hasSuffix(".safetensors.index.json") {
        indexes.append(SideFiles.File(components: [name], source: try folder.open(name)))
        own.insert(name)
      }
    }
    let side = try SideFiles(of: folder, besides: own)
    var others: [SideFiles.File] = []
    for file in side.files {
      let name = file.components[file.components.count - 1]
      if name.hasSuffix(ExportFile.suffix), try ExportFile.isExport(file.source) {
        let folders = Array(file.components.dropLast())
        items.append(Item(file: file.source, export: try open(file.source), components: folders))
      } else {
        others.append(file)
      }
    }
    if items.isEmpty { throw NoExportFault(file: input) }
    return (items, others + indexes, side.warnings)
  }

  private func restore(
    _ item: Item,
    named name: String,
    isFolder: Bool,
    _ transaction: OutputTransaction
  ) throws -> RestorationReport.File {
    let path = (item.components + [name]).joined(separator: "/")
    progress.begin(path)
    let target = try transaction.create(name, in: item.components)
    let restored = item.export.restored
    try target.reserve(restored.byteCount)
    let log = DamageLog()
    let source = options.salvage ? restored.notingDamage(in: log) : restored
    let wanted = item.export.manifest.digest
    let found = try FileRestorer(source, progress: progress)
      .run(threads: options.resources.threads, memory: options.resources.memory, to: target)
    try restored.rest()
    guard found == wanted || options.salvage else {
      throw RestoredFileFault(file: item.file.displayName, found: found, expected: wanted)
    }
    if options.verify {
      let again = try ContentDigest.ofAllBytes(of: target.readBack())
      guard again == found else {
        throw RestoredFileFault(file: target.displayName, found: again, expected: found)
      }
    }
    return RestorationReport.File(
      export: isFolder ? path + ExportFile.suffix : input,
      name: path,
      exportByteCount: item.file.byteCount,
      byteCount: restored.byteCount,
      digest: wanted,
      isWhole: found == wanted,
      damage: log.all.map {
        RestorationReport.Damage(tensor: $0.tensor, rows: $0.rows, bytes: $0.bytes, problem: $0.problem)
      }
    )
  }
}

extension UInt64 {
  /// The sum, or the greatest number.
  fileprivate func addingClamped(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}

/// An input that is no compressed export, where one is needed.
public struct NoExportFault: Fault, Hashable {
  /// The file or folder.
  public let file: String

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    Diagnosis(.badData, file: file, "is no compressed export", expected: "what `lacuna compress` writes")
  }
}
