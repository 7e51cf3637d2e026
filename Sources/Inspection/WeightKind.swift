public import ModelIR

/// What a tensor is for, as far as its name, type and shape tell.
public enum WeightKind: String, Sendable, Hashable {
  /// Consumed by a matrix product or a convolution.
  case matrix
  /// A table that rows are looked up in.
  case embedding
  /// The last matrix, from features to a vocabulary.
  case outputHead
  /// What scores a mixture's experts.
  case router
  /// A vector or scalar: bias, norm, scale.
  case vector
  /// What a weight needs beside it: a scale, a zero point, a mask.
  case auxiliary
  /// Integers or booleans: positions, masks, indices.
  case notWeight

  /// Whether elements of a type can be weights, or the codes of quantized ones.
  public static func isWeight(_ type: ElementType) -> Bool {
    switch type {
    case .bool, .int16, .uint16, .int32, .uint32, .int64, .uint64, .complex64, .complex128, .float8E8M0: false
    default: true
    }
  }

  /// Whether the elements of a tensor are parameters of its model: weights, or the codes of quantized ones.
  ///
  /// Where a graph tells, scales, zero points, and what shapes are made of are none; else the type tells.
  public static func isParameter(_ tensor: Tensor) -> Bool {
    switch tensor.uses?.role {
    case .scale?, .zeroPoint?, .shape?: false
    case .weight?, .bias?, .parameter?, .unknown?, .unused?, nil:
      // Codes may be seen as wider integers than weights are.
      tensor.views?.codes != nil || isWeight(tensor.elementType) && !isMask(tensor)
    }
  }

  /// Judges a tensor by the graph that uses it, where there is one that tells, and else by the names that checkpoints
  /// use.
  public init(_ tensor: Tensor) {
    if let uses = tensor.uses, let kind = WeightKind(uses, tensor) {
      self = kind
      return
    }
    let tensor = tensor.counted
    if !Self.isWeight(tensor.elementType) || Self.isMask(tensor) {
      self = .notWeight
    } else if Self.auxiliaryEndings.contains(where: { NameWords.ends(tensor.name, in: $0) }) {
      self = .auxiliary
    } else if tensor.shape.rank < 2 {
      self = .vector
    } else if Self.embeddingWords.contains(where: { NameWords.contains($0, in: tensor.name) }) {
      self = .embedding
    } else if Self.headWords.contains(where: { NameWords.contains($0, in: tensor.name) })
      || tensor.name.text == "output.weight"
    {
      self = .outputHead
    } else if Self.isRouter(tensor) {
      self = .router
    } else {
      self = .matrix
    }
  }

  /// What the operators that read a tensor tell; nil where they are not known.
  private init?(_ uses: TensorUses, _ tensor: Tensor) {
    switch uses.role {
    // A look-up in a list of integers.
    case .weight where !Self.isParameter(tensor): self = .notWeight
    case .weight where tensor.logicalShape.rank < 1: self = .vector
    // No axis is summed over where rows are only looked up.
    case .weight: self = tensor.reduction?.axes.isEmpty ?? false ? .embedding : .matrix
    case .bias: self = .vector
    case .scale, .zeroPoint: self = .auxiliary
    case .shape, .parameter: self = .notWeight
    case .unknown, .unused: return nil
    }
  }

  private static let routerEndings = [
    ".gate.weight", ".router.weight", ".router.classifier.weight", ".ffn_gate_inp.weight",
  ]
  .map { Array($0.utf8) }
  private static let maskEndings = [
    "attn.bias", "attn.masked_bias", "attention.bias", "attention.masked_bias",
  ]
  .map { Array($0.utf8) }

  /// The most experts of a router: larger matrices of such names are gates of features.
  private static let mostExperts: UInt64 = 1024

  /// Whether a matrix scores a mixture's experts by its name, and has few rows.
  static func isRouter(_ tensor: Tensor) -> Bool {
    let extents = tensor.logicalShape.extents
    return extents.count == 2 && extents[0] <= mostExperts && extents[0] < extents[1]
      && routerEndings.contains { NameWords.ends(tensor.name, in: $0) }
  }

  /// Whether it is the causal mask that old models keep as a buffer: `[1, 1, places, places]`. (transformers,
  /// `modeling_gpt2.py`, `modeling_gpt_neox.py`.)
  private static func isMask(_ tensor: Tensor) -> Bool {
    let extents = tensor.logicalShape.extents
    return extents.count == 4 && extents[0] == 1 && extents[1] == 1
      && maskEndings.contains { NameWords.ends(tensor.name, in: $0) }
  }

  private static let auxiliaryEndings = ["_scale", "_scale_inv", "_zero_point", "_mask", ".mask", ".scales"]
    .map { Array($0.utf8) }
  private static let embeddingWords = [
    "embed", "wte.", "wpe.", "token_embd", "position_embd", "token_types", "relative_attention_bias",
  ]
  .map { Array($0.utf8) }
  private static let headWords = ["lm_head", "embed_out"].map { Array($0.utf8) }

  /// Why such a tensor is left out where only matrix weights are checked.
  public var reasonToSkip: String? {
    switch self {
    case .matrix: nil
    case .embedding: "an embedding"
    case .outputHead: "an output head"
    case .router: "a router of experts"
    case .vector: "a vector"
    case .auxiliary: "a scale, a zero point or a mask"
    case .notWeight: "no weight by its type or use"
    }
  }
}

private let convolutionWord = Array("conv".utf8)

extension ReductionAxis {
  /// The axis that PyTorch's layers sum over: the last of `[out, in]`, and the input channels of a
  /// convolution, `[out, in, kernel...]`. Nil for vectors.
  ///
  /// A tensor of rank 3 counts as a convolution if its name says so or its last extent is a kernel's, since
  /// stacks of matrices (`[experts, out, in]`) have rank 3 too.
  public static func byConvention(_ tensor: Tensor) -> ReductionAxis? {
    if let known = tensor.reduction { return known }
    let rank = tensor.logicalShape.rank
    guard rank >= 2 else { return nil }
    return ReductionAxis(axes: [isConvolution(tensor) ? 1 : rank - 1], evidence: .convention)
  }

  /// Whether a weight is a convolution's by its shape and name.
  static func isConvolution(_ tensor: Tensor) -> Bool {
    let extents = tensor.logicalShape.extents
    switch extents.count {
    case ...2: return false
    case 3: return extents[2] <= 16 || NameWords.contains(convolutionWord, in: tensor.name)
    default: return extents[2...].allSatisfy { $0 <= 64 }
    }
  }
}
