/// A graph of a model, or what stands like one: the body of a control-flow node, of a function, a training graph.
///
/// Names are resolved lexically: a graph's own first, then those of the graph that encloses it.
package struct ONNXGraph: Sendable {
  /// What the graph is.
  package enum Role: Sendable, Hashable {
    /// The model's own.
    case main
    /// A graph attribute of a node of another graph: the node's index there, and the attribute's name.
    case body(node: Int, attribute: String)
    /// A model-local function. Its callers' inputs are its inputs; nothing outside is visible.
    case function(domain: String, name: String, overload: String)
    /// A graph that is the default of a function's own attribute, of this name; its parent is the function.
    case functionAttribute(String)
    /// The initialization of a training info.
    case trainingInitialization
    /// The algorithm of a training info. The main graph's names are visible.
    case trainingAlgorithm
  }

  /// What the graph is.
  package var role: Role
  /// The graph whose names are visible too, as an index into ``ONNXModel/graphs``; nil where there is none.
  package var parent: Int?
  /// The graph's name, or the function's.
  package var name: String
  /// Its nodes in file order.
  package var nodes: [ONNXNode] = []
  /// The names of its inputs.
  package var inputs: [String] = []
  /// The names of its outputs.
  package var outputs: [String] = []
  /// The stored tensors that it defines, as indices into ``ONNXModel/tensors``: initializers, sparse initializers.
  package var initializers: [Int] = []
  /// What `quantization_annotation` says: tensor name, then the names of its parameters by their keys
  /// (`SCALE_TENSOR`, `ZERO_POINT_TENSOR`).
  package var annotations: [(tensor: String, parameters: [(key: String, value: String)])] = []
}

/// A node of a graph.
package struct ONNXNode: Sendable {
  /// The operator's domain; empty is ONNX's own (`ai.onnx` is read as empty).
  package var domain: String
  /// The operator: `MatMul`.
  package var operation: String
  /// The node's own name, possibly empty.
  package var name: String
  /// The names it reads; an empty one is an optional input that is left out.
  package var inputs: [String]
  /// The names it defines.
  package var outputs: [String]
  /// Its attributes in file order.
  package var attributes: [ONNXAttribute]
  /// Which of several functions of one name it calls; empty almost always.
  package var overload: String = ""

  /// The attribute of a name.
  package func attribute(_ name: String) -> ONNXAttribute.Value? {
    attributes.first { $0.name == name }?.value
  }
}

/// An attribute of a node: small values themselves, tensors and graphs by their number.
package struct ONNXAttribute: Sendable {
  /// What an attribute holds.
  package enum Value: Sendable {
    /// An integer.
    case integer(Int64)
    /// A float.
    case float(Float)
    /// A short text (up to 4 KiB; longer ones are ``other``).
    case string(String)
    /// Integers, up to 4,096 of them (more are ``other``).
    case integers([Int64])
    /// Floats, up to 4,096 of them (more are ``other``).
    case floats([Float])
    /// A stored tensor, dense or sparse, as an index into ``ONNXModel/tensors``.
    case tensor(Int)
    /// Several of them.
    case tensors([Int])
    /// Graphs, as indices into ``ONNXModel/graphs``.
    case graphs([Int])
    /// In a function's body: the name of the function's own attribute that is meant.
    case reference(String)
    /// Anything else, not looked into.
    case other
  }

  /// The name.
  package var name: String
  /// What it holds.
  package var value: Value
}
