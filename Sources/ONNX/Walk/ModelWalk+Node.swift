internal import ModelIR

/// `NodeProto`.
extension ModelWalk {
  /// Reads a node and adds it to its graph, which is number `index`.
  mutating func readNode(
    _ field: WireField,
    parentFrame: Int32,
    _ graph: inout ONNXGraph,
    _ index: Int
  ) throws {
    let frame = try frame(field, in: parentFrame)
    var node = ONNXNode(domain: "", operation: "", name: "", inputs: [], outputs: [], attributes: [])
    // Twice: arrays double when they grow.
    try charge(2 * MemoryLayout<ONNXNode>.stride + 4)
    // What an attribute's tensors are called depends on fields that may stand behind it.
    var attributes: [WireField] = []
    reader.seek(to: field.content.lowerBound)
    while let part = try reader.next(before: field.content.upperBound) {
      if part.type == .lengthDelimited {
        switch part.number {
        case 1:
          try charge(node.inputs.isEmpty ? 64 : 24)
          node.inputs.append(try text(part, "input"))
        case 2:
          try charge(node.outputs.isEmpty ? 64 : 24)
          node.outputs.append(try text(part, "output"))
        case 3: node.name = try text(part, "name")
        case 4: node.operation = try text(part, "op_type")
        case 5:
          try charge(2 * MemoryLayout<WireField>.stride)
          attributes.append(part)
        case 7: node.domain = try text(part, "domain")
        case 8: node.overload = try text(part, "overload")
        default: break
        }
      }
      reader.seek(to: part.content.upperBound)
    }
    guard !node.operation.isEmpty else { throw fault(.noOperation, "op_type", at: field.start) }
    if node.domain == "ai.onnx" { node.domain = "" }

    let label = Label(node: node, number: graph.nodes.count)
    structure.graphs[index].nodes.append(frame)
    if attributes.isEmpty {
      graph.nodes.append(node)
      return
    }
    try charge(32 + attributes.count * MemoryLayout<ONNXAttribute>.stride)
    node.attributes.reserveCapacity(attributes.count)
    for (number, part) in attributes.enumerated() {
      try enter("attribute", number)
      node.attributes.append(
        try readAttribute(
          part,
          parentFrame: frame,
          of: .node(graph: index, number: graph.nodes.count, label)
        )
      )
      path.leave()
    }
    graph.nodes.append(node)
  }

  /// What a node is called where its attributes' tensors and graphs need names.
  struct Label {
    let node: ONNXNode
    let number: Int

    /// Its name, or its first output's, or its operator and number.
    var text: String {
      if !node.name.isEmpty { return node.name }
      if let output = node.outputs.first, !output.isEmpty { return output }
      return "\(node.operation)_\(number)"
    }

    /// The output of a `Constant`, under which nodes read its tensor.
    var constant: String? {
      guard node.operation == "Constant", node.domain.isEmpty, let output = node.outputs.first else {
        return nil
      }
      return output.isEmpty ? nil : output
    }
  }
}
