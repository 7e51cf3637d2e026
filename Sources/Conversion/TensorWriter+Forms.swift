internal import ByteIO
internal import CompressedTensors
internal import ModelIR
internal import SparseCoding
internal import Synchronization

/// What lossy forms left out, by tensor, from several threads.
final class DroppedTally: Sendable {
  private let sums = Mutex<[Int: DroppedValues]>([:])

  /// Adds what a chunk of a tensor lost.
  func add(_ dropped: DroppedValues, tensor: Int) {
    if dropped.isEmpty { return }
    sums.withLock { $0[tensor, default: DroppedValues()].add(dropped) }
  }

  /// What a tensor lost.
  func dropped(by tensor: Int) -> DroppedValues { sums.withLock { $0[tensor] ?? DroppedValues() } }
}

/// The forms of compressed-tensors.
extension TensorWriter {
  /// Makes mask and values of a chunk, decodes them again, compares, and writes them.
  func write(
    _ index: Int,
    _ chunk: Chunk,
    _ form: SparseForm,
    _ coder: ChunkCoder,
    _ item: OutputPlan.Item,
    _ state: inout State,
    to output: OutputFile
  ) throws {
    let decision = decisions[item.tensor]
    let tensor = model.tensors[item.tensor]
    let file = model.source(of: tensor).displayName
    let (grid, width) = (coder.grid, UInt64(coder.grid.elementBytes))
    var before = decision.before[index]
    var lost = DroppedValues()
    do {
      switch form.kind {
      case .bitmask:
        if form.rules == .reference {
          lost.negativeZeros = NegativeZeros.clear(
            &state.workspace.dense,
            count: chunk.elementCount,
            tensor.elementType
          )
        }
        let count = try coder.encode(state.workspace.dense, chunk, before: before, into: &state.encoded)
        guard UInt64(count) == decision.before[index + 1] - before else {
          throw LayoutFault(file: file, tensor: tensor.name, .changed)
        }
      case .twoOfFour:
        let maker = TwoOfFourChunk(coder, tensor.elementType, rules: form.rules)
        lost = try maker.encode(&state.workspace.dense, chunk, into: &state.encoded)
        before = grid.firstElement(of: chunk) / 2
      }
    } catch is LayoutObstacle {
      throw LayoutFault(file: file, tensor: tensor.name, .changed)
    }
    let encoded = state.encoded
    guard
      coder.proves(
        encoded,
        chunk,
        count: encoded.valueByteCount / Int(width),
        before: before,
        equals: state.workspace.dense,
        scratch: &state.proof
      )
    else {
      throw EncodingFault(file: file, tensor: tensor.name, layout: decision.layout, row: chunk.firstRow)
    }
    dropped.add(lost, tensor: item.tensor)
    try output.write(
      encoded.structure,
      0..<encoded.structureByteCount,
      at: item.offsets[SparseForm.Role.mask.rawValue] + grid.maskRange(of: chunk).offset
    )
    try output.write(
      encoded.values,
      0..<encoded.valueByteCount,
      at: item.offsets[SparseForm.Role.values.rawValue] + before * width
    )
  }

  /// Writes what a form has besides mask and values.
  func writeShape(_ item: OutputPlan.Item, to output: OutputFile) throws {
    let tensor = model.tensors[item.tensor]
    let shape = SparseForm.shapeBytes(tensor.shape)
    try output.write(shape, 0..<shape.count, at: item.offsets[SparseForm.Role.shape.rawValue])
    guard decisions[item.tensor].form?.kind == .bitmask, tensor.shape.elementCount > 0 else { return }
    let start = item.offsets[SparseForm.Role.rowOffsets.rawValue]
    try RowOffsets(tensor.shape).write(
      mask: output.readBack(),
      at: item.offsets[SparseForm.Role.mask.rawValue]
    ) { bytes, offset in
      try output.write(bytes, 0..<bytes.count, at: start + offset)
    }
  }
}
