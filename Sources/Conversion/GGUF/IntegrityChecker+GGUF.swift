internal import GGUF
internal import Inspection
internal import ModelIR
internal import Quantizing
internal import SparseCoding
internal import Synchronization

/// What is checked of GGUF models, and of ggml's blocks wherever they are.
extension IntegrityChecker {
  /// What opening a split model has checked.
  func shards(of model: SplitModel) -> IntegrityReport.Check {
    IntegrityReport.Check(
      name: "shards",
      outcome: .passed,
      summary: "\(model.shards.count) shards in their places, each tensor in one of them"
    )
  }

  /// Looks at the scales of all blocks; nil if there are none.
  func blocks(of model: Model) throws -> IntegrityReport.Check? {
    let tensors = model.tensors.filter { $0.blockType != nil && $0.layout == .dense }
    if tensors.isEmpty { return nil }
    var findings: [Diagnosis] = []
    for tensor in tensors { progress.expect(tensor.denseByteCount) }
    for tensor in tensors {
      progress.begin(tensor.name.text)
      if let finding = try invalidBlock(of: tensor, in: model.source(of: tensor)) { findings.append(finding) }
    }
    for file in model.files { try file.source.rest() }
    return IntegrityReport.Check(
      name: "blocks",
      outcome: findings.isEmpty ? .passed : .failed,
      summary: findings.isEmpty
        ? "the blocks of \(tensors.count) quantized \(tensors.count == 1 ? "tensor" : "tensors") have finite scales"
        : "\(findings.count) quantized \(findings.count == 1 ? "tensor" : "tensors") with a scale that is no number",
      findings: findings
    )
  }

  /// The first block of a tensor whose scale is no number.
  private func invalidBlock(of tensor: Tensor, in source: any ByteSource) throws -> Diagnosis? {
    guard let type = tensor.blockType, let decoder = BlockDecoder(type),
      case .dense(let region) = tensor.storage
    else { return nil }
    let size = UInt64(type.blockBytes)
    let blockCount = region.byteCount / size
    let blocksAtATime = max(1, UInt64(chunkBytes) / size)
    let pieces = blockCount / blocksAtATime + (blockCount % blocksAtATime == 0 ? 0 : 1)
    let found = Mutex<UInt64?>(nil)
    try pool.forEach(Int(pieces)) {
      [UInt8](repeating: 0, count: Int(blocksAtATime * size))
    } _: { piece, buffer in
      let first = UInt64(piece) * blocksAtATime
      let count = min(blocksAtATime, blockCount - first)
      try source.read(Int(count * size), at: region.offset + first * size, into: &buffer, startingAt: 0)
      if let place = decoder.firstInvalidBlock(buffer, from: 0, blockCount: Int(count)) {
        let block = first + UInt64(place)
        found.withLock { $0 = min($0 ?? .max, block) }
      }
      progress.advance(Int(count * size))
    }
    guard let block = found.withLock({ $0 }) else { return nil }
    return Diagnosis(
      .badData,
      file: source.displayName,
      tensor: tensor.name,
      "block \(block) of \(type.name) has a scale that is infinite or NaN",
      offset: region.offset + block * size
    )
  }
}
