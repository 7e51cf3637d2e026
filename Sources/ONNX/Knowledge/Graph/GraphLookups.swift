internal import ModelIR

/// What a node says, and what its inputs are, as seen in a context of calls.
final class GraphLookups {
  /// An attribute of a node.
  enum Attribute {
    /// The node does not have it: the operator's default holds.
    case absent
    /// It has this value.
    case value(ONNXAttribute.Value)
    /// The caller gives it, but who that is, or what the function's default is, is not known.
    case unknown
  }

  /// The most steps back through Identity and calls when a small tensor is looked for.
  private static let longestWayBack = 64

  let model: ONNXModel
  let index: ValueIndex
  let functions: Functions
  let contexts: CallContexts
  /// What annotations say, by the value that they are about; the first few of each.
  let annotations: [Int: [ResolvedAnnotation]]
  /// Whether `Scan` has the form of operator set 8, with a batch axis of its own.
  let hasBatchedScan: Bool
  private let source: any SmallIntegers
  private var integersOfTensor: [Int: [Int64]?] = [:]
  /// Whether an answer since this was last cleared depended on the context.
  var dependedOnContext = false

  init(_ model: ONNXModel, _ source: any SmallIntegers) {
    self.model = model
    self.source = source
    let scopes = NameScopes(model)
    index = scopes.index
    annotations = scopes.annotations.reduce(into: [:]) { all, annotation in
      if all[annotation.value, default: []].count < 4 {
        all[annotation.value, default: []].append(annotation)
      }
    }
    hasBatchedScan = model.operatorSets.contains { $0.domain.isEmpty && $0.version < 9 }
    functions = Functions(model, scopes.index)
    contexts = CallContexts(functions)
  }

  /// A node by its number through all graphs.
  func node(_ number: Int) -> ONNXNode {
    let graph = index.graphOfNode[number]
    return model.graphs[graph].nodes[number - index.firstNode[graph]]
  }

  /// The number of a node within its graph.
  func offset(of node: Int) -> Int { node - index.firstNode[index.graphOfNode[node]] }

  /// An attribute, with references to a function's attributes replaced by what the call gives.
  func attribute(_ name: String, of number: Int, in context: Int) -> Attribute {
    guard var value = node(number).attribute(name) else { return .absent }
    var current = context
    while case .reference(let outer) = value {
      dependedOnContext = true
      let here = contexts.all[current]
      guard let caller = here.caller, let call = here.call, let given = node(call).attribute(outer) else {
        return .unknown
      }
      value = given
      current = caller
    }
    return .value(value)
  }

  /// An integer attribute; the default where it is absent, nil where it is not known or no integer.
  func integer(_ name: String, of node: Int, in context: Int, default fallback: Int64? = nil) -> Int64? {
    switch attribute(name, of: node, in: context) {
    case .absent: return fallback
    case .value(.integer(let value)): return value
    case .value, .unknown: return nil
    }
  }

  /// The stored tensor that a value is, directly, through Identity, or handed over by a call; else nil.
  func storedTensor(_ value: Int, in context: Int) -> Int? { original(value, in: context).tensor }

  /// The stored tensor of a node's input.
  func storedInput(_ position: Int, of node: Int, in context: Int) -> Int? {
    index.input(position, of: node).flatMap { storedTensor($0, in: context) }
  }

  /// The integers that a node reads at a position, where they are stored, or a Constant's `value_ints`.
  func integers(at position: Int, of node: Int, in context: Int) -> [Int64]? {
    guard let value = index.input(position, of: node) else { return nil }
    let original = original(value, in: context)
    if let tensor = original.tensor { return integers(ofTensor: tensor) }
    guard let producer = original.producer, self.node(producer).isConstant else { return nil }
    if case .value(.integers(let values)) = attribute("value_ints", of: producer, in: original.context) {
      return values
    }
    if case .value(.integer(let value)) = attribute("value_int", of: producer, in: original.context) {
      return [value]
    }
    return nil
  }

  private func integers(ofTensor number: Int) -> [Int64]? {
    if let known = integersOfTensor[number] { return known }
    let tensor = model.tensors[number]
    let fits = tensor.type == .int64 || tensor.type == .int32
    let isSmall = tensor.shape.elementCount <= GraphKnowledge.mostSmallIntegers
    let values = fits && isSmall ? source.smallIntegers(of: number) : nil
    integersOfTensor[number] = .some(values)
    return values
  }

  /// Goes back from a value to where it comes from.
  private func original(
    _ value: Int,
    in context: Int
  ) -> (tensor: Int?, producer: Int?, context: Int) {
    var (value, context) = (value, context)
    for _ in 0..<Self.longestWayBack {
      switch index.origin(of: value) {
      case .tensor(let tensor): return (tensor, nil, context)
      case .formal(let graph, let position):
        dependedOnContext = true
        let here = contexts.all[context]
        guard here.function == graph, let caller = here.caller, let call = here.call,
          let given = index.input(position, of: call)
        else { return (nil, nil, context) }
        (value, context) = (given, caller)
      case .output(let number):
        let node = node(number)
        if node.isConstant { return (constant(number, in: context), number, context) }
        guard node.domain.isEmpty, node.operation == "Identity", let input = index.input(0, of: number) else {
          return (nil, number, context)
        }
        value = input
      }
    }
    return (nil, nil, context)
  }

  /// The tensor that a Constant holds.
  func constant(_ number: Int, in context: Int) -> Int? {
    for name in ["value", "sparse_value"] {
      if case .value(.tensor(let tensor)) = attribute(name, of: number, in: context),
        model.tensors.indices.contains(tensor)
      {
        return tensor
      }
    }
    return nil
  }
}

extension ONNXNode {
  /// Whether its output is what an attribute holds.
  var isConstant: Bool { domain.isEmpty && operation == "Constant" }
}
