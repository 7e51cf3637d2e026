internal import ByteIO
internal import CompressedTensors
internal import Inspection
internal import ModelIR
internal import ONNX
internal import SparseCoding

/// Conversions to ONNX: a model with some tensors stored in another way, or with the weights of another model.
extension Converter {
  /// What a conversion to ONNX works on.
  struct ONNXWork {
    /// The model whose file is written anew.
    let graph: ONNXImport
    let rules: SpliceRules
    /// The tensors that may be stored anew.
    var changes: [ONNXChange]
    var notes: [String] = []
    var warnings: [Diagnosis] = []
    var external = ExternalData()
    var plan: SplicePlan
    /// Of the changes those that are made.
    var made: [ONNXChange] = []
  }

  /// Does it, or with a dry run only plans it.
  /// - Throws: as ``run()`` does.
  func runONNX() throws -> ConversionReport {
    let start = ContinuousClock.now
    let graph = try graphModel()
    let transaction =
      options.dryRun
      ? nil
      : try OutputTransaction.besideFile(
        output,
        force: options.force,
        inputs: opened.inputs
          + (options.graph == nil ? [] : graph.model.files.compactMap { Self.identity(of: $0) })
      )
    var work = try ONNXWork(
      graph: graph,
      rules: SpliceRules(graph.reader),
      changes: [],
      plan: SplicePlan(graph.reader, changes: [])
    )
    var source = Work(model: opened.model, changesTensors: false)
    if options.graph != nil {
      try changeTypes(of: &source)
      let grafted = try Grafting(graph: graph, graphPath: options.graph ?? "", model: source.model).run()
      work.changes = grafted.changes
      work.notes = grafted.notes
      work.warnings = grafted.warnings
    } else {
      work.changes = graph.model.tensors.indices.map { place in
        let tensor = graph.model.tensors[place]
        return ONNXChange(
          place: place,
          graph.subject(at: place),
          tensor,
          in: graph.model.source(of: tensor),
          isGrafted: false
        )
      }
    }
    addKept(&work)
    if options.layout != .keep || options.graph != nil {
      try ONNXForms(graph: graph, rules: work.rules, options: options, pool: pool, progress: progress)
        .decide(&work.changes)
    } else {
      for index in work.changes.indices {
        work.changes[index].form = graph.form(at: work.changes[index].place)
      }
    }
    if options.strict { try requireNoObstacle(work) }
    try plan(&work, source.model)
    if let transaction { try write(work, to: transaction, source.model) }
    return report(work, source, seconds: (ContinuousClock.now - start) / .seconds(1))
  }

  /// What a graph has besides the weights that it is given keeps its form, and is changed only where elements move into
  /// or out of other files.
  private func addKept(_ work: inout ONNXWork) {
    guard options.graph != nil else { return }
    let given = Set(work.changes.map(\.place))
    for (place, tensor) in work.graph.model.tensors.enumerated() where !given.contains(place) {
      var change = ONNXChange(
        place: place,
        work.graph.subject(at: place),
        tensor,
        in: work.graph.model.source(of: tensor),
        isGrafted: false
      )
      change.form = work.graph.form(at: place)
      change.keepsForm = true
      work.changes.append(change)
    }
  }

  /// The model whose graph is written.
  private func graphModel() throws -> ONNXImport {
    guard let path = options.graph else {
      guard let onnx = opened.onnx else {
        throw OptionFault(
          "an ONNX file needs a graph, and this input has none",
          expected: "--graph BASE.onnx"
        )
      }
      return onnx
    }
    guard let onnx = try OpenedModel(path).onnx else {
      throw OptionFault("--graph takes an ONNX file", expected: "BASE.onnx")
    }
    return onnx
  }

  private static func identity(of file: ModelFile) -> FileIdentity? { (file.source as? InputFile)?.identity }

  private func requireNoObstacle(_ work: ONNXWork) throws {
    guard case .named(let layout) = options.layout else { return }
    for change in work.changes where !change.keepsForm {
      var obstacle = change.obstacle
      if case .nm = layout { obstacle = "ONNX has no form for \(layout)" }
      guard let obstacle else { continue }
      throw StrictLayoutFault(
        file: change.source.displayName,
        tensor: change.tensor.name,
        layout: layout,
        obstacle: .noPlace(obstacle)
      )
    }
  }

  /// Lays the file out; where it would be larger than protobuf allows, with its elements in another one.
  private func plan(_ work: inout ONNXWork, _ source: Model) throws {
    if case .file(let name) = options.externalData {
      guard Folder.isPlainName(name), name != Folder.lastComponent(of: output) else {
        throw OptionFault("--external-data takes the plain name of a file beside the output")
      }
      if let file = try sharedFile(name, source) {
        work.external = ExternalData(sharing: name, &work.changes, source, file: file)
      } else {
        work.external = ExternalData(name, &work.changes, work.graph, work.rules)
      }
      return try splice(&work)
    }
    do {
      try splice(&work)
    } catch let fault as SpliceFault where options.externalData == .auto && fault.isTooLarge {
      let name = Folder.lastComponent(of: output) + ".data"
      work.external = ExternalData(name, &work.changes, work.graph, work.rules)
      work.notes.append("the model is too large for one file, so its elements lie in \(name)")
      try splice(&work)
    }
  }

  /// The number of the input's file that is the file `name` beside the output; nil if none is.
  private func sharedFile(_ name: String, _ source: Model) throws -> Int? {
    guard let there = try FileIdentity.at(Folder.parent(of: output) + "/" + name) else { return nil }
    return source.files.firstIndex { Self.identity(of: $0)?.isSameFile(as: there) ?? false }
  }

  private func splice(_ work: inout ONNXWork) throws {
    let (graph, never) = (work.graph, options.externalData == .never)
    work.made = work.changes.filter { change in
      if change.isGrafted || change.external != nil { return true }
      if change.form != graph.form(at: change.place) { return true }
      return never && graph.isExternal(change.subject)
    }
    work.plan = try SplicePlan(
      graph.reader,
      rules: work.rules,
      changes: work.made.map { change in
        SplicePlan.Change(
          change.subject,
          to: change.replacement(sparseInitializer: options.usesSparseInitializers)
        )
      }
    )
    let changed = Set(
      work.made.flatMap { change -> [Int] in
        switch change.subject {
        case .tensor(let number): [number]
        case .expansion(let expansion): [expansion.mask, expansion.values] + expansion.constants
        }
      }
    )
    try work.external.carry(graph, besides: changed, to: Folder.parent(of: output))
  }

  private func write(_ work: ONNXWork, to transaction: OutputTransaction, _ source: Model) throws {
    let external = work.external
    let carriedBytes = external.carried.reduce(UInt64(0)) { $0 &+ $1.source.byteCount }
    let total = work.plan.byteCount &+ (external.written?.byteCount ?? 0) &+ carriedBytes
    try transaction.requireSpace(total, for: output)
    progress.expect(total)
    // What the model file reads is there when it appears.
    for file in external.carried {
      let target = try transaction.create(
        file.components[file.components.count - 1],
        in: Array(file.components.dropLast())
      )
      try target.copyAll(of: file.source)
    }
    var data: OutputFile?
    if let (name, byteCount) = external.written {
      data = try transaction.create(name)
      try data?.reserve(byteCount)
    }
    let target = try transaction.create(Folder.lastComponent(of: output))
    try target.reserve(work.plan.byteCount)
    let writer = ONNXWriter(
      graph: work.graph.reader.source,
      changes: work.made,
      copier: TensorWriter(
        model: source,
        decisions: [],
        pool: pool,
        chunkBytes: options.resources.chunkBytes,
        progress: progress,
        dropped: DroppedTally()
      ),
      pool: pool,
      progress: progress
    )
    try writer.write(work.plan, to: target, external: data)
    if options.verify { try verify(work, target, data) }
    try transaction.commit()
  }

  /// Reads the written model back and compares every tensor.
  private func verify(_ work: ONNXWork, _ written: OutputFile, _ data: OutputFile?) throws {
    var elsewhere: [String: any ByteSource] = [:]
    for file in work.graph.reader.externalFiles { elsewhere[file.location] = file.source }
    if let shared = work.external.shared { elsewhere[shared.name] = shared.source }
    if let written = work.external.written, let data { elsewhere[written.name] = data.readBack() }
    let name = Folder.lastComponent(of: output)
    let again = try ONNXImport(
      ONNXReader(source: written.readBack(), folder: nil, elsewhere: elsewhere),
      name: name
    )
    let comparison = ModelComparison(
      pool: pool,
      chunkBytes: options.resources.chunkBytes,
      progress: progress
    )
    let grafted = Dictionary(work.made.filter(\.isGrafted).map { ($0.place, $0) }) { first, _ in first }
    var expected = work.graph.model
    for (place, change) in grafted.sorted(by: { $0.key < $1.key }) {
      expected.tensors[place] = change.tensor.moved(to: &expected, change.source)
    }
    let report = try comparison.compare(expected, again.model, named: opened.path, output)
    if let difference = report.differences.first {
      throw VerificationFault(file: output, tensor: difference.name)
    }
  }
}

extension ONNXForm {
  /// The layout that it is in the IR.
  var layout: Layout {
    switch self {
    case .dense: .dense
    case .sparseValue, .sparseInitializer: .csr
    case .bitmask: .bitmask
    }
  }
}

extension SpliceFault {
  /// Whether elements in another file would help.
  var isTooLarge: Bool { if case .tooLarge = rule { true } else { false } }
}

extension ONNXImport {
  /// Whether elements of a subject lie in another file.
  func isExternal(_ subject: SplicePlan.Subject) -> Bool {
    guard case .tensor(let number) = subject else { return false }
    let tensor = reader.model.tensors[number]
    if case .external = tensor.values { return true }
    if case .external? = tensor.indices?.payload { return true }
    return false
  }
}

extension Tensor {
  /// The tensor as one of another model, whose views get the bytes that its parts lie in.
  fileprivate func moved(to model: inout Model, _ source: any ByteSource) -> Tensor {
    var tensor = self
    let number = model.files.count + model.views.count
    model.views.append(ModelView(source: source, file: 0))
    /// A region of the new view.
    func moved(_ region: Region) -> Region {
      Region(file: number, offset: region.offset, byteCount: region.byteCount)
    }
    switch storage {
    case .dense(let region): tensor.storage = .dense(moved(region))
    case .bitmask(let mask, let values): tensor.storage = .bitmask(mask: moved(mask), values: moved(values))
    case .csr(let rows, let rowWidth, let columns, let columnWidth, let values):
      tensor.storage = .csr(
        rowOffsets: moved(rows),
        offsetWidth: rowWidth,
        columnIndices: moved(columns),
        columnWidth: columnWidth,
        values: moved(values)
      )
    case .nm(let pattern, let values, let indices):
      tensor.storage = .nm(pattern, values: moved(values), indices: moved(indices))
    }
    return tensor
  }
}
