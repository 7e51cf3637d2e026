internal import ByteIO
internal import CompressedTensors
internal import GGUF
public import ModelIR
internal import SparseCoding
internal import Synchronization

/// Writes the tensors of one output file: the second of a conversion's two passes.
///
/// Chunks are encoded and written to places that the first pass settled, from several threads, in any order.
/// Memory: per thread one dense chunk, its parts, and the chunk decoded from them as proof.
struct TensorWriter {
  let model: Model
  let decisions: [LayoutDecision]
  let pool: ChunkPool
  let chunkBytes: Int
  let progress: WorkProgress
  /// What lossy forms left out, by tensor.
  let dropped: DroppedTally

  struct State {
    var workspace = DenseReader.Workspace()
    var encoded = EncodedChunk()
    var proof: [UInt8] = []
  }

  /// Copies a whole file.
  func copy(_ file: Int, to output: OutputFile) throws {
    let source = model.source(ofFile: file)
    try copy([(Region(file: file, offset: 0, byteCount: source.byteCount), 0)], from: source, to: output)
    try source.rest()
  }

  /// Writes a GGUF header: its own bytes, and pairs that are copied.
  func write(_ header: [GGUFPlan.Piece], to output: OutputFile) throws {
    var offset: UInt64 = 0
    for piece in header {
      switch piece {
      case .bytes(let bytes):
        try output.write(bytes, 0..<bytes.count, at: offset)
        offset += UInt64(bytes.count)
      case .copied(let region):
        let file = Int(region.file)
        try copy([(region, offset)], from: model.source(ofFile: file), to: output)
        offset += region.byteCount
      case .zeros(let count):
        // What is reserved and not written is zero.
        offset += count
      }
    }
  }

  /// Writes tensors, kept ones by copying their parts' bytes.
  func write(_ items: [OutputPlan.Item], to output: OutputFile) throws {
    var byFile: [Int: [OutputPlan.Item]] = [:]
    for item in items { byFile[model.tensors[item.tensor].storage.file, default: []].append(item) }
    for (file, items) in byFile.sorted(by: { $0.key < $1.key }) {
      let source = model.source(ofFile: file)
      let kept = items.filter { decisions[$0.tensor].isKept }
      try copy(
        kept.flatMap { item in Array(zip(model.tensors[item.tensor].storage.regions, item.offsets)) },
        from: source,
        to: output
      )
      try encode(items.filter { !decisions[$0.tensor].isKept }, to: output)
      try source.rest()
    }
  }

  /// Copies byte ranges in pieces.
  func copy(
    _ ranges: [(region: Region, target: UInt64)],
    from source: any ByteSource,
    to output: OutputFile
  ) throws {
    let piece = UInt64(chunkBytes)
    var starts: [Int] = [0]
    for range in ranges {
      let count = range.region.byteCount / piece + (range.region.byteCount % piece == 0 ? 0 : 1)
      starts.append(starts[starts.count - 1] + Int(count))
    }
    let firsts = starts
    try pool.forEach(firsts[ranges.count]) {
      [UInt8](repeating: 0, count: chunkBytes)
    } _: { unit, buffer in
      var (low, high) = (0, ranges.count)
      while low + 1 < high {
        let middle = (low + high) / 2
        if firsts[middle] <= unit { low = middle } else { high = middle }
      }
      let (region, target) = ranges[low]
      let offset = UInt64(unit - firsts[low]) * piece
      let count = Int(min(piece, region.byteCount - offset))
      try source.read(count, at: region.offset + offset, into: &buffer, startingAt: 0)
      try output.write(buffer, 0..<count, at: target + offset)
      progress.advance(count)
    }
  }

  private func encode(_ items: [OutputPlan.Item], to output: OutputFile) throws {
    let readers = items.compactMap { decisions[$0.tensor].reader }
    precondition(readers.count == items.count, "tensors that change have a reader")
    let coders = items.map { item -> ChunkCoder? in
      let decision = decisions[item.tensor]
      guard decision.layout != .dense, let reader = decision.reader else { return nil }
      return ChunkCoder(
        layout: decision.form == nil ? decision.layout : .bitmask,
        elementType: reader.tensor.elementType,
        grid: reader.grid,
        columnWidth: IndexWidth.columns(reader.tensor.shape.columns) ?? .bits32,
        offsetWidth: .rowOffsets(nnz: decision.nnz)
      )
    }
    try pool.forEachChunk(of: readers) {
      State()
    } _: { place, index, state in
      let reader = readers[place]
      let chunk = reader.grid[index]
      let byteCount = try reader.read(index, &state.workspace)
      if let coder = coders[place], let form = decisions[items[place].tensor].form {
        try write(index, chunk, form, coder, items[place], &state, to: output)
      } else if let coder = coders[place] {
        try write(index, chunk, coder, items[place], &state, to: output)
      } else {
        try output.write(
          state.workspace.dense,
          0..<byteCount,
          at: items[place].offsets[0] + reader.grid.denseRange(of: chunk).offset
        )
      }
      progress.advance(byteCount)
    }
    let formed = items.filter { decisions[$0.tensor].form != nil }
    try pool.forEach(formed.count) {
    } _: { index, _ in
      try writeShape(formed[index], to: output)
    }
  }

  /// Encodes a chunk, decodes it again, compares, and writes its parts.
  private func write(
    _ index: Int,
    _ chunk: Chunk,
    _ coder: ChunkCoder,
    _ item: OutputPlan.Item,
    _ state: inout State,
    to output: OutputFile
  ) throws {
    let decision = decisions[item.tensor]
    let tensor = model.tensors[item.tensor]
    let (grid, before) = (coder.grid, decision.before[index])
    let expected = decision.before[index + 1] - before
    let file = model.source(of: tensor).displayName
    let count: Int
    do {
      count = try coder.encode(state.workspace.dense, chunk, before: before, into: &state.encoded)
    } catch is LayoutObstacle {
      throw LayoutFault(file: file, tensor: tensor.name, .changed)
    }
    guard UInt64(count) == expected else { throw LayoutFault(file: file, tensor: tensor.name, .changed) }
    guard
      coder.proves(
        state.encoded,
        chunk,
        count: count,
        before: before,
        equals: state.workspace.dense,
        scratch: &state.proof
      )
    else { throw EncodingFault(file: file, tensor: tensor.name, layout: coder.layout, row: chunk.firstRow) }

    let encoded = state.encoded
    let values = 0..<encoded.valueByteCount
    let structure = 0..<encoded.structureByteCount
    let width = grid.elementBytes
    switch coder.layout {
    case .dense: break
    case .bitmask:
      try output.write(encoded.structure, structure, at: item.offsets[0] + grid.maskRange(of: chunk).offset)
      try output.write(encoded.values, values, at: item.offsets[1] + before * UInt64(width))
    case .csr:
      let offsets = IndexWidth.rowOffsets(nnz: decision.nnz)
      let columnWidth = IndexWidth.columns(grid.columns) ?? .bits32
      try output.write(
        encoded.rowOffsets,
        0..<encoded.rowOffsetByteCount,
        at: item.offsets[0] + grid.rowOffsetRange(of: chunk, width: offsets).offset
      )
      if index == grid.count - 1 {
        let last = (0..<offsets.byteWidth).map { UInt8(truncatingIfNeeded: decision.nnz >> ($0 * 8)) }
        try output.write(
          last,
          0..<last.count,
          at: item.offsets[0] + grid.rows * UInt64(offsets.byteWidth)
        )
      }
      try output.write(
        encoded.structure,
        structure,
        at: item.offsets[1] + before * UInt64(columnWidth.byteWidth)
      )
      try output.write(encoded.values, values, at: item.offsets[2] + before * UInt64(width))
    case .nm(let pattern):
      try output.write(
        encoded.values,
        values,
        at: item.offsets[0] + grid.keptRange(of: chunk, pattern: pattern).offset
      )
      try output.write(
        encoded.structure,
        structure,
        at: item.offsets[1] + grid.indexRange(of: chunk, pattern: pattern).offset
      )
    }
  }
}

/// A chunk that did not decode to what it was encoded from: our own mistake, found before it was written.
public struct EncodingFault: Fault, Hashable {
  /// The file that was read.
  public let file: String
  /// The tensor.
  public let tensor: TensorName
  /// The layout.
  public let layout: Layout
  /// The first row of the chunk.
  public let row: UInt64

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    Diagnosis(
      .internalError,
      file: file,
      tensor: tensor,
      "a chunk at row \(row) did not survive encoding as \(layout); nothing was written"
    )
  }
}
