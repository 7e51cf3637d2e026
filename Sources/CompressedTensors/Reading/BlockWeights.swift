internal import ModelIR

/// Which tensors ggml's blocks are for.
enum BlockWeights {
  /// Matrices that llama.cpp never quantizes, by the ends of their names. (llama.cpp, `src/llama-quant.cpp`,
  /// October 2026: norms, routers, positions and token types, small convolutions.)
  private static let keptEndings = [
    "_norm.weight", ".norm.weight", "layernorm.weight", "ffn_gate_inp.weight", "ffn_gate_inp_shexp.weight",
    "position_embd.weight", "token_types.weight", "ssm_conv1d.weight", "shortconv.conv.weight",
    // The same by their names in Hugging Face's models.
    ".mlp.gate.weight", ".block_sparse_moe.gate.weight", ".router.weight", ".shared_expert_gate.weight",
    "wpe.weight", "position_embeddings.weight", "token_type_embeddings.weight", ".conv1d.weight", ".bias",
  ]

  /// Whether a tensor has rows of more than one element, more than one of them.
  static func isMatrix(_ tensor: Tensor) -> Bool { tensor.shape.rank >= 2 && tensor.shape.elementCount > 0 }

  /// Why a tensor of this name and shape has no blocks of `type`; nil if it has.
  static func obstacle(_ name: TensorName, _ shape: Shape, _ type: GGMLType) -> String? {
    if shape.rank < 2 { return "a vector" }
    if keptEndings.contains(where: { name.text.hasSuffix($0) }) { return "never quantized by llama.cpp" }
    if type.bytes(ofRow: shape.columns) == nil {
      return "rows of \(shape.columns) are no whole blocks of \(type.blockElements)"
    }
    return nil
  }
}
