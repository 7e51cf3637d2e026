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

  /// What encodes indices, and compares them.
  private static let kernels = IndexKernels(rawValue: KernelSet.current.rawValue) ?? .scalar

  /// Where the payloads of a change start.
  private struct Places {
    var values: (output: OutputFile, offset: UInt64)?
    var indices: UInt64 = 0
    var mask: UInt64 = 0
  }

  /// A tensor that is encoded or decoded.
  private struct Job {
    let change: ONNXChange
    let reader: DenseReader
    let places: Places
    let values: (output: OutputFile, offset: UInt64)
    /// What makes it sparse; nil where it becomes dense.
    let encoding: Encoding?
  }

  private struct Encoding {
    let coder: ChunkCoder
    let indices: IndexEncoder
    let space: IndexSpace
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
    var jobs: [Int: [Job]] = [:]
    for (number, change) in changes.enumerated() {
      var place = places[number]
      if let external = change.external {
        // Elements that another program's file holds already have no place of ours.
        guard let data else { continue }
        place.values = (data, external.offset)
      }
      guard let values = place.values else { continue }
      if change.form == .dense, case .dense(let region) = change.tensor.storage {
        progress.begin(change.tensor.name.text)
        try copier.copy([(region, values.offset)], from: change.source, to: values.output)
        try change.source.rest()
      } else if let job = job(change, place, values) {
        jobs[change.tensor.storage.file, default: []].append(job)
      }
    }
    for (_, jobs) in jobs.sorted(by: { $0.key < $1.key }) { try write(jobs, to: output) }
  }

  private func job(
    _ change: ONNXChange,
    _ places: Places,
    _ values: (output: OutputFile, offset: UInt64)
  ) -> Job? {
    guard let reader = change.reader else { return nil }
    var encoding: Encoding?
    if change.form != .dense {
      guard let space = change.space,
        let indices = IndexEncoder(.linearVarints, space, kernels: Self.kernels),
        let coder = ChunkCoder(layout: .bitmask, elementType: change.tensor.elementType, grid: reader.grid)
      else { return nil }
      encoding = Encoding(coder: coder, indices: indices, space: space)
    }
    return Job(change: change, reader: reader, places: places, values: values, encoding: encoding)
  }

  /// Writes tensors of one file as one queue of chunks, so that small ones keep all threads busy too.
  private func write(_ jobs: [Job], to output: OutputFile) throws {
    if let first = jobs.first { progress.begin(first.change.source.displayName) }
    try pool.forEachChunk(of: jobs.map(\.reader)) {
      State()
    } _: { place, index, state in
      let job = jobs[place]
      let count = try job.reader.read(index, &state.workspace)
      if let encoding = job.encoding {
        try write(index, job, encoding, &state, to: output)
      } else {
        let offset = job.reader.grid.denseRange(of: job.reader.grid[index]).offset
        try job.values.output.write(state.workspace.dense, 0..<count, at: job.values.offset + offset)
      }
      progress.advance(count)
    }
    for job in jobs { try job.change.source.rest() }
  }

  /// Encodes a chunk of a tensor that becomes sparse, decodes it again, compares, and writes its parts.
  private func write(
    _ index: Int,
    _ job: Job,
    _ encoding: Encoding,
    _ state: inout State,
    to output: OutputFile
  ) throws {
    let (change, grid) = (job.change, job.reader.grid)
    let chunk = grid[index]
    let piece = MaskPiece(chunk)
    let (before, after) = (change.before[index], change.before[index + 1])
    let count = try encoding.coder.encode(
      state.workspace.dense,
      chunk,
      before: before.nnz,
      into: &state.encoded
    )
    guard UInt64(count) == after.nnz - before.nnz else {
      throw LayoutFault(file: change.source.displayName, tensor: change.tensor.name, .changed)
    }
    var isProved = encoding.coder.proves(
      state.encoded,
      chunk,
      count: count,
      before: before.nnz,
      equals: state.workspace.dense,
      scratch: &state.proof
    )
    try output.write(
      state.encoded.values,
      0..<state.encoded.valueByteCount,
      at: job.values.offset + before.nnz * UInt64(grid.elementBytes)
    )
    if change.form == .bitmask {
      let first = chunk.firstRow * grid.columns + chunk.firstColumn
      try output.write(
        state.encoded.structure,
        0..<state.encoded.structureByteCount,
        at: job.places.mask + first / 8
      )
    } else {
      let bytes = encoding.indices.encode(state.encoded.structure, piece, into: &state.indices)
      isProved =
        isProved && UInt64(bytes) == after.linearBytes - before.linearBytes
        && IndexProof.matches(
          state.indices,
          count: bytes,
          state.encoded.structure,
          piece,
          encoding.space,
          kernels: Self.kernels
        )
      try output.write(state.indices, 0..<bytes, at: job.places.indices + before.linearBytes)
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
