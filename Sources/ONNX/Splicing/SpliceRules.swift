package import ModelIR

/// What can be changed in a model: for each tensor and each way to store it, whether it can be stored so where it
/// stands.
///
/// - Complexity: made in time and memory of the model's graphs, and one pass over the fields of the `ModelProto`
///   itself.
package struct SpliceRules: Sendable {
  let model: ONNXModel
  let structure: ONNXStructure
  /// What stands beside the graphs.
  let surroundings: ModelSurroundings
  /// For each graph the version of ONNX's own operators; nil where none is imported.
  let operatorSets: [Int64?]
  /// Whether no node outside of functions is one of ONNX's own, so that an import can be added.
  private let canImport: Bool
  /// The version that it then has to have: that of the functions, if they import one. (onnx's checker asks for it.)
  let functionSet: Int64?
  private let inputs: [Set<TensorName>]
  private let outputs: [Set<TensorName>]
  /// For each graph the names that several of its initializers and constants have, which no valid model does.
  private let sharedNames: [Set<TensorName>]
  /// Whether there are names that are no UTF-8, which are known as text only.
  private let hasBrokenNames: Bool

  /// The rules for a model.
  /// - Throws: ``ONNXFault`` and what reading throws.
  package init(_ reader: ONNXReader) throws {
    model = reader.model
    structure = reader.structure
    var wire = WireReader(reader.source)
    let surroundings = try ModelSurroundings(&wire)
    // Of several imports the least: readers do not agree which one counts.
    let own = model.operatorSets.filter { $0.domain.isEmpty }.map(\.version).min()
    var sets: [Int64?] = []
    for (index, graph) in model.graphs.enumerated() {
      if case .function = graph.role, let frame = structure.graphs[index].frames.first {
        let message = structure.frames[Int(frame)].content
        sets.append(try ModelSurroundings.operatorSet(ofFunction: message, &wire) ?? own)
      } else {
        // A graph comes after the one that encloses it.
        sets.append(graph.parent.flatMap { $0 < index ? sets[$0] : nil } ?? own)
      }
    }
    operatorSets = sets
    inputs = model.graphs.map { Set($0.inputs.map { TensorName($0) }) }
    outputs = model.graphs.map { Set($0.outputs.map { TensorName($0) }) }
    // Where the model imports none, these are of functions.
    let ofFunctions = own == nil ? Set(sets.compactMap { $0 }) : []
    functionSet = ofFunctions.first
    canImport =
      model.irVersion >= 3 && own == nil && ofFunctions.count <= 1
      && zip(sets, reader.model.graphs).allSatisfy { set, graph in
        set != nil || graph.nodes.allSatisfy { !$0.domain.isEmpty }
      }
    sharedNames = Self.sharedNames(model, structure)
    hasBrokenNames = reader.oddities.contains { $0.kind == .nameNotUTF8 }
    self.surroundings = surroundings
    try reader.source.rest()
  }

  private static func sharedNames(_ model: ONNXModel, _ structure: ONNXStructure) -> [Set<TensorName>] {
    var seen = [Set<TensorName>](repeating: [], count: model.graphs.count)
    var shared = seen
    for (index, tensor) in model.tensors.enumerated() where !tensor.name.isEmpty {
      switch SpliceSite(index, model, structure) {
      case .initializer, .sparseInitializer, .constant:
        let name = TensorName(tensor.name)
        if !seen[tensor.graph].insert(name).inserted { shared[tensor.graph].insert(name) }
      case .attribute, .functionAttribute, .sparseAttribute: continue
      }
    }
    return shared
  }

  /// Why a subject cannot be stored in some way; nil where it can.
  /// - Parameters:
  ///   - type: the type of its new elements; nil for the one that it has.
  ///   - shape: its new shape; nil for the one that it has.
  package func obstacle(
    to target: SpliceTarget,
    of subject: SplicePlan.Subject,
    type: ONNXDataType? = nil,
    shape: Shape? = nil
  ) -> SpliceObstacle? {
    switch subject {
    case .tensor(let index):
      let tensor = model.tensors[index]
      let newType = type ?? tensor.type
      let newShape = shape ?? tensor.shape
      if let obstacle = target.form.obstacle(newType, newShape.extents) { return .form(obstacle) }
      let site = SpliceSite(index, model, structure)
      if let obstacle = self.obstacle(to: target, of: tensor, at: site) { return obstacle }
      if site.isInitializer, newType != tensor.type || newShape != tensor.shape,
        isInput(tensor.name, of: tensor.graph)
      {
        return .declaredInput
      }
      return operatorSet(for: target, newType, in: tensor.graph)
    case .expansion(let expansion):
      let newType = type ?? model.tensors[expansion.values].type
      if let obstacle = target.form.obstacle(newType, shape?.extents ?? expansion.extents) {
        return .form(obstacle)
      }
      if isBroken(expansion.output) || isBroken(model.tensors[expansion.values].name) {
        return .nameNotUTF8
      }
      let graph = expansion.graph
      let isOutput = isOutput(expansion.output, of: graph)
      if isOutput && (target == .sparseValue || target == .sparseInitializer) { return .output }
      if target == .external && isTraining(graph) { return .unsupportedPlace }
      if target == .sparseInitializer && isFunction(graph) { return .noInitializers }
      return operatorSet(for: target, newType, in: graph)
    }
  }

  /// Why a tensor cannot be stored in some way where it stands.
  private func obstacle(
    to target: SpliceTarget,
    of tensor: ONNXTensor,
    at site: SpliceSite
  ) -> SpliceObstacle? {
    if target == .external && isTraining(tensor.graph) { return .unsupportedPlace }
    switch site {
    case .sparseAttribute: return .sparseAttribute
    case .functionAttribute:
      return target == .raw ? nil : target == .external ? .unsupportedPlace : .attribute
    case .attribute: return target == .raw || target == .external ? nil : .attribute
    case .constant(_, let node, _):
      let constant = model.graphs[tensor.graph].nodes[node]
      if constant.attributes.contains(where: { if case .reference = $0.value { true } else { false } }) {
        return .reference
      }
      if target == .raw || target == .external { return nil }
      if isOutput(tensor.name, of: tensor.graph) && target != .bitmask { return .output }
      if target == .sparseValue { return nil }
      if isFunction(tensor.graph) { return .noInitializers }
      if isBroken(tensor.name) { return .nameNotUTF8 }
      if tensor.name.isEmpty { return .unnamed }
      let isShared = sharedNames[tensor.graph].contains(TensorName(tensor.name))
      return target == .sparseInitializer && isShared ? .sharedName : nil
    case .initializer, .sparseInitializer:
      if target == .raw || target == .external { return nil }
      if isOutput(tensor.name, of: tensor.graph) && target != .bitmask { return .output }
      if surroundings.trained.contains(TensorName(tensor.name)) { return .trained }
      // A sparse initializer is still an initializer.
      if target == .sparseInitializer { return nil }
      if isBroken(tensor.name) { return .nameNotUTF8 }
      if isInput(tensor.name, of: tensor.graph), model.irVersion >= 4 || tensor.graph != 0 { return .input }
      return nil
    }
  }

  /// Why the operators of a graph are not those that a form needs.
  private func operatorSet(
    for target: SpliceTarget,
    _ type: ONNXDataType,
    in graph: Int
  ) -> SpliceObstacle? {
    let needed = target.form.requirement(for: type).operatorSet
    guard needed > 0 else { return nil }
    if let found = operatorSets[graph] {
      return found < needed ? .operatorSet(found: found, needed: needed) : nil
    }
    // A function has imports of its own.
    if canImport && !isFunction(root(of: graph)) && functionSet ?? needed >= needed { return nil }
    return .operatorSet(found: model.irVersion < 3 ? 1 : functionSet, needed: needed)
  }

  /// Whether a name may be shown with bytes that are no UTF-8, so that it cannot be written.
  private func isBroken(_ name: String) -> Bool { hasBrokenNames && name.contains("\\x") }

  /// Whether callers can set a tensor of a graph.
  func isInput(_ name: String, of graph: Int) -> Bool { inputs[graph].contains(TensorName(name)) }

  /// Whether a graph returns a tensor.
  func isOutput(_ name: String, of graph: Int) -> Bool { outputs[graph].contains(TensorName(name)) }

  /// Whether a graph is a function, which has nodes alone.
  func isFunction(_ graph: Int) -> Bool {
    if case .function = model.graphs[graph].role { true } else { false }
  }

  /// Whether a graph is one for training, or lies in one. (onnx's tools leave those out.)
  private func isTraining(_ graph: Int) -> Bool {
    var next: Int? = graph
    while let current = next {
      switch model.graphs[current].role {
      case .trainingAlgorithm, .trainingInitialization: return true
      default: next = model.graphs[current].parent.flatMap { $0 < current ? $0 : nil }
      }
    }
    return false
  }

  /// The outermost graph around one, or itself.
  private func root(of graph: Int) -> Int {
    var current = graph
    while let parent = model.graphs[current].parent, parent < current { current = parent }
    return current
  }

  /// The outermost graph whose initializers are visible in one.
  func home(of graph: Int) -> Int {
    var current = graph
    while let parent = model.graphs[current].parent, parent < current, !isFunction(parent) {
      current = parent
    }
    return current
  }
}
