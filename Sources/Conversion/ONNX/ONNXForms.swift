internal import Inspection
internal import ModelIR
internal import ONNX
internal import SparseCoding
internal import Synchronization

/// Decides how tensors of a graph are stored: the first of a conversion's two passes.
///
/// Tensors that may become sparse are read once and their nonzeros counted. Memory: 32 bytes a chunk, and per thread
/// one chunk and its mask.
struct ONNXForms {
  let graph: ONNXImport
  let rules: SpliceRules
  let options: ConversionOptions
  let pool: ChunkPool
  let progress: WorkProgress

  private var chunkBytes: Int { options.resources.chunkBytes }

  /// The forms that a tensor may take by what was asked for, the first of them in a tie; one is taken uncounted.
  private func candidates(_ tensor: Tensor) -> [ONNXForm] {
    let sparse: ONNXForm = options.usesSparseInitializers ? .sparseInitializer : .sparseValue
    switch options.layout {
    case .keep, .named(.dense): return [.dense]
    case .named(.csr): return [sparse]
    case .named(.bitmask): return [.bitmask]
    // N:M has no form in ONNX.
    case .named(.nm), .auto: return [.dense, sparse]
    }
  }

  /// Decides for each change.
  /// - Throws: ``LayoutFault`` for sparse tensors whose parts contradict each other, ``ExpansionFault``, and what
  ///   reading throws.
  func decide(_ changes: inout [ONNXChange]) throws {
    var counted: [(change: Int, forms: [ONNXForm])] = []
    for index in changes.indices {
      let change = changes[index]
      if change.keepsForm { continue }
      if change.tensor.isExpansion && !options.allowExpand {
        throw ExpansionFault(change.tensor, in: change.source)
      }
      let wanted = candidates(change.tensor)
      if wanted == [.dense] { continue }
      if let obstacle = obstacle(change, wanted[wanted.count - 1]) {
        changes[index].obstacle = obstacle
        continue
      }
      changes[index].prepare(chunkBytes: chunkBytes)
      counted.append((index, wanted))
      progress.expect(change.tensor.denseByteCount)
    }
    try count(counted.map(\.change), &changes)
    for (index, forms) in counted { changes[index].form = choose(changes[index], forms) }
    for index in changes.indices where changes[index].form == .dense && changes[index].tensor.layout != .dense
    {
      changes[index].before = []
      changes[index].prepare(chunkBytes: chunkBytes)
      try changes[index].reader?.survey(on: pool, allowingExpansion: options.allowExpand)
    }
  }

  /// Why a tensor cannot take a form, whatever its values are.
  private func obstacle(_ change: ONNXChange, _ form: ONNXForm) -> String? {
    let tensor = change.tensor
    if tensor.shape.rank < 2 { return "it has fewer than two axes" }
    switch tensor.uses?.role ?? graph.model.tensors[change.place].uses?.role {
    case .scale, .zeroPoint: return "it is a parameter of a quantization"
    case .shape: return "it is a shape, axes or indices"
    default: break
    }
    if tensor.elementType.byteWidth == nil { return "its elements share bytes" }
    if form == .bitmask, case .dense = tensor.storage {
    } else if form == .bitmask, tensor.shape.columns % 8 != 0 {
      return "its mask lies in rows of \(tensor.shape.columns) bits: --layout dense comes first"
    }
    let target: SpliceTarget =
      switch form {
      case .dense: .raw
      case .sparseValue: .sparseValue
      case .sparseInitializer: .sparseInitializer
      case .bitmask: .bitmask
      }
    return rules.obstacle(to: target, of: change.subject)?.reason
  }

  private func choose(_ change: ONNXChange, _ forms: [ONNXForm]) -> ONNXForm {
    guard forms.count > 1, let type = graph.type(of: change.subject) else { return forms[0] }
    let header = TensorMessages.Header(
      name: graph.name(of: change.subject),
      type: type,
      extents: change.tensor.shape.extents
    )
    return FormSizes(header, change.tensor.shape, change.counts, indexForm: .linearVarints).smallest(
      of: forms
    )
      ?? .dense
  }

  /// What counting a tensor needs.
  private struct Counter {
    let change: Int
    let reader: DenseReader
    let coder: ChunkCoder
    let space: IndexSpace
  }

  /// Counts the nonzeros of each chunk, and what their indices take: of all tensors as one queue, as many are small.
  private func count(_ numbers: [Int], _ changes: inout [ONNXChange]) throws {
    var counters: [Counter] = []
    for number in numbers {
      try changes[number].reader?.survey(on: pool, allowingExpansion: options.allowExpand)
      let change = changes[number]
      guard let reader = change.reader, let space = change.space,
        let coder = ChunkCoder(layout: .bitmask, elementType: change.tensor.elementType, grid: reader.grid)
      else { continue }
      counters.append(Counter(change: number, reader: reader, coder: coder, space: space))
    }
    let all = counters
    let counts = Mutex(all.map { [IndexCounts](repeating: IndexCounts(), count: $0.reader.grid.count) })
    try pool.forEachChunk(of: all.map(\.reader)) {
      (workspace: DenseReader.Workspace(), encoded: EncodedChunk())
    } _: { place, index, state in
      let (reader, coder) = (all[place].reader, all[place].coder)
      progress.advance(try reader.read(index, &state.workspace))
      let found = try Self.counts(
        in: state.workspace.dense,
        reader.grid[index],
        coder,
        all[place].space,
        &state.encoded
      )
      counts.withLock { $0[place][index] = found }
    }
    counts.withLock { counts in
      for (place, counter) in all.enumerated() {
        changes[counter.change].before = counts[place].reduce(into: [IndexCounts()]) {
          $0.append($0[$0.count - 1] + $1)
        }
      }
    }
    for number in numbers { try changes[number].source.rest() }
  }

  /// Counts a chunk; a mask is made only where the places of nonzeros matter.
  private static func counts(
    in dense: [UInt8],
    _ chunk: Chunk,
    _ coder: ChunkCoder,
    _ space: IndexSpace,
    _ encoded: inout EncodedChunk
  ) throws -> IndexCounts {
    let piece = MaskPiece(chunk)
    if let counts = IndexCounts(nnz: UInt64(coder.countStored(dense, chunk)), piece, space) { return counts }
    _ = try coder.encode(dense, chunk, before: 0, into: &encoded)
    return IndexCounts(encoded.structure, piece, space)
  }
}

extension MaskPiece {
  /// The mask of a chunk.
  init(_ chunk: Chunk) {
    self.init(
      firstRow: chunk.firstRow,
      rowCount: chunk.rowCount,
      firstColumn: chunk.firstColumn,
      columnCount: chunk.columnCount
    )
  }
}

extension ONNXImport {
  /// The type of the elements of a subject.
  func type(of subject: SplicePlan.Subject) -> ONNXDataType? {
    switch subject {
    case .tensor(let number): reader.model.tensors[number].type
    case .expansion(let expansion): reader.model.tensors[expansion.values].type
    }
  }

  /// The name of a subject in its graph.
  func name(of subject: SplicePlan.Subject) -> String {
    switch subject {
    case .tensor(let number): reader.model.tensors[number].name
    case .expansion(let expansion): expansion.output
    }
  }

  /// What the tensor at a place of the model is for the splicing writer.
  func subject(at place: Int) -> SplicePlan.Subject {
    switch origins[place] {
    case .tensor(let number): .tensor(number)
    case .expansion(let expansion): .expansion(expansion)
    }
  }

  /// The form that the tensor at a place of the model has.
  func form(at place: Int) -> ONNXForm {
    guard case .tensor(let number) = origins[place] else { return .bitmask }
    let tensor = reader.model.tensors[number]
    if tensor.indices == nil { return .dense }
    return tensor.place == .sparseInitializer ? .sparseInitializer : .sparseValue
  }
}
