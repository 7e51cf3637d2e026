internal import CompressedTensors
internal import Dialect
internal import Inspection
internal import ModelIR
internal import Safetensors
internal import SparseCoding
internal import Synchronization

/// Decides which layout every tensor of a model takes: the first of a conversion's two passes.
///
/// What depends on values is counted chunk by chunk; the counts (8 bytes a chunk) stay for the second pass.
struct LayoutPlanner {
  let model: Model
  let request: ConversionOptions.LayoutRequest
  /// Where another library's forms are asked for.
  let sparseTarget: SparseTarget?
  /// Where a GGUF file is written.
  let gguf: GGUFTarget?
  /// Whether the parts of a tensor that stays sparse get other names than they have.
  let renamesParts: Bool
  let allowExpand: Bool
  let pool: ChunkPool
  let chunkBytes: Int
  let progress: WorkProgress
  private let names: Set<TensorName>
  /// Scales and zero points, which stay what loaders of quantized weights expect.
  private let parameters: Set<TensorName>

  init(
    model: Model,
    request: ConversionOptions.LayoutRequest,
    gguf: GGUFTarget? = nil,
    renamesParts: Bool = false,
    sparseTarget: SparseTarget?,
    allowExpand: Bool,
    pool: ChunkPool,
    chunkBytes: Int,
    progress: WorkProgress
  ) {
    self.model = model
    self.request = request
    self.sparseTarget = sparseTarget
    self.gguf = gguf
    self.renamesParts = renamesParts
    self.allowExpand = allowExpand
    self.pool = pool
    self.chunkBytes = chunkBytes
    self.progress = progress
    parameters = Set(
      model.tensors.lazy.compactMap(\.quantization).flatMap { quantization in
        [quantization.scale, quantization.zeroPoint, quantization.globalScale, quantization.groupIndex]
      }.compactMap { if case .tensor(let name)? = $0 { name } else { nil } }
    )
    names = request == .keep && !renamesParts ? [] : Set(model.tensors.map(\.name))
  }

  /// What a tensor has to be measured for; nil if it stays as it is, with the reason if it was asked to change.
  private func target(of tensor: Tensor) -> (LayoutTarget?, LayoutObstacle?) {
    if let type = tensor.blockType, request != .keep, request != .named(.dense) {
      return (nil, .notTargeted("stored in blocks of \(type.name)"))
    }
    if let sparseTarget {
      let (target, obstacle) = sparseTarget.target(of: tensor, request)
      // What has no zeros to speak of needs no look.
      if case .counted = target, !ChunkScanner.canScan(tensor.elementType) { return (nil, obstacle) }
      return (target, obstacle)
    }
    if renamesParts, request != .named(.dense),
      let obstacle = nameObstacle(to: tensor.layout, for: tensor)
    {
      return (.named(.dense), obstacle)
    }
    switch request {
    case .keep: return (nil, nil)
    case .named(let layout):
      if tensor.layout == layout { return (nil, nil) }
      if layout == .dense { return (.named(.dense), nil) }
      let obstacle = staticObstacle(to: layout, for: tensor)
      // What cannot take the layout stays as it is.
      return obstacle == nil ? (.named(layout), nil) : (nil, obstacle)
    case .auto:
      if tensor.elementType.byteWidth == nil { return (nil, .subByteType(tensor.elementType)) }
      if tensor.quantization?.packing != nil || parameters.contains(tensor.name) { return (nil, nil) }
      return tensor.shape.elementCount == 0 ? (nil, nil) : (.auto, nil)
    }
  }

  private func staticObstacle(to layout: Layout, for tensor: Tensor) -> LayoutObstacle? {
    if let obstacle = layout.obstacle(elementType: tensor.elementType, shape: tensor.shape) {
      return obstacle
    }
    if tensor.shape.rank < 2 { return .rankBelowTwo }
    if tensor.quantization?.packing != nil { return .notTargeted("made of units that codes share") }
    if parameters.contains(tensor.name) { return .notTargeted("a parameter of a quantization") }
    return nameObstacle(to: layout, for: tensor)
  }

  private func nameObstacle(to layout: Layout, for tensor: Tensor) -> LayoutObstacle? {
    if let gguf { return gguf.obstacle(to: layout, for: tensor) }
    return LayoutParts.roles(of: layout).lazy.map { LayoutParts.safetensorsName($0, of: tensor.name) }
      .first { names.contains($0) }.map(LayoutObstacle.nameTaken)
  }

  /// The decisions, in the order of the model.
  /// - Throws: ``LayoutFault`` for sparse tensors whose parts contradict each other, ``ExpansionFault``, or
  ///   what reading throws.
  func decide() throws -> [LayoutDecision] {
    var decisions = model.tensors.map { LayoutDecision(layout: $0.layout) }
    var byFile: [Int: [(index: Int, target: LayoutTarget)]] = [:]
    for (index, tensor) in model.tensors.enumerated() {
      let (target, obstacle) = target(of: tensor)
      decisions[index].obstacle = obstacle
      guard let target else {
        if tensor.layout != .dense { try surveyKept(tensor) }
        continue
      }
      if tensor.isExpansion && !allowExpand { throw ExpansionFault(tensor, in: source(of: tensor)) }
      byFile[tensor.storage.file, default: []].append((index, target))
      progress.expect(tensor.denseByteCount)
    }
    for (file, work) in byFile.sorted(by: { $0.key < $1.key }) {
      let source = model.source(ofFile: file)
      progress.begin(model.files[model.file(ofNumber: file)].name)
      let readers = try work.map { item in
        var reader = DenseReader(
          tensor: model.tensors[item.index],
          source: source,
          chunkBytes: chunkBytes,
          group: item.target.group
        )
        try reader.survey(on: pool, allowingExpansion: allowExpand)
        return reader
      }
      let offsetDigits = String(source.byteCount).utf8.count
      for (place, measured) in try measure(readers, work.map(\.target)).enumerated() {
        let index = work[place].index
        let obstacle = decisions[index].obstacle
        decisions[index] = decision(
          readers[place],
          work[place].target,
          measured,
          offsetDigits: offsetDigits
        )
        // What stopped a tensor that is only counted now was known before.
        decisions[index].obstacle = decisions[index].obstacle ?? obstacle
      }
      try source.rest()
    }
    return decisions
  }

  /// Parts that contradict each other are refused even where they would be copied as they are.
  private func surveyKept(_ tensor: Tensor) throws {
    // Row offsets that no file of the input holds would be written out.
    if tensor.isExpansion && model.container == .onnx && !allowExpand {
      throw ExpansionFault(tensor, in: source(of: tensor))
    }
    var reader = DenseReader(tensor: tensor, source: source(of: tensor), chunkBytes: chunkBytes)
    if tensor.isExpansion { try reader.surveyEntries() } else { try reader.survey(on: pool) }
  }

  private func source(of tensor: Tensor) -> any ByteSource { model.source(of: tensor) }

  private struct Measure {
    var counts: [UInt64]
    var violations: UInt64 = 0
    var nonzeros: UInt64 = 0
    var storedViolations = [UInt64](repeating: 0, count: NMPattern.common.count)
  }

  private func measure(_ readers: [DenseReader], _ targets: [LayoutTarget]) throws -> [Measure] {
    let measures = Mutex(readers.map { Measure(counts: [UInt64](repeating: 0, count: $0.grid.count)) })
    try pool.forEachChunk(of: readers) {
      (workspace: DenseReader.Workspace(), scanner: ChunkScanner(), encoded: EncodedChunk())
    } _: { place, index, state in
      let reader = readers[place]
      let chunk = reader.grid[index]
      let type = reader.tensor.elementType
      defer { progress.advance(chunk.elementCount * reader.grid.elementBytes) }
      if case .named(.dense) = targets[place] { return }
      let isVoid = reader.isVoid(index)
      if !isVoid { _ = try reader.read(index, &state.workspace) }
      switch targets[place] {
      case .named(let layout):
        if isVoid { return }
        guard let coder = ChunkCoder(layout: layout, elementType: type, grid: reader.grid) else { return }
        let count = UInt64(coder.countStored(state.workspace.dense, chunk))
        var violations = 0
        if case .nm(let pattern) = layout {
          violations = coder.countViolations(state.workspace.dense, chunk, pattern, scratch: &state.encoded)
        }
        measures.withLock { measures in
          measures[place].counts[index] = count
          measures[place].violations += UInt64(violations)
        }
      case .auto, .form, .counted:
        var counts = ScanCounts()
        if isVoid { return }
        state.scanner.scan(state.workspace.dense, chunk, of: reader.grid, type, into: &counts)
        let found = counts
        measures.withLock { measures in
          measures[place].counts[index] = found.stored
          if case .form(let form, _) = targets[place], form.rules == .reference,
            NegativeZeros.areCleared(of: type)
          {
            measures[place].counts[index] = found.nonzero
          }
          measures[place].nonzeros += found.nonzero
          for pattern in NMPattern.common.indices {
            measures[place].storedViolations[pattern] += found.patterns[pattern].storedViolations
          }
        }
      }
    }
    return measures.withLock { $0 }
  }

  private func decision(
    _ reader: DenseReader,
    _ target: LayoutTarget,
    _ measured: Measure,
    offsetDigits: Int
  ) -> LayoutDecision {
    let tensor = reader.tensor
    let nnz = measured.counts.reduce(0, +)
    var decision = LayoutDecision(layout: tensor.layout)
    decision.nnz = nnz
    switch target {
    case .named(let layout):
      if case .nm(let pattern) = layout, measured.violations > 0 {
        decision.obstacle = .notCompliant(pattern, groups: measured.violations)
        return decision
      }
      decision.layout = layout
    case .auto:
      let holding = zip(NMPattern.common, measured.storedViolations).filter { $1 == 0 }.map(\.0)
      let candidates = LayoutChoice.candidates(
        elementType: tensor.elementType,
        shape: tensor.shape,
        nnz: nnz,
        stored: holding
      ).filter { nameObstacle(to: $0.layout, for: tensor) == nil }
        .compactMap { choice -> LayoutChoice? in
          let bytes =
            gguf.map { $0.byteCount(of: tensor, in: choice.layout, nnz: nnz) }
            ?? choice.byteCount
            + HeaderCost.bytes(of: choice.layout, tensor, nnz: nnz, offsetDigits: offsetDigits)
          return bytes.map { LayoutChoice(layout: choice.layout, byteCount: $0) }
        }
      decision.layout = LayoutChoice.smallest(candidates)?.layout ?? .dense
    case .counted:
      decision.nonzeros = measured.nonzeros
      return decision
    case .form(let form, let isAutomatic):
      decision.nonzeros = measured.nonzeros
      decide(form, isAutomatic: isAutomatic, tensor, measured, &decision)
    }
    if decision.layout == tensor.layout && decision.form == nil { return decision }
    decision.reader = reader
    decision.before = measured.counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    return decision
  }
}

extension LayoutPlanner {
  /// Whether a tensor can take another library's form, by what was counted.
  private func decide(
    _ form: SparseForm,
    isAutomatic: Bool,
    _ tensor: Tensor,
    _ measured: Measure,
    _ decision: inout LayoutDecision
  ) {
    let dense = tensor.denseByteCount
    decision.layout = .dense
    if form.kind == .twoOfFour, form.rules == .lossless, let pattern = NMPattern(kept: 2, group: 4),
      let place = NMPattern.common.firstIndex(of: pattern), measured.storedViolations[place] > 0
    {
      decision.obstacle = .notCompliant(pattern, groups: measured.storedViolations[place])
      return
    }
    let bytes = form.parts(of: tensor, nnz: decision.nnz)?.reduce(UInt64(0)) {
      $0 &+ ($1.shape.byteCount(of: $1.elementType) ?? 0)
    }
    guard let bytes, !isAutomatic || bytes < dense else { return }
    decision.form = form
    if form.kind == .bitmask {
      decision.layout = .bitmask
    } else if let pattern = NMPattern(kept: 2, group: 4) {
      decision.layout = .nm(pattern)
    }
  }
}

/// What a tensor in some layout costs in a file's header: the entries of its parts and that of the manifest.
enum HeaderCost {
  /// The bytes, if every offset has `offsetDigits` digits.
  static func bytes(of layout: Layout, _ tensor: Tensor, nnz: UInt64, offsetDigits: Int) -> UInt64 {
    let parts = OutputPart.parts(of: tensor, in: layout, nnz: nnz)
    let entries = parts.reduce(UInt64(0)) {
      $0 + SafetensorsPlan.headerByteCount(of: $1, offsetDigits: offsetDigits)
    }
    return entries + OutputPart.manifestEntry(of: tensor, in: layout).headerByteCount()
  }
}
