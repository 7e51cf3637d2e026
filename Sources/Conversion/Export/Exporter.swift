internal import ByteIO
internal import Dialect
public import Inspection
internal import Lossless
public import ModelIR
internal import Safetensors

/// Compresses a model's files, each to a file of its own that gives it back byte for byte.
///
/// Memory: descriptors, and what ``FileCompressor`` takes within ``ExportOptions/resources``.
public struct Exporter: Sendable {
  let opened: OpenedModel
  let output: String?
  let options: ExportOptions
  let progress: WorkProgress

  /// An export of `opened`.
  /// - Parameter output: the file, or for several files the folder; nil for one beside the input.
  public init(_ opened: OpenedModel, to output: String?, options: ExportOptions, progress: WorkProgress) {
    self.opened = opened
    self.output = output
    self.options = options
    self.progress = progress
  }

  /// The folder that the input is or lies in with its other files, and the index in it.
  private struct Surroundings {
    var folder: Folder
    var index: String?
  }

  /// Does it.
  /// - Throws: a ``Fault``; then nothing of the output is visible.
  public func run() throws -> ExportReport {
    let start = ContinuousClock.now
    try opened.requireAgreement()
    let sources = try ExportSource.files(of: opened, lenient: options.lenient)
    let surroundings = try surroundings()
    let isFolder = surroundings != nil || sources.count > 1
    let output = try self.output ?? defaultOutput(isFolder: isFolder)
    var report = ExportReport(
      input: opened.path,
      output: output,
      level: options.level.rawValue,
      isDryRun: options.dryRun,
      wasVerified: options.verify && !options.dryRun
    )
    for source in sources { progress.expect(source.source.byteCount) }
    let transaction = options.dryRun ? nil : try begin(output, isFolder: isFolder)
    for source in sources {
      let name = isFolder ? source.name + ExportFile.suffix : Folder.lastComponent(of: output)
      let folders = isFolder ? Array(source.components.dropLast()) : []
      progress.begin(source.name)
      let target = try transaction?.create(name, in: folders)
      report.files.append(try export(source, to: target, named: (folders + [name]).joined(separator: "/")))
      try source.source.rest()
    }
    if let surroundings {
      try carry(surroundings, besides: sources, to: transaction, &report)
    }
    try transaction?.commit()
    report.seconds = (ContinuousClock.now - start) / .seconds(1)
    return report
  }

  private func surroundings() throws -> Surroundings? {
    if case .folder(let folder, let weights) = opened.origin {
      if case .indexed(let name) = weights { return Surroundings(folder: folder, index: name) }
      // One file of a folder was named by its folder.
      return Surroundings(folder: folder)
    }
    guard try FileIdentity.at(opened.path)?.kind == .folder else { return nil }
    return Surroundings(folder: try OpenedModel.folder(opened.path))
  }

  private func defaultOutput(isFolder: Bool) throws -> String {
    guard isFolder else { return ExportNames.export(ofFile: opened.path) }
    if try FileIdentity.at(opened.path)?.kind == .folder {
      return try ExportNames.exports(ofFolder: opened.path)
    }
    // An index stands for its folder; another first file for those that belong to it.
    if case .folder = opened.origin {
      return try ExportNames.exports(ofFolder: Folder.parent(of: opened.path))
    }
    return try ExportNames.exports(ofFolder: opened.path)
  }

  private func begin(_ output: String, isFolder: Bool) throws -> OutputTransaction {
    isFolder
      ? try .folder(output, force: options.force, inputs: opened.inputs)
      : try .besideFile(output, force: options.force, inputs: opened.inputs)
  }

  /// Compresses one file.
  private func export(_ source: ExportSource, to target: OutputFile?, named name: String) throws
    -> ExportReport.File
  {
    let plan = ExportPlan(source)
    let byteCount = source.source.byteCount
    var manifest = ExportManifest(
      format: source.format,
      fileName: source.name,
      byteCount: byteCount,
      digest: String(repeating: "0", count: 64),
      level: options.level.rawValue,
      entries: plan.entries
    )
    // Sizes are known last: the header is given the room that the largest ones take.
    let most = FileCompressor.mostBytes(of: plan.file)
    let nowhere = [Range<UInt64>](repeating: 0..<0, count: plan.file.regions.count + 1)
    let file = target?.displayName ?? name
    let room = try ExportHeader.room(
      file: file,
      manifest: manifest.text(),
      parts: plan.headerParts(nowhere),
      most: most
    )
    let compressor = FileCompressor(source.source, plan.file, level: options.level, progress: progress)
    let result = try compressor.run(
      threads: options.resources.threads,
      memory: options.resources.memory,
      to: target,
      at: UInt64(room)
    )
    manifest.digest = result.digest
    let header = try ExportHeader.bytes(
      file: file,
      manifest: manifest.text(),
      parts: plan.headerParts(result.places),
      paddedTo: room
    )
    try target?.write(header, 0..<header.count, at: 0)
    let end = result.places.reduce(0) { max($0, $1.upperBound) }
    if options.verify, let target {
      let export = try ExportFile(target.readBack())
      let digest = try FileRestorer(export.restored, progress: WorkProgress())
        .run(threads: options.resources.threads, memory: options.resources.memory, to: nil)
      guard digest == result.digest else {
        throw RestoredFileFault(file: file, found: digest, expected: result.digest)
      }
    }
    return ExportReport.File(
      source: source.components.joined(separator: "/"),
      export: name,
      format: source.format.rawValue,
      tensors: plan.entries.count,
      chunks: result.chunks,
      sourceByteCount: byteCount,
      byteCount: UInt64(room) + end,
      containerByteCount: UInt64(room) + result.indexBytes,
      digest: result.digest
    )
  }

  /// Copies the other files of a folder, the index last.
  private func carry(
    _ surroundings: Surroundings,
    besides sources: [ExportSource],
    to transaction: OutputTransaction?,
    _ report: inout ExportReport
  ) throws {
    var own = Set(sources.map { $0.components.joined(separator: "/") })
    if let index = surroundings.index { own.insert(index) }
    let side = try SideFiles(of: surroundings.folder, besides: own)
    report.warnings += side.warnings
    for file in side.files {
      try copy(file.source, to: transaction, file.components, &report)
    }
    if let index = surroundings.index {
      try copy(surroundings.folder.open(index), to: transaction, [index], &report)
    }
  }

  private func copy(
    _ source: InputFile,
    to transaction: OutputTransaction?,
    _ components: [String],
    _ report: inout ExportReport
  ) throws {
    if let transaction {
      try transaction.create(components[components.count - 1], in: Array(components.dropLast()))
        .copyAll(of: source)
    }
    report.carriedFiles.append((components.joined(separator: "/"), source.byteCount))
  }
}

/// Restored bytes that are not those of the source.
public struct RestoredFileFault: Fault, Hashable {
  /// The compressed file.
  public let file: String
  /// The SHA-256 of the bytes.
  public let found: String
  /// That of the source.
  public let expected: String

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    Diagnosis(
      .badData,
      file: file,
      "the restored bytes have the SHA-256 \(found)",
      expected: "the source had \(expected)"
    )
  }
}
