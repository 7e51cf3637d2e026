public import ModelIR

extension ReductionAxis {
  /// Layers that store their weight `[in, out]`, by `model_type`: transformers' `Conv1D` (`pytorch_utils.py`), which
  /// these models use in place of `Linear` (`modeling_gpt2.py`, `modeling_openai.py`, `modeling_imagegpt.py`,
  /// `modeling_decision_transformer.py`). Other models have layers of these names that are `Linear`: GPT-BigCode.
  private static let transposedLayers: [String: [String]] = {
    let layers = ["c_attn", "q_attn", "c_proj", "c_fc"]
    return ["gpt2": layers, "openai-gpt": layers, "imagegpt": layers, "decision_transformer": layers]
  }()

  /// Whether some layers of an architecture store their weight `[in, out]`.
  public static func hasTransposedLayers(architecture: String) -> Bool {
    transposedLayers[architecture] != nil
  }

  /// The axis that an architecture's layer sums over where it is not the usual one; nil elsewhere.
  /// - Parameter architecture: `model_type` of a config.json.
  public static func byArchitecture(_ architecture: String, _ tensor: Tensor) -> ReductionAxis? {
    guard let layers = transposedLayers[architecture], tensor.logicalShape.rank == 2 else { return nil }
    let parts = tensor.name.text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count >= 2, parts.last == "weight", layers.contains(String(parts[parts.count - 2])) else {
      return nil
    }
    return ReductionAxis(axes: [0], evidence: .convention)
  }
}
