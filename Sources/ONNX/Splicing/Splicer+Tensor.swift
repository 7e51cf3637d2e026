/// Initializers and constants.
extension Splicer {
  /// Stores an initializer of either kind anew.
  mutating func replaceInitializer(
    _ frame: Int32,
    _ tensor: ONNXTensor,
    _ new: NewTensor,
    _ number: Int
  ) throws {
    let name = new.kept.name
    switch new.replacement.target {
    case .raw, .external: replace(frame, try new.dense(named: name).asField(5), number)
    case .sparseInitializer: replace(frame, try new.sparse(named: name).asField(15), number)
    case .sparseValue:
      remove(frame)
      let node = try NodeMessages.constant(tensor.name, sparse: new.sparse(named: ""))
      insert(try node.asField(1), beforeNodesOf: tensor.graph, number)
    case .bitmask:
      let messages = try bitmask(tensor.name, new, in: tensor.graph)
      replace(frame, try fields(5, messages.initializers()), number)
      insert(try fields(1, messages.nodes()), beforeNodesOf: tensor.graph, number)
    }
  }

  /// Stores the value of a `Constant` anew.
  mutating func replaceConstant(
    _ frame: Int32,
    _ tensor: ONNXTensor,
    _ new: NewTensor,
    _ number: Int,
    _ holder: SpliceSite.Holder,
    node: Int,
    attribute: Int32
  ) throws {
    let nodeFrame = structure.graphs[tensor.graph].nodes[node]
    switch (new.replacement.target, holder) {
    case (.raw, .dense), (.external, .dense):
      replace(frame, try new.dense(named: new.kept.name).asField(5), number)
    case (.sparseValue, .sparse): replace(frame, try new.sparse(named: new.kept.name).asField(22), number)
    case (.raw, _), (.external, _), (.sparseValue, _):
      let message = structure.frames[Int(attribute)].content
      let trailing = try KeptFields(ofAttribute: message, &wire).bytes
      let field =
        new.replacement.target == .sparseValue
        ? try NodeMessages.sparseValue(new.sparse(named: new.kept.name), trailing: trailing)
        : try NodeMessages.value(new.dense(named: new.kept.name), trailing: trailing)
      replace(attribute, try field.asField(5), number)
    case (.sparseInitializer, _):
      remove(nodeFrame)
      append(try new.sparse(named: tensor.name).asField(15), to: tensor.graph, number)
    case (.bitmask, _):
      let messages = try bitmask(tensor.name, new, in: tensor.graph)
      replace(nodeFrame, try fields(1, messages.nodes()), number)
      append(try fields(5, messages.initializers()), to: tensor.graph, number)
    }
  }
}
