public import ModelIR

/// Reads any tensor of any layout as dense chunks.
///
/// Sparse tensors are surveyed first: every chunk's structure is read and checked (``survey(_:_:)``), in any
/// order and from several threads, then the counts are put together (``finishSurvey(_:)``). After that
/// chunks can be read in any order. Memory: 8 bytes a chunk; a workspace holds one chunk and its parts.
public struct DenseReader: Sendable {
  /// The tensor.
  public let tensor: Tensor
  /// How it is cut.
  public let grid: ChunkGrid
  /// The file that holds the tensor's parts.
  public var bytes: any ByteSource { source }
  let source: any ByteSource
  let coder: ChunkCoder?
  /// How many values stand before each chunk, and all of them; empty unless the survey tells.
  private(set) var before: [UInt64] = []
  /// How many values a sparse tensor has.
  let valueCount: UInt64
  /// What tells this reader from others that use the same workspace.
  let identity = Identity()

  /// An object for the sake of its address.
  final class Identity: Sendable {}

  /// Buffers that are used again for every chunk.
  public struct Workspace: Sendable {
    /// The dense bytes of the chunk that was read last.
    public package(set) var dense: [UInt8] = []
    var encoded = EncodedChunk()
    /// One bit for each element of the chunk that ``DenseReader/readNonzeroBits(_:_:)`` read last.
    public package(set) var nonzeroBits: [UInt64] = []
    /// Which chunk of which reader `dense` holds, where that matters.
    var current: (reader: Identity, chunk: Int)?

    /// Empty buffers, which grow to a chunk's size.
    public init() {}
  }

  /// A reader of `tensor`, whose parts lie in `source`.
  ///
  /// - Parameters:
  ///   - chunkBytes: the most dense bytes of a chunk.
  ///   - group: a group of elements that no chunk may split.
  public init(tensor: Tensor, source: any ByteSource, chunkBytes: Int, group: Int = 1) {
    self.tensor = tensor
    self.source = source
    var group = group
    if case .nm(let pattern) = tensor.layout, pattern.group != group { group *= pattern.group }
    let bytes = tensor.elementType.byteWidth ?? 1
    var shape = tensor.shape
    if tensor.elementType.byteWidth == nil {
      // Bytes are what is read where elements share them.
      shape = .vector(tensor.denseByteCount)
    }
    grid = ChunkGrid(shape: shape, elementBytes: bytes, chunkBytes: chunkBytes, group: group)
    switch tensor.storage {
    case .dense:
      valueCount = 0
      coder = nil
    case .bitmask(_, let values):
      valueCount = values.byteCount / UInt64(bytes)
      coder = ChunkCoder(layout: .bitmask, elementType: tensor.elementType, grid: grid)
    case .csr(_, let offsetWidth, _, let columnWidth, let values):
      valueCount = values.byteCount / UInt64(bytes)
      coder = ChunkCoder(
        layout: .csr,
        elementType: tensor.elementType,
        grid: grid,
        columnWidth: columnWidth,
        offsetWidth: offsetWidth
      )
    case .nm(let pattern, let values, _):
      valueCount = values.byteCount / UInt64(bytes)
      coder = ChunkCoder(layout: .nm(pattern), elementType: tensor.elementType, grid: grid)
    }
  }

  /// Whether chunks must be surveyed before they can be read.
  public var needsSurvey: Bool { coder != nil }

  func fault(_ rule: LayoutFault.Rule) -> LayoutFault {
    LayoutFault(file: source.displayName, tensor: tensor.name, rule)
  }

  func read(_ range: PartRange, of region: Region, into buffer: inout [UInt8]) throws {
    EncodedChunk.grow(&buffer, to: range.byteCount)
    // A survey that counts more than there is ends here, before it could read another part's bytes.
    guard range.offset <= region.byteCount, UInt64(range.byteCount) <= region.byteCount - range.offset else {
      throw fault(.changed)
    }
    try source.read(range.byteCount, at: region.offset + range.offset, into: &buffer, startingAt: 0)
  }

  /// Puts the counts of all chunks together.
  /// - Throws: ``LayoutFault`` where they contradict the number of values.
  public mutating func finishSurvey(_ counts: [UInt64]) throws {
    precondition(counts.count == grid.count)
    var sums: [UInt64] = [0]
    sums.reserveCapacity(counts.count + 1)
    var total: UInt64 = 0
    for count in counts {
      total += count
      sums.append(total)
    }
    if case .bitmask = tensor.storage, total != valueCount {
      throw fault(.populationDiffers(mask: total, values: valueCount))
    }
    if case .csr = tensor.storage, total != valueCount {
      throw fault(.lastOffsetDiffers(total, nnz: valueCount))
    }
    before = sums
  }

  /// How many values a surveyed chunk has: for N:M all that are kept, zeros included.
  public func storedCount(of index: Int) -> UInt64 { before[index + 1] - before[index] }

  /// Whether a surveyed chunk is known to hold nothing but zeros; false for types that have none.
  public func isVoid(_ index: Int) -> Bool {
    if case .nm = tensor.storage { return false }
    if ScanType(tensor.elementType)?.hasZero == false { return false }
    return !before.isEmpty && storedCount(of: index) == 0
  }

  /// Reads the chunk at `index` to `workspace.dense`, and returns how many bytes it has.
  /// - Throws: what the source throws, or ``LayoutFault`` if a sparse tensor's parts changed since the survey.
  public func read(_ index: Int, _ workspace: inout Workspace) throws -> Int {
    let chunk = grid[index]
    let byteCount = chunk.elementCount * grid.elementBytes
    workspace.current = nil
    EncodedChunk.grow(&workspace.dense, to: byteCount)
    guard let coder else {
      guard case .dense(let region) = tensor.storage else { throw fault(.changed) }
      try source.read(
        byteCount,
        at: region.offset + grid.denseRange(of: chunk).offset,
        into: &workspace.dense,
        startingAt: 0
      )
      return byteCount
    }
    precondition(!before.isEmpty, "a sparse tensor is surveyed before it is read")
    let rowEnds = try readParts(index, chunk, &workspace.encoded)
    guard coder.decode(workspace.encoded, chunk, rowEnds: rowEnds, into: &workspace.dense) else {
      throw fault(.changed)
    }
    return byteCount
  }

  /// Reads to `workspace.nonzeroBits` which elements of the chunk at `index` are not zero, where that can be told
  /// without the elements themselves, and its rows are whole words of bits.
  /// - Returns: whether it could be told; if not, the chunk has to be read.
  /// - Throws: what the source throws.
  public func readNonzeroBits(_ index: Int, _ workspace: inout Workspace) throws -> Bool {
    guard case .dense(let region) = tensor.storage, tensor.elementType == .int8, grid.columns % 64 == 0,
      let source = source as? any ZeroTelling
    else { return false }
    let chunk = grid[index]
    workspace.current = nil
    return try source.nonzeroBits(
      chunk.elementCount,
      from: region.offset + grid.denseRange(of: chunk).offset,
      scratch: &workspace.dense,
      into: &workspace.nonzeroBits
    )
  }

  /// Reads the parts of a chunk, and for CSR returns where its rows end.
  private func readParts(_ index: Int, _ chunk: Chunk, _ encoded: inout EncodedChunk) throws -> [Int] {
    let first = before[index]
    let count = storedCount(of: index)
    let values = grid.valueRange(before: first, count: count, width: grid.elementBytes)
    encoded.valueByteCount = values.byteCount
    switch tensor.storage {
    case .dense: return []
    case .bitmask(let maskRegion, let valueRegion):
      try read(grid.maskRange(of: chunk), of: maskRegion, into: &encoded.structure)
      try read(values, of: valueRegion, into: &encoded.values)
      return []
    case .nm(let pattern, let valueRegion, let indexRegion):
      try read(grid.indexRange(of: chunk, pattern: pattern), of: indexRegion, into: &encoded.structure)
      try read(grid.keptRange(of: chunk, pattern: pattern), of: valueRegion, into: &encoded.values)
      return []
    case .csr(let offsetRegion, let offsetWidth, let columnRegion, let columnWidth, let valueRegion):
      try read(
        grid.valueRange(before: first, count: count, width: columnWidth.byteWidth),
        of: columnRegion,
        into: &encoded.structure
      )
      try read(values, of: valueRegion, into: &encoded.values)
      if grid.splitsRows { return [Int(count)] }
      let range = grid.rowOffsetRange(of: chunk, width: offsetWidth)
      try read(range, of: offsetRegion, into: &encoded.rowOffsets)
      guard let ends = encoded.rowEnds(of: chunk, count: Int(count), before: first, width: offsetWidth)
      else { throw fault(.changed) }
      return ends
    }
  }
}
