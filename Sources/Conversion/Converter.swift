internal import ByteIO
public import Inspection
public import ModelIR
internal import Safetensors
internal import SparseCoding

/// Converts a model: decides, lays out, writes.
///
/// Two passes over the tensors that change: the first counts, the second encodes each chunk straight to its
/// place. All sizes are known, and the disk's space reserved, before the second starts. Memory: descriptors,
/// 8 bytes a chunk, and ``WorkResources/plannedMemory``, whatever the model's size.
public struct Converter: Sendable {
  private let opened: OpenedModel
  private let output: String
  private let options: ConversionOptions
  private let pool: ChunkPool
  private let progress: WorkProgress

  /// A conversion of `opened` to the file or folder `output`.
  public init(
    _ opened: OpenedModel,
    to output: String,
    options: ConversionOptions,
    progress: WorkProgress
  ) {
    self.opened = opened
    self.output = output
    self.options = options
    self.progress = progress
    pool = ChunkPool(threads: options.resources.threads)
  }

  /// Whether the output is a folder: if the input is, or if shards are asked for.
  private var isFolder: Bool {
    if case .folder = opened.origin { true } else { options.shardSize != nil }
  }

  /// Does it, or with a dry run only plans it.
  /// - Throws: a ``Fault``; then nothing of the output is visible, and an output that was there is whole.
  public func run() throws -> ConversionReport {
    let start = ContinuousClock.now
    try opened.requireAgreement()
    // What is in the way is found before anything is read.
    let transaction = options.dryRun ? nil : try beginOutput()
    let chunkBytes = options.resources.chunkBytes
    let decisions = try LayoutPlanner(
      model: opened.model,
      request: options.layout,
      allowExpand: options.allowExpand,
      pool: pool,
      chunkBytes: chunkBytes,
      progress: progress
    ).decide()
    if options.strict { try requireNoObstacle(decisions) }
    let plan = try OutputPlanner(
      opened: opened,
      decisions: decisions,
      options: options,
      output: output,
      isFolder: isFolder
    ).plan(fileName: Folder.lastComponent(of: output))
    let smaller = try withoutUselessManifests(plan, decisions)
    let side = try sideFiles(besides: smaller.plan)
    if let transaction {
      try write(smaller.plan, smaller.decisions, side, to: transaction)
    }
    return report(
      smaller.plan,
      smaller.decisions,
      side,
      seconds: (ContinuousClock.now - start) / .seconds(1)
    )
  }

  /// `auto` weighs each tensor alone; where what its manifest costs the whole file eats up the gain, dense is
  /// smaller.
  private func withoutUselessManifests(
    _ plan: OutputPlan,
    _ decisions: [LayoutDecision]
  ) throws -> (plan: OutputPlan, decisions: [LayoutDecision]) {
    guard options.layout == .auto, decisions.contains(where: { $0.layout != .dense }),
      opened.model.tensors.allSatisfy({ $0.layout == .dense })
    else { return (plan, decisions) }
    let dense = opened.model.tensors.indices.map { index in
      var decision = LayoutDecision(layout: .dense)
      decision.obstacle = decisions[index].obstacle
      return decision
    }
    let densePlan = try OutputPlanner(
      opened: opened,
      decisions: dense,
      options: options,
      output: output,
      isFolder: isFolder
    ).plan(fileName: Folder.lastComponent(of: output))
    /// The bytes of all files.
    func size(_ plan: OutputPlan) -> UInt64 { plan.files.reduce(0) { $0 &+ $1.byteCount } }
    return size(densePlan) <= size(plan) ? (densePlan, dense) : (plan, decisions)
  }

  private func requireNoObstacle(_ decisions: [LayoutDecision]) throws {
    for (tensor, decision) in zip(opened.model.tensors, decisions) {
      guard let obstacle = decision.obstacle, case .named(let layout) = options.layout else { continue }
      throw StrictLayoutFault(
        file: opened.model.files[tensor.storage.file].source.displayName,
        tensor: tensor.name,
        layout: layout,
        obstacle: obstacle
      )
    }
  }

  private func beginOutput() throws -> OutputTransaction {
    isFolder
      ? try .folder(output, force: options.force, inputs: opened.inputs)
      : try .besideFile(output, force: options.force, inputs: opened.inputs)
  }

  private func sideFiles(besides plan: OutputPlan) throws -> SideFiles? {
    guard case .folder(let folder, let weights) = opened.origin else { return nil }
    var own = Set(opened.model.files.map(\.name))
    if case .indexed(let name) = weights { own.insert(name) }
    return try SideFiles(of: folder, besides: own)
  }

  /// Creates, reserves, fills, checks and shows the files.
  private func write(
    _ plan: OutputPlan,
    _ decisions: [LayoutDecision],
    _ side: SideFiles?,
    to transaction: OutputTransaction
  ) throws {
    let sideBytes = side?.files.reduce(UInt64(0)) { $0 &+ $1.source.byteCount } ?? 0
    let weightBytes = plan.files.reduce(UInt64(0)) { $0 &+ $1.byteCount }
    try transaction.requireSpace(
      weightBytes &+ sideBytes &+ UInt64(plan.index?.text.count ?? 0),
      for: output
    )
    if isFolder { try requireNoOtherWeights(plan) }
    progress.expect(weightBytes)
    let writer = TensorWriter(
      model: opened.model,
      decisions: decisions,
      pool: pool,
      chunkBytes: options.resources.chunkBytes,
      progress: progress
    )
    var written: [(file: OutputPlan.File, output: OutputFile)] = []
    for file in plan.files {
      progress.begin(file.name)
      let target = try transaction.create(file.name)
      try target.reserve(file.byteCount)
      switch file.content {
      case .copy(let source): try writer.copy(source, to: target)
      case .tensors(let layout, let items):
        try target.write(layout.header, 0..<layout.header.count, at: 0)
        try writer.write(items, to: target)
      }
      written.append((file, target))
    }
    if options.verify { try verify(written) }
    for file in side?.files ?? [] {
      let target = try transaction.create(
        file.components[file.components.count - 1],
        in: Array(file.components.dropLast())
      )
      try target.copyAll(of: file.source)
    }
    // Last, so that what it names is there when it appears; config.json came just before it.
    if let index = plan.index {
      let target = try transaction.create(index.name)
      try target.reserve(UInt64(index.text.count))
      try target.write(index.text, 0..<index.text.count, at: 0)
    }
    try transaction.commit()
  }

  /// Weights that a forced output would leave beside its own would be taken for part of it.
  private func requireNoOtherWeights(_ plan: OutputPlan) throws {
    guard try FileIdentity.at(output)?.kind == .folder else { return }
    let own = Set(plan.files.map(\.name) + (plan.index.map { [$0.name] } ?? []))
    for name in try Folder(output).entries() where !own.contains(name) {
      if name.hasSuffix(".safetensors") || name.hasSuffix(WeightFiles.indexSuffix) {
        throw OutputFault(file: output, rule: .otherWeights(name))
      }
    }
  }

  /// Reads the written files back and compares every tensor with its source.
  private func verify(_ written: [(file: OutputPlan.File, output: OutputFile)]) throws {
    var files: [ModelFile] = []
    var tensors: [Tensor] = []
    for (file, output) in written {
      let reader = try SafetensorsReader(source: output.readBack(), name: file.name)
      tensors += reader.tensors(inFile: files.count)
      files.append(reader.file(numbered: files.count))
    }
    var model = Model(container: .safetensors, files: files, tensors: tensors)
    try model.resolveManifests()
    let comparison = ModelComparison(
      pool: pool,
      chunkBytes: options.resources.chunkBytes,
      progress: progress
    )
    let report = try comparison.compare(opened.model, model, named: opened.path, output)
    if let difference = report.differences.first {
      throw VerificationFault(file: output, tensor: difference.name)
    }
  }

  private func report(
    _ plan: OutputPlan,
    _ decisions: [LayoutDecision],
    _ side: SideFiles?,
    seconds: Double
  ) -> ConversionReport {
    let tensors = zip(opened.model.tensors, decisions).map { tensor, decision in
      let parts =
        decision.isKept
        ? OutputPart.keptParts(of: tensor)
        : OutputPart.parts(of: tensor, in: decision.layout, nnz: decision.nnz)
      return ConversionReport.TensorResult(
        name: tensor.name,
        elementType: tensor.elementType,
        shape: tensor.shape,
        from: tensor.layout,
        to: decision.layout,
        bytesBefore: tensor.storage.byteCount,
        bytesAfter: parts.reduce(0) { $0 &+ $1.byteCount },
        reason: decision.obstacle?.reason
      )
    }
    var files = plan.files.map { ConversionReport.OutputFile(name: $0.name, byteCount: $0.byteCount) }
    if let index = plan.index {
      files.append(ConversionReport.OutputFile(name: index.name, byteCount: UInt64(index.text.count)))
    }
    var warnings = opened.model.warnings + (side?.warnings ?? [])
    if !isFolder, files.first?.name == "model.safetensors", decisions.contains(where: { $0.layout != .dense })
    {
      warnings.append(
        Diagnosis(
          .badData,
          file: output,
          "other loaders find this name and would open its parts with random weights",
          expected: "model.lacuna.safetensors"
        )
      )
    }
    return ConversionReport(
      input: opened.path,
      output: output,
      isDryRun: options.dryRun,
      isUnchanged: plan.isUnchanged,
      files: files,
      carriedFiles: (side?.files ?? []).map {
        ConversionReport.OutputFile(
          name: $0.components.joined(separator: "/"),
          byteCount: $0.source.byteCount
        )
      },
      tensors: tensors,
      inputByteCount: opened.model.files.reduce(0) { $0 &+ $1.source.byteCount },
      plannedMemory: options.resources.plannedMemory,
      wasVerified: options.verify && !options.dryRun,
      seconds: seconds,
      warnings: warnings
    )
  }
}

/// A tensor that cannot take the layout, where that was to be an error.
public struct StrictLayoutFault: Fault, Hashable {
  /// The file.
  public let file: String
  /// The tensor.
  public let tensor: TensorName
  /// The layout that was asked for.
  public let layout: Layout
  /// What stops it.
  let obstacle: LayoutObstacle

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    Diagnosis(
      .badData,
      file: file,
      tensor: tensor,
      "cannot be stored as \(layout): \(obstacle.reason)",
      expected: "without --strict it stays as it is"
    )
  }
}

/// An output that differs from its source after it was written.
public struct VerificationFault: Fault, Hashable {
  /// The output.
  public let file: String
  /// The first tensor that differs.
  public let tensor: TensorName

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    Diagnosis(
      .readOrWriteFailed,
      file: file,
      tensor: tensor,
      "differs from its source after it was written",
      expected: "the disk or memory may be failing; nothing was kept"
    )
  }
}
