internal import CompressedTensors
internal import ModelIR

extension OpenedModel {
  /// Replaces quantized weights and floats of other types by the F32 numbers that they stand for, which are computed
  /// while they are read; integers and 64-bit floats stay. Memory: what a reader's chunk needs.
  /// - Throws: `PartFault` for a weight that cannot be dequantized, and `ExpansionFault` for a tensor that claims to be
  ///   far larger than it is stored.
  public mutating func makeNumbers() throws {
    _ = try Dequantization.apply(to: &model, .plain(.float32), lookingUp: allTensors)
  }
}
