/// What the graphs of a model say of its stored tensors: who uses each, along which axis products sum, and how codes
/// become reals.
///
/// Names are resolved lexically; tensors are followed through operators that hand them on, through branches,
/// loops, and calls of model-local functions. Time and memory are linear in the size of the graphs: what
/// multiplies beyond that is cut off and says so (``WeightKnowledge/isComplete``).
package struct GraphKnowledge: Sendable {
  /// The most elements of a tensor that ``SmallIntegers`` is asked for.
  package static let mostSmallIntegers: UInt64 = 4096

  /// What is known of each stored tensor, in the order of ``ONNXModel/tensors``.
  package private(set) var tensors: [WeightKnowledge]

  /// Reads the graphs of a model.
  ///
  /// - Parameters:
  ///   - smallIntegers: the values of small integer tensors, such as the target of a `Reshape`.
  ///   - expansions: tensors that nodes put together: what is known of each stands at its values' number.
  /// - Complexity: linear in the nodes, their inputs and outputs, and the tensors.
  package init(
    model: ONNXModel,
    smallIntegers: some SmallIntegers,
    expansions: [BitmaskExpansion] = []
  ) {
    let lookups = GraphLookups(model, smallIntegers)
    var walk = WeightWalk(lookups)
    tensors = model.tensors.indices.map { walk.knowledge(of: $0) }
    for expansion in expansions { tensors[expansion.values] = walk.knowledge(of: expansion) }
    markParameters()
  }

  /// What is known of a stored tensor, by its number in ``ONNXModel/tensors``.
  package subscript(tensor: Int) -> WeightKnowledge { tensors[tensor] }

  /// Everything that does not fit, in the order of the tensors.
  package var findings: [KnowledgeFinding] { tensors.flatMap(\.findings) }

  /// A scale that an operator does not read itself, but a `Mul` behind it or an annotation, is still one.
  private mutating func markParameters() {
    for weight in tensors.indices {
      for statement in tensors[weight].quantizations {
        for parameter in [statement.scale, statement.globalScale] { mark(parameter, as: .scale) }
        mark(statement.zeroPoint, as: .zeroPoint)
      }
    }
  }

  private mutating func mark(_ parameter: WeightQuantization.Parameter, as role: TensorRole) {
    guard case .tensor(let number) = parameter, tensors.indices.contains(number) else { return }
    switch tensors[number].role {
    case .parameter, .unused, .unknown, .shape: tensors[number].role = role
    case .weight, .bias, .scale, .zeroPoint: break
    }
  }
}
