/// Why a tensor cannot be stored in some way where it stands.
package enum SpliceObstacle: Sendable, Hashable {
  /// No tensor of this type and shape can.
  case form(ONNXForm.Obstacle)
  /// It is an attribute of an operator that takes it as it is.
  case attribute
  /// It is a sparse tensor, and an attribute of an operator that asks for one.
  case sparseAttribute
  /// Its attribute is set by those who call the function.
  case reference
  /// A function holds no initializers.
  case noInitializers
  /// No node could read it: it has no name.
  case unnamed
  /// Another tensor of its graph has the name too, and no two initializers may.
  case sharedName
  /// Its name is no UTF-8.
  case nameNotUTF8
  /// It is an input of the graph too, so callers can set it.
  case input
  /// Its type or shape would be another, and an input of the graph says which it has.
  case declaredInput
  /// It is an output of the graph, which a runtime may then return sparse.
  case output
  /// Training sets it by its name.
  case trained
  /// onnx's tools do not look for other files there.
  case unsupportedPlace
  /// The operators are those of an earlier version, and to raise it would change what they do.
  case operatorSet(found: Int64?, needed: Int64)

  /// The reason in words.
  package var reason: String {
    switch self {
    case .form(let obstacle): obstacle.reason
    case .attribute: "it is an attribute of an operator that takes dense tensors"
    case .sparseAttribute: "it is an attribute of an operator that takes sparse tensors"
    case .reference: "its attribute is set by those who call the function"
    case .noInitializers: "a function has no initializers"
    case .unnamed: "it has no name that nodes could read"
    case .sharedName: "another tensor of the graph has its name"
    case .nameNotUTF8: "its name is no UTF-8"
    case .input: "it is an input of the graph too, so that callers can set it"
    case .declaredInput: "it is an input of the graph too, of another type or shape"
    case .output: "it is an output of the graph"
    case .trained: "training sets it by its name"
    case .unsupportedPlace: "elements of such a tensor are not looked for in other files"
    case .operatorSet(let found, let needed):
      "it needs version \(needed) of ONNX's own operators, the model imports "
        + (found.map { "version \($0)" } ?? "none of them") + ", and to raise it would change what they do"
    }
  }
}
