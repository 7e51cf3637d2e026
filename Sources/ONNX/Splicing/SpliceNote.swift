package import ModelIR

/// What a plan changes besides the tensors that it was asked for.
package enum SpliceNote: Sendable, Hashable {
  /// `ir_version` is raised, as a form or a type needs it.
  case raisedVersion(from: Int64, to: Int64)
  /// So many initializers stay inputs of the main graph, which from IR 4 on means that callers can set them.
  case inputsWithDefaults(Int)
  /// An import of ONNX's own operators is added, which no node used before.
  case addedOperatorSet(Int64)
  /// An initializer that had to be an input, too, before IR 4 is none any more.
  case removedInput(TensorName)

  /// What was done, and why.
  package var text: String {
    switch self {
    case .raisedVersion(let old, let new): "ir_version is raised from \(old) to \(new), which the new form needs"
    case .inputsWithDefaults(let count):
      "\(count) initializers are inputs of the graph too: from IR version 4 on callers can set them, and runtimes "
        + "do not take them for constants"
    case .addedOperatorSet(let version): "version \(version) of ONNX's own operators is imported for the new form"
    case .removedInput(let name):
      "\(name.text) is no input of the graph any more; it was one because versions before 4 asked that of initializers"
    }
  }
}
