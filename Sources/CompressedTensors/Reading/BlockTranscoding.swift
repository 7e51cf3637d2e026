public import ModelIR
internal import Quantizing

/// What became of quantized weights that were to change their form and keep their codes and scales.
public struct Transcoded: Sendable {
  /// A weight that keeps its form.
  public struct Refusal: Sendable, Hashable {
    /// The tensor.
    public let name: TensorName
    /// Its scheme.
    public let scheme: String
    /// Why the other form cannot say what it is.
    public let reason: String
    /// Whether the numbers that it stands for can be read, so that another type could hold them.
    public var isReadable = true
  }

  /// What was changed.
  public var changes: [TypeChange] = []
  /// What was not.
  public var refusals: [Refusal] = []
}

/// Quantized weights from one form to another without quantizing again: every code and every scale stays the number
/// that it is.
///
/// Q8_0 is int8 in groups of 32 with half-precision scales, Q4_0 and Q5_0 are symmetric 4- and 5-bit integers, MXFP4
/// and NVFP4 are the formats of these names. Larger groups repeat their scale. What DequantizeLinear of ONNX reads, and
/// its MatMulNBits, are such weights too.
public enum BlockTranscoding {
  /// Makes ggml's blocks of the quantized weights of `model`, as far as that is exact. Parts that blocks hold are
  /// taken out.
  ///
  /// - Parameters:
  ///   - type: the only type that is made; nil for any. Where it is NVFP4, a global scale may be stored as its rounded
  ///     reciprocal, as llama.cpp does.
  ///   - others: tensors that are no part of the model and may be looked up: those that a selection left out.
  /// - Throws: ``PartFault`` for parts that are missing or contradict each other, or what reading throws.
  public static func toBlocks(
    _ model: inout Model,
    only type: GGMLType? = nil,
    lookingUp others: [Tensor]
  ) throws -> Transcoded {
    forgetTraining(&model)
    guard model.tensors.contains(where: { isWeight($0) }) else { return Transcoded() }
    var run = BlockMaking(model, others, only: type)
    try run.run()
    run.finish(&model)
    return run.result
  }

  /// Makes weights of compressed-tensors of ggml's blocks, as far as that is exact.
  /// - Throws: ``PartFault``, or what reading throws.
  public static func fromBlocks(_ model: inout Model) throws -> Transcoded {
    var run = BlockSplitting(model)
    try run.run()
    run.finish(&model)
    return run.result
  }

  /// Whether a tensor holds codes of a scheme of compressed-tensors, or of a graph.
  static func isWeight(_ tensor: Tensor) -> Bool {
    guard let quantization = tensor.quantization else { return false }
    if quantization.packing == Quantization.blockPacking { return false }
    return tensor.isGraphWeight || CompressionFormat(rawValue: quantization.scheme) != nil
  }

  /// Takes from floats what a graph says of how they are quantized on the way: they are floats as they are stored.
  static func forgetTraining(_ model: inout Model) {
    for index in model.tensors.indices {
      guard let quantization = model.tensors[index].quantization,
        quantization.packing == nil && !isWeight(model.tensors[index])
      else { continue }
      model.tensors[index].quantization = nil
    }
  }

  /// What ends the name of a module's weight.
  static let ending = ".weight"
}
