public import ModelIR

/// What a tensor is for, as far as its name, type and shape tell.
public enum WeightKind: String, Sendable, Hashable {
  /// Consumed by a matrix product or a convolution.
  case matrix
  /// A table that rows are looked up in.
  case embedding
  /// The last matrix, from features to a vocabulary.
  case outputHead
  /// A vector or scalar: bias, norm, scale.
  case vector
  /// Integers or booleans: positions, masks, indices.
  case notWeight

  /// Judges a tensor by the names that checkpoints use.
  public init(_ tensor: Tensor) {
    switch tensor.elementType {
    case .bool, .int16, .uint16, .int32, .uint32, .int64, .uint64, .complex64, .float8E8M0:
      self = .notWeight
      return
    default: break
    }
    if tensor.shape.rank < 2 {
      self = .vector
      return
    }
    let words = tensor.name.text.lowercased().split { !$0.isLetter && !$0.isNumber && $0 != "_" }
    if words.contains(where: { $0.contains("embed") || $0 == "wte" || $0 == "wpe" || $0 == "token_embd" || $0 == "relative_attention_bias" }) {
      self = .embedding
    } else if words.contains(where: { $0 == "lm_head" || $0 == "embed_out" })
      || words.starts(with: ["output", "weight"])
    {
      self = .outputHead
    } else {
      self = .matrix
    }
  }

  /// Why such a tensor is left out where only matrix weights are checked.
  public var reasonToSkip: String? {
    switch self {
    case .matrix: nil
    case .embedding: "an embedding"
    case .outputHead: "an output head"
    case .vector: "a vector"
    case .notWeight: "no weight by its type"
    }
  }
}

extension ReductionAxis {
  /// The axis that PyTorch's layers sum over: the last of `[out, in]`, and the input channels of a
  /// convolution, `[out, in, kernel...]`. Nil for vectors.
  ///
  /// A tensor of rank 3 counts as a convolution if its name says so or its last extent is a kernel's, since
  /// stacks of matrices (`[experts, out, in]`) have rank 3 too.
  public static func byConvention(_ tensor: Tensor) -> ReductionAxis? {
    if let known = tensor.reduction { return known }
    let extents = tensor.shape.extents
    guard extents.count >= 2 else { return nil }
    let isConvolution: Bool
    switch extents.count {
    case 2: isConvolution = false
    case 3: isConvolution = extents[2] <= 16 || tensor.name.text.lowercased().contains("conv")
    default: isConvolution = extents[2...].allSatisfy { $0 <= 64 }
    }
    return ReductionAxis(axes: [isConvolution ? 1 : extents.count - 1], evidence: .convention)
  }
}
