internal import CompressedTensors
internal import ModelIR
internal import Quantizing
internal import SparseCoding

/// Finds out, before anything is written, how many zeros of sparse weights new types would turn into other numbers.
///
/// Weights that become blocks of a type without a zero are read once to count their zeros, and sparse ones once more to
/// encode them. Memory: per thread one piece of blocks and the numbers that they are made from.
struct ZeroLoss {
  let pool: ChunkPool
  let chunkBytes: Int
  let progress: WorkProgress

  /// A weight with a smaller share of zeros is none that was pruned.
  private static let leastShare = 0.05

  /// A warning for each type that loses zeros.
  /// - Throws: what reading throws.
  func measure(_ changes: [TypeChange], of model: Model) throws -> [Diagnosis] {
    var losses: [GGMLType: (tensors: Int, zeros: UInt64, lost: UInt64)] = [:]
    let tensors = Dictionary(model.tensors.map { ($0.name, $0) }) { first, _ in first }
    for change in changes {
      guard let tally = change.encoding, let tensor = tensors[change.name], let type = tensor.blockType,
        !type.holdsZero
      else { continue }
      try read(tensor, of: model, tally, .zeros)
      let zeros = tally.sums
      if Double(zeros.zeros) < Double(zeros.count) * Self.leastShare { continue }
      try read(tensor, of: model, tally, .losses)
      let sums = tally.sums
      if sums.lostZeros == 0 { continue }
      losses[type, default: (0, 0, 0)].tensors += 1
      losses[type, default: (0, 0, 0)].zeros &+= sums.zeros
      losses[type, default: (0, 0, 0)].lost &+= sums.lostZeros
    }
    return losses.sorted { $0.key.rawValue < $1.key.rawValue }.map { type, loss in
      Diagnosis(
        .badData,
        "\(loss.lost) of \(loss.zeros) zeros in \(loss.tensors) sparse "
          + "\(loss.tensors == 1 ? "tensor" : "tensors") become other numbers: \(type.name) cannot store a zero",
        expected: "\(type.keepingZeros.map { "--type \($0.name.lowercased()) keeps them; " } ?? "")"
          + "--allow-zero-loss says that they may go"
      )
    }
  }

  private func read(_ tensor: Tensor, of model: Model, _ tally: EncodingTally, _ mode: EncodingTally.Mode)
    throws
  {
    guard case .dense(let region) = tensor.storage else { return }
    let source = model.source(of: tensor)
    let piece = UInt64(chunkBytes)
    progress.expect(region.byteCount)
    tally.start(mode)
    defer { tally.start(.off) }
    try pool.forEach(Int(region.byteCount / piece + (region.byteCount % piece == 0 ? 0 : 1))) {
      [UInt8](repeating: 0, count: chunkBytes)
    } _: { unit, buffer in
      let offset = UInt64(unit) * piece
      let count = Int(min(piece, region.byteCount - offset))
      try source.read(count, at: region.offset + offset, into: &buffer, startingAt: 0)
      progress.advance(count)
    }
    try source.rest()
  }
}

extension GGMLType {
  /// The type of about the same size that keeps zeros, for those that do not.
  var keepingZeros: GGMLType? {
    switch self {
    case .q4_1, .q4_K, .q2_K: .q4_0
    case .q5_1, .q5_K: .q5_0
    case .q1_0: .q2_0
    default: nil
    }
  }
}
