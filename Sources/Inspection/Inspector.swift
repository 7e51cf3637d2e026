public import ModelIR
public import SparseCoding
internal import Synchronization

/// Reads the tensors of a model once and counts; a second time where the deep look is asked for.
///
/// Memory: per thread one chunk and its parts; per tensor in work 8 bytes a chunk and one bit a column; per
/// tensor of the model its report. Files are read one after the other, so that few are open at once.
public struct Inspector: Sendable {
  /// Which tensors get a second, slower look.
  public enum DeepChoice: Sendable, Hashable {
    /// None.
    case none
    /// Every one.
    case all
    /// The one of this name.
    case only(TensorName)

    fileprivate func includes(_ name: TensorName) -> Bool {
      switch self {
      case .none: false
      case .all: true
      case .only(let wanted): wanted == name
      }
    }
  }

  private let pool: ChunkPool
  private let chunkBytes: Int
  private let progress: WorkProgress
  private let wantsMagnitudes: Bool
  private let deep: DeepChoice
  private let mapCells: Int
  private let architecture: ArchitectureFacts

  /// An inspector that works on `pool`'s threads with chunks of at most `chunkBytes`.
  /// - Parameters:
  ///   - mapCells: the most cells along either side of the map of densities that a deep look keeps of a tensor, 8 bytes
  ///     each; 0 to keep none.
  ///   - architecture: what is known of the model's; it tells a deep look the attention heads.
  public init(
    pool: ChunkPool,
    chunkBytes: Int,
    progress: WorkProgress,
    wantsMagnitudes: Bool = false,
    deep: DeepChoice = .none,
    mapCells: Int = DensityMap.mostCells,
    architecture: ArchitectureFacts = ArchitectureFacts()
  ) {
    self.deep = deep
    self.mapCells = mapCells
    self.architecture = architecture
    self.wantsMagnitudes = wantsMagnitudes
    self.pool = pool
    self.chunkBytes = chunkBytes
    self.progress = progress
  }

  /// Reports without reading any tensor data.
  public static func headers(of model: Model) -> [TensorReport] { model.tensors.map(TensorReport.init) }

  /// Reports with statistics, in the order of the model; without them for types that are not counted and for
  /// tensors that claim to be far larger than they are stored.
  /// - Throws: what reading throws; ``LayoutFault`` for sparse tensors whose parts contradict each other.
  public func inspect(_ model: Model) throws -> [TensorReport] {
    var reports = Self.headers(of: model)
    var byFile: [Int: [Int]] = [:]
    for (index, tensor) in model.tensors.enumerated()
    where ChunkScanner.canScan(tensor.counted.elementType) && tensor.hasCountedElements
      && !tensor.counted.isExpansion
    {
      byFile[tensor.counted.storage.file, default: []].append(index)
      progress.expect(tensor.counted.denseByteCount)
    }
    var deepInspector = DeepInspector(pool: pool, progress: progress, mapCells: mapCells)
    let masked = try inspectMasked(model)
    for (index, statistics) in masked { reports[index].maskedStatistics = statistics }
    for (file, indices) in byFile.sorted(by: { $0.key < $1.key }) {
      let source = model.source(ofFile: file)
      progress.begin(model.files[model.file(ofNumber: file)].name)
      let readers = try indices.map { try prepare(model.tensors[$0].counted, source) }
      let counts = try scan(readers)
      for (place, index) in indices.enumerated() {
        var statistics = TensorStatistics(counts[place], reader: readers[place])
        if model.tensors[index].views?.codes != nil {
          // Codes that share units have no smaller layout of their own.
          let tensor = model.tensors[index]
          statistics.best = LayoutChoice(layout: tensor.layout, byteCount: tensor.storage.byteCount)
        }
        if let patterns = try patternsAcross(readers[place], axis: reports[index].axis) {
          statistics.patterns = patterns
        }
        statistics.elsewhere = try AxisSearch(pool: pool, chunkBytes: chunkBytes)
          .find(reports[index], statistics, source)
        if deep.includes(model.tensors[index].name) {
          progress.expect(readers[place].tensor.denseByteCount)
          statistics.deep = try deepInspector.inspect(
            readers[place],
            zeros: statistics.elements - statistics.stored,
            heads: AttentionHeads(model.tensors[index], architecture)
          )
        }
        if wantsMagnitudes { statistics.magnitudes = try magnitudes(readers[place]) }
        reports[index].statistics = statistics
      }
      try source.rest()
    }
    return reports
  }

  /// Statistics of tensors with the masks applied that are stored beside them.
  private func inspectMasked(_ model: Model) throws -> [(index: Int, statistics: TensorStatistics)] {
    let masked = model.tensors.enumerated().compactMap { index, tensor in
      tensor.views?.masked.map { (index: index, tensor: $0) }
    }
    return try masked.filter { ChunkScanner.canScan($0.tensor.elementType) }.map { index, tensor in
      progress.expect(tensor.denseByteCount)
      let source = model.source(of: tensor)
      let reader = try prepare(tensor, source)
      var statistics = TensorStatistics(try scan([reader])[0], reader: reader)
      if let patterns = try patternsAcross(reader, axis: .byConvention(tensor)) {
        statistics.patterns = patterns
      }
      try source.rest()
      return (index, statistics)
    }
  }

  /// A reader of a tensor, surveyed if it is sparse.
  private func prepare(_ tensor: Tensor, _ source: any ByteSource) throws -> DenseReader {
    var reader = DenseReader(tensor: tensor, source: source, chunkBytes: chunkBytes, group: 1)
    try reader.survey(on: pool)
    return reader
  }

  private struct Pending {
    var counts = ScanCounts()
    var chunksLeft: Int
  }

  private func scan(_ readers: [DenseReader]) throws -> [ScanCounts] {
    let pending = Mutex<[Int: Pending]>([:])
    let finished = Mutex([ScanCounts](repeating: ScanCounts(), count: readers.count))
    try pool.forEachChunk(of: readers) {
      (workspace: DenseReader.Workspace(), scanner: ChunkScanner())
    } _: { place, index, state in
      let reader = readers[place]
      let chunk = reader.grid[index]
      var counts = ScanCounts()
      if reader.isVoid(index) {
        ChunkScanner.addVoid(chunk, of: reader.grid, reader.tensor.elementType, to: &counts)
      } else if try reader.readNonzeroBits(index, &state.workspace) {
        state.scanner.scan(nonzeroBits: state.workspace.nonzeroBits, chunk, of: reader.grid, into: &counts)
      } else {
        _ = try reader.read(index, &state.workspace)
        state.scanner.scan(
          state.workspace.dense,
          chunk,
          of: reader.grid,
          reader.tensor.elementType,
          into: &counts
        )
      }
      progress.advance(chunk.elementCount * reader.grid.elementBytes)
      if reader.grid.count == 1 {
        finished.withLock { $0[place] = counts.reduced(columns: reader.grid.columns) }
        return
      }
      pending.withLock { pending in
        var entry = pending.removeValue(forKey: place) ?? Pending(chunksLeft: reader.grid.count)
        entry.counts.add(counts)
        entry.chunksLeft -= 1
        if entry.chunksLeft == 0 {
          finished.withLock { $0[place] = entry.counts.reduced(columns: reader.grid.columns) }
        } else {
          pending[place] = entry
        }
      }
    }
    return finished.withLock { $0 }
  }

  /// The magnitudes of a tensor's values, in a pass of their own; nil for types that have none.
  private func magnitudes(_ reader: DenseReader) throws -> MagnitudeHistogram? {
    guard let empty = MagnitudeHistogram(reader.tensor.elementType) else { return nil }
    let total = Mutex(empty)
    try pool.forEach(reader.grid.count) {
      DenseReader.Workspace()
    } _: { index, workspace in
      if reader.isVoid(index) { return }
      _ = try reader.read(index, &workspace)
      var found = empty
      found.add(
        workspace.dense,
        count: reader.grid[index].elementCount,
        width: reader.grid.elementBytes
      )
      let counts = found
      total.withLock { $0.add(counts) }
    }
    return total.withLock { $0 }
  }

  /// The common patterns along an axis that is not the last; nil if it is.
  private func patternsAcross(_ reader: DenseReader, axis: ReductionAxis?) throws -> [PatternResult]? {
    let shape = reader.tensor.shape
    guard let axis = axis?.axes.first else { return [] }
    guard axis != shape.rank - 1 else { return nil }
    guard let view = AxisView(shape, axis: axis) else { return [] }
    if let matrix = view.matrix(of: reader.tensor) {
      let counts = try scan([prepare(matrix, reader.bytes)])
      return zip(NMPattern.common, counts[0].patterns).map { PatternResult(pattern: $0, count: $1) }
    }
    let walk = AxisWalk(view, reader: reader, chunkBytes: chunkBytes)
    let sums = Mutex([PatternCount](repeating: PatternCount(), count: NMPattern.common.count))
    try pool.forEach(walk.unitCount) {
      (workspace: DenseReader.Workspace(), buffer: [UInt8]())
    } _: { unit, state in
      guard var counter = VerticalPatterns(reader.tensor.elementType) else { return }
      try walk.forEachSlice(ofUnit: unit, &state.workspace, slices: &state.buffer) {
        counter.add(slice: $0, $1, at: $2, count: $3)
        return true
      }
      counter.finish(extent: view.extent)
      let found = counter.patterns
      sums.withLock { sums in
        for index in sums.indices { sums[index].add(found[index]) }
      }
    }
    return zip(NMPattern.common, sums.withLock { $0 }).map { PatternResult(pattern: $0, count: $1) }
  }
}

extension TensorStatistics {
  init(_ counts: ScanCounts, reader: DenseReader) {
    let tensor = reader.tensor
    elements = counts.elements
    nonzeros = counts.nonzero
    stored = counts.stored
    nan = counts.nan
    infinite = counts.infinite
    blocks = counts.blocks
    zeroBlocks = counts.zeroBlocks
    rows = reader.grid.rows
    columns = reader.grid.columns
    zeroRows = counts.allZeroRows
    zeroColumns = counts.zeroColumns(of: reader.grid.columns)
    let isMatrix = tensor.shape.rank >= 2
    patterns =
      isMatrix ? zip(NMPattern.common, counts.patterns).map { PatternResult(pattern: $0, count: $1) } : []
    let holding = zip(NMPattern.common, counts.patterns).filter { $1.storedViolations == 0 }.map(\.0)
    let candidates = LayoutChoice.candidates(
      elementType: tensor.elementType,
      shape: tensor.shape,
      nnz: counts.stored,
      stored: holding
    )
    best =
      LayoutChoice.smallest(candidates) ?? LayoutChoice(layout: .dense, byteCount: tensor.denseByteCount)
  }
}
