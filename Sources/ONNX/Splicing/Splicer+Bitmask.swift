internal import ModelIR

/// Tensors that nodes put together.
extension Splicer {
  /// Puts something where the nodes of a bitmask were; they are removed already, and so are its tensors.
  mutating func replace(
    _ expansion: BitmaskExpansion,
    _ change: SplicePlan.Change,
    _ number: Int
  ) throws {
    let values = model.tensors[expansion.values]
    guard let shape = change.shape ?? Shape(expansion.extents), let last = expansion.nodes.last else {
      throw WireMessage.TooLarge()
    }
    let kept = try KeptFields(ofTensor: values.message, &wire)
    let new = NewTensor(change.replacement, type: change.type ?? values.type, shape: shape, kept: kept)
    require(change, new.type, old: values.type, in: expansion.graph)
    let nodeFrame = structure.frames[Int(structure.graphs[expansion.graph].nodes[last])]
    let nodePlace = (nodeFrame.start, nodeFrame.parent)
    let tensorFrame = structure.frames[Int(structure.tensorFrames[expansion.values])]
    let tensorPlace = (tensorFrame.start, tensorFrame.parent)
    switch new.replacement.target {
    case .raw, .external:
      if rules.isOutput(expansion.output, of: expansion.graph) {
        let node = try NodeMessages.node(
          "Constant",
          [],
          expansion.output,
          NodeMessages.value(new.dense(named: ""))
        )
        insert(try node.asField(nodeFrame.number), at: nodePlace, number)
      } else {
        insert(try new.dense(named: expansion.output).asField(5), at: tensorPlace, number)
      }
    case .sparseInitializer:
      insert(try new.sparse(named: expansion.output).asField(15), at: tensorPlace, number)
    case .sparseValue:
      let node = try NodeMessages.constant(expansion.output, sparse: new.sparse(named: ""))
      insert(try node.asField(nodeFrame.number), at: nodePlace, number)
    case .bitmask:
      let messages = try bitmask(expansion.output, new, in: expansion.graph)
      insert(try fields(5, messages.initializers()), at: tensorPlace, number)
      insert(try fields(nodeFrame.number, messages.nodes()), at: nodePlace, number)
    }
  }

  /// The messages of a bitmask, with names that are free.
  mutating func bitmask(
    _ name: String,
    _ new: NewTensor,
    in graph: Int
  ) throws -> BitmaskMessages {
    let messages = try new.bitmask(names.names(of: name))
    let home = rules.home(of: graph)
    homes[home] = homes[home] == true || messages.isCut
    return messages
  }

  /// Puts in what bitmasks share, once where all of them see it.
  mutating func addSharedConstants() throws {
    for (home, isCut) in homes.sorted(by: { $0.key < $1.key }) {
      append(try fields(5, BitmaskMessages.sharedInitializers(names.shared, isCut: isCut)), to: home, 0)
    }
  }
}
