internal import ByteIO
internal import ModelIR
internal import ONNX
internal import SparseCoding
internal import Synchronization

/// Writes a model file that was planned: the second of a conversion's two passes.
///
/// Runs of the old file are copied in pieces; elements are read, encoded, proved and written chunk by chunk, from
/// several threads, to places that the first pass settled. Memory: per thread one dense chunk, its parts, and the chunk
/// decoded from them as proof.
struct ONNXWriter {
  let graph: any ByteSource
  let changes: [ONNXChange]
  let copier: TensorWriter
  let pool: ChunkPool
  let progress: WorkProgress

  /// Where the payloads of a change start.
  private struct Places {
    var values: (output: OutputFile, offset: UInt64)?
    var indices: UInt64 = 0
    var mask: UInt64 = 0
  }

  private struct State {
    var workspace = DenseReader.Workspace()
    var encoded = EncodedChunk()
    var proof: [UInt8] = []
    var indices: [UInt8] = []
  }

  /// Writes the pieces of a plan to `output`, and elements that lie outside to `data`.
  func write(_ plan: SplicePlan, to output: OutputFile, external data: OutputFile?) throws {
    var places = [Places](repeating: Places(), count: changes.count)
    var copies: [(region: Region, target: UInt64)] = []
    var offset: UInt64 = 0
    for piece in plan.pieces {
      switch piece {
      case .copied(let range):
        let count = range.upperBound - range.lowerBound
        copies.append((Region(file: 0, offset: range.lowerBound, byteCount: count), offset))
        offset += count
      case .bytes(let bytes):
        try output.write(bytes, 0..<bytes.count, at: offset)
        offset += UInt64(bytes.count)
      case .payload(let change, let payload, let byteCount):
        switch payload {
        case .values: places[change].values = (output, offset)
        case .indices: places[change].indices = offset
        case .mask: places[change].mask = offset
        }
        offset += byteCount
      }
    }
    try copier.copy(copies, from: graph, to: output)
    try graph.rest()
    for (number, change) in changes.enumerated() {
      var place = places[number]
      if let external = change.external {
        // Elements that another program's file holds already have no place of ours.
        guard let data else { continue }
        place.values = (data, external.offset)
      }
      progress.begin(change.tensor.name.text)
      try write(change, place, to: output)
      try change.source.rest()
    }
  }

  private func write(_ change: ONNXChange, _ places: Places, to output: OutputFile) throws {
    guard let values = places.values else { return }
    if change.form != .dense { return try encode(change, places, values.offset, to: output) }
    if case .dense(let region) = change.tensor.storage {
      return try copier.copy([(region, values.offset)], from: change.source, to: values.output)
    }
    guard let reader = change.reader else { return }
    try pool.forEach(reader.grid.count) {
      DenseReader.Workspace()
    } _: { index, workspace in
      let count = try reader.read(index, &workspace)
      let offset = values.offset + reader.grid.denseRange(of: reader.grid[index]).offset
      try values.output.write(workspace.dense, 0..<count, at: offset)
      progress.advance(count)
    }
  }

  /// Encodes the chunks of a tensor that becomes sparse.
  private func encode(_ change: ONNXChange, _ places: Places, _ values: UInt64, to output: OutputFile) throws {
    guard let reader = change.reader, let space = change.space, let indices = IndexEncoder(.linearVarints, space),
      let coder = ChunkCoder(layout: .bitmask, elementType: change.tensor.elementType, grid: reader.grid)
    else { return }
    let width = UInt64(reader.grid.elementBytes)
    try pool.forEach(reader.grid.count) {
      State()
    } _: { index, state in
      let chunk = reader.grid[index]
      let piece = MaskPiece(chunk)
      let (before, after) = (change.before[index], change.before[index + 1])
      progress.advance(try reader.read(index, &state.workspace))
      let count = try coder.encode(state.workspace.dense, chunk, before: before.nnz, into: &state.encoded)
      guard UInt64(count) == after.nnz - before.nnz else {
        throw LayoutFault(file: change.source.displayName, tensor: change.tensor.name, .changed)
      }
      var isProved = coder.proves(
        state.encoded,
        chunk,
        count: count,
        before: before.nnz,
        equals: state.workspace.dense,
        scratch: &state.proof
      )
      try output.write(state.encoded.values, 0..<state.encoded.valueByteCount, at: values + before.nnz * width)
      if change.form == .bitmask {
        let first = chunk.firstRow * reader.grid.columns + chunk.firstColumn
        try output.write(
          state.encoded.structure,
          0..<state.encoded.structureByteCount,
          at: places.mask + first / 8
        )
      } else {
        let bytes = indices.encode(state.encoded.structure, piece, into: &state.indices)
        isProved =
          isProved && UInt64(bytes) == after.linearBytes - before.linearBytes
          && IndexProof.matches(state.indices, count: bytes, state.encoded.structure, piece, space)
        try output.write(state.indices, 0..<bytes, at: places.indices + before.linearBytes)
      }
      guard isProved else {
        throw EncodingFault(
          file: change.source.displayName,
          tensor: change.tensor.name,
          layout: .csr,
          row: chunk.firstRow
        )
      }
    }
  }
}
