package import ModelIR

/// What a plan changes besides the tensors that it was asked for.
package enum SpliceNote: Sendable, Hashable {
  /// `ir_version` is raised, as a form or a type needs it.
  case raisedVersion(from: Int64, to: Int64)
  /// An import of ONNX's own operators is added, which no node used before.
  case addedOperatorSet(Int64)
  /// So many initializers are no inputs of the main graph any more: they had to be before IR 4, and from then on
  /// that would say that callers can set them.
  case removedInputs(Int, first: TensorName)

  /// What was done, and why.
  package var text: String {
    switch self {
    case .raisedVersion(let old, let new):
      "ir_version is raised from \(old) to \(new), which the new form needs"
    case .addedOperatorSet(let version):
      "version \(version) of ONNX's own operators is imported for the new form"
    case .removedInputs(let count, let first):
      "\(count) initializers (\(first.text) first) are no inputs of the graph any more: before IR version 4 they "
        + "had to be, from then on callers could set them"
    }
  }
}
