internal import ByteIO
internal import CompressedTensors
internal import GGUF
public import Inspection
public import ModelIR
internal import Quantizing
internal import Safetensors
internal import SparseCoding

/// Converts a model: decides, lays out, writes.
///
/// Two passes over the tensors that change: the first counts, the second encodes each chunk straight to its
/// place. All sizes are known, and the disk's space reserved, before the second starts. Memory: descriptors,
/// 8 bytes a chunk, and ``WorkResources/plannedMemory``, whatever the model's size.
public struct Converter: Sendable {
  let opened: OpenedModel
  let output: String
  let options: ConversionOptions
  let pool: ChunkPool
  let progress: WorkProgress
  /// Takes what has to be said before anything is written.
  let announce: @Sendable (Diagnosis) -> Void

  /// A conversion of `opened` to the file or folder `output`.
  public init(
    _ opened: OpenedModel,
    to output: String,
    options: ConversionOptions,
    progress: WorkProgress,
    announce: @escaping @Sendable (Diagnosis) -> Void = { _ in }
  ) {
    self.opened = opened
    self.output = output
    self.options = options
    self.progress = progress
    self.announce = announce
    pool = ChunkPool(threads: options.resources.threads)
  }

  /// Whether the output is a folder: if the input is, or if shards are asked for.
  var isFolder: Bool {
    // A model folder becomes one GGUF file, as its other files mean nothing there.
    if target == .gguf { return options.shardSize != nil }
    // What GGUF says in one file takes a config.json besides.
    if target == .compressedTensors && opened.gguf != nil && !output.hasSuffix(".safetensors") { return true }
    return if case .folder = opened.origin { true } else { options.shardSize != nil }
  }

  /// Whether the input's files go out as they are, whatever dialect they are in.
  var isVerbatim: Bool {
    guard options.layout == .keep, options.type == nil, options.shardSize == nil, !options.isSelection,
      options.setPairs.isEmpty, options.unsetKeys.isEmpty
    else { return false }
    // An ONNX file goes its own way.
    if opened.onnx != nil || target == .onnx { return false }
    // Shards of a split are merged.
    if opened.gguf != nil { return target == .gguf && opened.model.files.count == 1 }
    return options.target == nil && target != .gguf
  }

  /// The form that is written: the input's own, unless another is asked for.
  var target: ConversionOptions.Target {
    if let target = options.target { return target }
    if output.hasSuffix(".gguf") { return .gguf }
    if output.hasSuffix(ONNXContent.suffix) { return .onnx }
    if opened.onnx != nil { return output.hasSuffix(".safetensors") ? .safetensors : .onnx }
    if opened.gguf != nil { return output.hasSuffix(".safetensors") ? .safetensors : .gguf }
    let isSparse = opened.model.tensors.contains { $0.layout != .dense }
    return layout == .keep && isSparse && !opened.compression.facts.isEmpty
      ? .compressedTensors : .safetensors
  }

  /// The layout that is asked for: plain numbers are dense, unless another layout is named.
  private var layout: ConversionOptions.LayoutRequest {
    let isPlain = options.type != nil && options.target != .compressedTensors
    return options.layout == .keep && isPlain && !opened.compression.facts.isEmpty
      ? .named(.dense) : options.layout
  }

  /// Does it, or with a dry run only plans it.
  /// - Throws: a ``Fault``; then nothing of the output is visible, and an output that was there is whole.
  public func run() throws -> ConversionReport {
    let start = ContinuousClock.now
    try opened.requireAgreement()
    try requireSensibleOptions()
    try requireResolvedParts()
    if target == .onnx { return try runONNX() }
    // What is in the way is found before anything is read.
    let transaction = options.dryRun ? nil : try beginOutput()
    var work = Work(model: opened.model, changesTensors: !opened.compression.facts.isEmpty)
    try changeTypes(of: &work)
    if target == .gguf && !isVerbatim {
      work.gguf = try GGUFTarget(opened, options, work.model, output: output)
    }
    work.decisions = try LayoutPlanner(
      model: work.model,
      request: layout,
      gguf: work.gguf,
      renamesParts: !isVerbatim && (target == .gguf || opened.gguf != nil),
      sparseTarget: target == .compressedTensors && !isVerbatim
        ? try SparseTarget(options, source: opened.compression) : nil,
      allowExpand: options.allowExpand,
      pool: pool,
      chunkBytes: options.resources.chunkBytes,
      progress: progress
    ).decide()
    if options.strict { try requireNoObstacle(work) }
    if isVerbatim {
      // The parts were looked through above; what goes out is what is stored.
      work = Work(model: opened.stored, changesTensors: false)
      work.decisions = opened.stored.tensors.map { LayoutDecision(layout: $0.layout) }
    }
    work.plan = try plan(work)
    try leaveOutUselessManifests(&work)
    work.side = try sideFiles(besides: work.plan)
    work.config = try ConfigPlan(
      opened,
      options,
      work,
      output: output,
      isFolder: isFolder,
      isVerbatim: isVerbatim
    )
    if let transaction { try write(work, to: transaction) }
    return report(work, seconds: (ContinuousClock.now - start) / .seconds(1))
  }

  /// What a conversion works on.
  struct Work {
    /// The model as it goes out.
    var model: Model
    /// Whether its tensors may be others than those that its files store.
    var changesTensors: Bool
    var typeChanges: [TypeChange] = []
    /// Why weights did not take the type that was asked for.
    var keptTypes: [TensorName: String] = [:]
    /// What should be known of the new types.
    var typeWarnings: [Diagnosis] = []
    var decisions: [LayoutDecision] = []
    /// What a GGUF output is to be, unless the input goes out as it is.
    var gguf: GGUFTarget?
    var plan = OutputPlan(files: [])
    var side: SideFiles?
    var config = ConfigPlan()
    let dropped = DroppedTally()

    /// A model, nothing decided yet.
    init(model: Model, changesTensors: Bool) {
      self.model = model
      self.changesTensors = changesTensors
    }
  }

  private func plan(_ work: Work) throws -> OutputPlan {
    let fileName = Folder.lastComponent(of: output)
    if let target = work.gguf {
      return try GGUFOutputPlanner(
        opened: opened,
        options: options,
        target: target,
        model: work.model,
        decisions: work.decisions,
        output: output
      ).plan(fileName: fileName)
    }
    return try OutputPlanner(
      opened: opened,
      decisions: work.decisions,
      options: options,
      model: work.model,
      changesTensors: work.changesTensors,
      isCompressedTensors: target == .compressedTensors && !isVerbatim,
      output: output,
      isFolder: isFolder,
      isVerbatim: isVerbatim
    ).plan(fileName: fileName)
  }

  /// `auto` weighs each tensor alone; where what its manifest costs the whole file eats up the gain, dense is
  /// smaller.
  private func leaveOutUselessManifests(_ work: inout Work) throws {
    guard options.layout == .auto, work.decisions.contains(where: \.isOurs),
      work.model.tensors.allSatisfy({ $0.layout == .dense }),
      work.gguf == nil || work.model.tensors.allSatisfy(GGUFTarget.holdsDense)
    else { return }
    var dense = work
    dense.decisions = work.decisions.map { decision in
      var plain = LayoutDecision(layout: .dense)
      plain.obstacle = decision.obstacle
      return plain
    }
    dense.plan = try plan(dense)
    /// The bytes of all files.
    func size(_ plan: OutputPlan) -> UInt64 { plan.files.reduce(0) { $0 &+ $1.byteCount } }
    if size(dense.plan) <= size(work.plan) { work = dense }
  }

  private func requireNoObstacle(_ work: Work) throws {
    for (tensor, decision) in zip(work.model.tensors, work.decisions) {
      guard let obstacle = decision.obstacle, case .named(let layout) = options.layout else { continue }
      throw StrictLayoutFault(
        file: work.model.source(of: tensor).displayName,
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
    guard target != .gguf, case .folder(let folder, let weights) = opened.origin else { return nil }
    var own = Set(opened.model.files.map(\.name))
    if case .indexed(let name) = weights { own.insert(name) }
    return try SideFiles(of: folder, besides: own)
  }

  /// Creates, reserves, fills, checks and shows the files.
  private func write(_ work: Work, to transaction: OutputTransaction) throws {
    let plan = work.plan
    let sideBytes = work.side?.files.reduce(UInt64(0)) { $0 &+ $1.source.byteCount } ?? 0
    let weightBytes = plan.files.reduce(UInt64(0)) { $0 &+ $1.byteCount }
    try transaction.requireSpace(
      weightBytes &+ sideBytes &+ UInt64(plan.index?.text.count ?? 0) &+ UInt64(work.config.text?.count ?? 0),
      for: output
    )
    if isFolder { try requireNoOtherWeights(plan) }
    progress.expect(weightBytes)
    let writer = TensorWriter(
      model: work.model,
      decisions: work.decisions,
      pool: pool,
      chunkBytes: options.resources.chunkBytes,
      progress: progress,
      dropped: work.dropped
    )
    for change in work.typeChanges {
      change.tally.start()
      change.encoding?.start(.losses)
    }
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
      case .gguf(let layout, let items):
        try writer.write(layout.header, to: target)
        try writer.write(items, to: target)
      }
      written.append((file, target))
    }
    for change in work.typeChanges {
      change.tally.stop()
      change.encoding?.start(.off)
    }
    if options.verify { try verify(written, work) }
    for file in work.side?.files ?? [] where !(work.config.replaces(file)) {
      let target = try transaction.create(
        file.components[file.components.count - 1],
        in: Array(file.components.dropLast())
      )
      try target.copyAll(of: file.source)
    }
    // Last, so that what they name is there when they appear.
    let texts = [work.config.text.map { (CompressedCheckpoint.configName, $0) }, plan.index]
    for case (let name, let text)? in texts {
      let target = try transaction.create(name)
      try target.reserve(UInt64(text.count))
      try target.write(text, 0..<text.count, at: 0)
    }
    try transaction.commit()
  }

  /// Weights that a forced output would leave beside its own would be taken for part of it.
  private func requireNoOtherWeights(_ plan: OutputPlan) throws {
    guard try FileIdentity.at(output)?.kind == .folder else { return }
    let own = Set(plan.files.map(\.name) + (plan.index.map { [$0.name] } ?? []))
    for name in try Folder(output).entries() where !own.contains(name) {
      let isWeights = name.hasSuffix(".safetensors") || name.hasSuffix(WeightFiles.indexSuffix)
      if isWeights || (target == .gguf && name.hasSuffix(".gguf")) {
        throw OutputFault(file: output, rule: .otherWeights(name))
      }
    }
  }

  /// Reads the written files back and compares every tensor with its source.
  private func verify(_ written: [(file: OutputPlan.File, output: OutputFile)], _ work: Work) throws {
    var files: [ModelFile] = []
    var tensors: [Tensor] = []
    var first: GGUFReader?
    for (file, output) in written {
      if target == .gguf {
        let reader = try GGUFReader(source: output.readBack(), name: file.name, lenient: isVerbatim)
        if first == nil { first = reader }
        tensors += reader.tensors(inFile: files.count)
        files.append(reader.file(numbered: files.count))
        continue
      }
      let reader = try SafetensorsReader(source: output.readBack(), name: file.name)
      tensors += reader.tensors(inFile: files.count)
      files.append(reader.file(numbered: files.count))
    }
    var model = Model(
      container: target == .gguf ? .gguf : .safetensors,
      files: files,
      tensors: tensors
    )
    if let first { try model.resolveManifest(of: first) } else { try model.resolveManifests() }
    if !isVerbatim && target == .compressedTensors {
      _ = try CompressedCheckpoint(
        resolving: &model,
        configText: work.config.text ?? opened.compression.configText
      )
    }
    let comparison = ModelComparison(
      pool: pool,
      chunkBytes: options.resources.chunkBytes,
      progress: progress
    )
    let report = try comparison.compare(work.model, model, named: opened.path, output)
    if let difference = report.differences.first {
      throw VerificationFault(file: output, tensor: difference.name)
    }
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
