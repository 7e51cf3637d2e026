internal import CompressedTensors
public import Inspection
public import ModelIR
internal import Quantizing
public import SparseCoding
internal import Synchronization

/// Tells where the zeros of a model come from, beside the model that it was made of: which were zero there, and which
/// rounding alone makes.
///
/// Weights are compared as the numbers that they stand for, by name; names stay across containers.
/// Memory: per thread a chunk of each model's numbers with its parts, cut so small that these and 24 bytes an element
/// take no more than three of the chunks that were asked for.
public struct ReferenceComparison: Sendable {
  private let reference: NumberedModel
  private let path: String
  /// The places of the reference's weights by their names.
  private var places: [TensorName: Int] = [:]
  /// The places of its tensors that are no weights.
  private var others: [TensorName: Int] = [:]
  private let pool: ChunkPool
  private let chunkBytes: Int
  private let progress: WorkProgress

  /// A comparison with `reference` on `pool`'s threads.
  /// - Throws: what reading throws; a weight that stands for no numbers is only not compared.
  public init(
    with reference: OpenedModel,
    pool: ChunkPool,
    chunkBytes: Int,
    progress: WorkProgress
  ) throws {
    path = reference.path
    self.reference = try NumberedModel(
      reference.model,
      lookingUp: reference.allTensors,
      where: Self.isWeight
    )
    for (index, entry) in self.reference.entries.enumerated() {
      if let name = entry.name {
        if places[name] == nil { places[name] = index }
      } else {
        others[reference.model.tensors[index].name] = index
      }
    }
    self.pool = pool
    self.chunkBytes = chunkBytes
    self.progress = progress
  }

  private static func isWeight(_ tensor: Tensor) -> Bool {
    switch WeightKind(tensor) {
    case .matrix, .embedding, .outputHead, .router, .vector: true
    case .auxiliary, .notWeight: false
    }
  }

  /// The origins of the zeros of each tensor of `opened`, nil for those that were not compared, and what those are.
  /// - Parameter filter: which of the tensors that only the reference has are told.
  /// - Throws: what reading throws.
  public func origins(
    of opened: OpenedModel,
    telling filter: TensorFilter
  ) throws -> (origins: [ZeroOrigins?], report: ReferenceReport) {
    let own = try NumberedModel(opened.model, lookingUp: opened.allTensors, where: Self.isWeight)
    var report = ReferenceReport(path: path, omissions: [], unknownSteps: [])
    var origins = [ZeroOrigins?](repeating: nil, count: own.entries.count)
    var pairs: [(index: Int, own: NumberedModel.Weight, reference: Tensor)] = []
    for (index, entry) in own.entries.enumerated() {
      switch pair(entry, opened.model.tensors[index]) {
      case nil: break
      case .success(let (weight, tensor))?: pairs.append((index, weight, tensor))
      case .failure(let obstacle)?:
        report.omissions.append(.init(name: opened.model.tensors[index].name, reason: obstacle.reason))
      }
    }
    for pair in pairs { progress.expect(pair.own.numbers.denseByteCount) }
    var open: (own: Int, reference: Int)?
    for (index, weight, tensor) in pairs {
      let files = (weight.numbers.storage.file, tensor.storage.file)
      if let open {
        if open.own != files.0 { try own.model.source(ofFile: open.own).rest() }
        if open.reference != files.1 { try reference.model.source(ofFile: open.reference).rest() }
      }
      open = files
      progress.begin(weight.numbers.name.text)
      let found = try count(weight, of: own.model, tensor)
      origins[index] = found
      if case .unknown(let reason) = weight.reach, found.unexplained > 0,
        !report.unknownSteps.contains(reason)
      {
        report.unknownSteps.append(reason)
      }
    }
    report.omissions += onlyInReference(own, opened, filter)
    for file in own.model.files + reference.model.files { try file.source.rest() }
    return (origins, report)
  }

  private struct Obstacle: Error {
    let reason: String
  }

  /// A weight and the tensor that it is compared with, or why it is not; nil for what is no weight.
  private func pair(
    _ entry: NumberedModel.Entry,
    _ tensor: Tensor
  ) -> Result<(NumberedModel.Weight, Tensor), Obstacle>? {
    switch entry {
    case .other:
      // What is a weight on neither side is nothing to compare.
      if places[tensor.name] == nil { return nil }
      return .failure(Obstacle(reason: "it is a weight only in the reference; \(Self.kind(tensor))"))
    case .refused(_, let reason): return .failure(Obstacle(reason: reason))
    case .weight(let weight):
      let name = weight.numbers.name
      if let place = others[name] {
        let tensor = reference.model.tensors[place]
        return .failure(Obstacle(reason: "it is no weight in the reference; \(Self.kind(tensor)) there"))
      }
      guard let place = places[name] else {
        return .failure(Obstacle(reason: "the reference has no \(name.text)"))
      }
      switch reference.entries[place] {
      case .other: return nil
      case .refused(_, let reason): return .failure(Obstacle(reason: "in the reference: \(reason)"))
      case .weight(let other):
        let shapes = (weight.numbers.shape, other.numbers.shape)
        guard shapes.0 == shapes.1 else {
          return .failure(Obstacle(reason: "its shape is \(shapes.0), that of the reference \(shapes.1)"))
        }
        return .success((weight, other.numbers))
      }
    }
  }

  private static func kind(_ tensor: Tensor) -> String { "\(tensor.elementType.name), by its type or name" }

  /// The weights that only the reference has.
  private func onlyInReference(
    _ own: NumberedModel,
    _ opened: OpenedModel,
    _ filter: TensorFilter
  ) -> [ReferenceReport.Omission] {
    var names = Set(own.entries.compactMap(\.name))
    // What a selection left out is there all the same.
    for tensor in opened.allTensors { names.insert(tensor.name) }
    return reference.entries.enumerated().compactMap { index, entry in
      guard let name = entry.name, !names.contains(name), filter.selects(name) else { return nil }
      return .init(name: reference.model.tensors[index].name, reason: "only the reference has it")
    }
  }

  private struct Workspace {
    var own = DenseReader.Workspace()
    var reference = DenseReader.Workspace()
    var numbers: [Double] = []
    var originals: [Double] = []
    var reaches: [Double] = []
  }

  /// The bytes that an element takes besides those that are read: three numbers.
  private static let numberBytes = 24

  private func count(
    _ weight: NumberedModel.Weight,
    of model: Model,
    _ original: Tensor
  ) throws -> ZeroOrigins {
    guard let ownReals = ElementNumbers(weight.numbers.elementType),
      let originalReals = ElementNumbers(original.elementType)
    else { return ZeroOrigins() }
    let elements = max(1, chunkBytes / Self.numberBytes)
    // Each is cut so that it splits no group of the other.
    var left = DenseReader(
      tensor: weight.numbers,
      source: model.source(of: weight.numbers),
      chunkBytes: elements * ownReals.byteWidth,
      group: Self.group(of: original)
    )
    var right = DenseReader(
      tensor: original,
      source: reference.model.source(of: original),
      chunkBytes: elements * originalReals.byteWidth,
      group: Self.group(of: weight.numbers)
    )
    try left.survey(on: pool)
    try right.survey(on: pool)
    precondition(left.grid.count == right.grid.count, "both are cut alike")
    let (own, other) = (left, right)
    let total = Mutex(ZeroOrigins())
    try pool.forEach(own.grid.count) {
      Workspace()
    } _: { index, state in
      let chunk = own.grid[index]
      defer { progress.advance(chunk.elementCount * own.grid.elementBytes) }
      var found = ZeroOrigins()
      if own.isVoid(index) && other.isVoid(index) {
        found.elements = UInt64(chunk.elementCount)
        found.before = found.elements
      } else {
        _ = try own.read(index, &state.own)
        _ = try other.read(index, &state.reference)
        ownReals.read(state.own.dense, count: chunk.elementCount, into: &state.numbers)
        originalReals.read(state.reference.dense, count: chunk.elementCount, into: &state.originals)
        let open = found.add(state.numbers, state.originals, count: chunk.elementCount)
        if open > 0 { try judge(chunk, weight.reach, open, &state, &found) }
      }
      let result = found
      total.withLock { $0.add(result) }
    }
    return total.withLock { $0 }
  }

  /// Tells which zeros of a chunk, `open` of them, rounding makes.
  private func judge(
    _ chunk: Chunk,
    _ reach: NumberedModel.Reach,
    _ open: UInt64,
    _ state: inout Workspace,
    _ found: inout ZeroOrigins
  ) throws {
    let count = chunk.elementCount
    switch reach {
    case .unknown:
      found.unexplained &+= open
      return
    case .same(let reach): state.reaches = [Double](repeating: reach, count: count)
    case .each(let reaches):
      try reaches.readReaches(
        chunk.firstRow..<chunk.firstRow + UInt64(chunk.rowCount),
        chunk.firstColumn..<chunk.firstColumn + UInt64(chunk.columnCount),
        into: &state.reaches
      )
    }
    found.judge(state.numbers, state.originals, reaches: state.reaches, count: count)
  }

  private static func group(of tensor: Tensor) -> Int {
    if case .nm(let pattern) = tensor.layout { pattern.group } else { 1 }
  }
}

extension NumberedModel.Entry {
  /// The name of a weight; nil for what is none.
  fileprivate var name: TensorName? {
    switch self {
    case .weight(let weight): weight.numbers.name
    case .refused(let name, _): name
    case .other: nil
    }
  }
}
