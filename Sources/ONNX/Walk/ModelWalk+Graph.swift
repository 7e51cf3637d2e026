internal import ModelIR

/// `GraphProto`.
extension ModelWalk {
  /// Reads a graph, or a further part of one that a file gives in parts, as protobuf merges them.
  mutating func readGraph(_ field: WireField, parentFrame: Int32, into index: Int) throws {
    let frame = try frame(field, in: parentFrame)
    structure.graphs[index].frames.append(frame)
    try charge(2 * MemoryLayout<Int32>.stride)
    var graph = model.graphs[index]
    // No second reference: what is appended to must not be copied.
    model.graphs[index] = ONNXGraph(role: graph.role, parent: graph.parent, name: "")
    // Only the main graph comes in parts. That it keeps its names spares those the time of many parts.
    var names: Set<TensorName> = []
    if index == 0 { swap(&names, &mainNames) }
    var values = 0
    var sparseValues = 0

    reader.seek(to: field.content.lowerBound)
    while let part = try reader.next(before: field.content.upperBound) {
      switch (part.number, part.type) {
      case (1, .lengthDelimited):
        try enter("node", graph.nodes.count)
        try readNode(part, parentFrame: frame, &graph, index)
        path.leave()
      case (2, .lengthDelimited): graph.name = try text(part, "name")
      case (5, .lengthDelimited):
        try enter("initializer", values)
        let tensor = try readTensor(part, parentFrame: frame, TensorHome(graph: index, place: .initializer))
        try define(tensor, part, in: &graph, &names)
        path.leave()
        values += 1
      case (11, .lengthDelimited):
        try enter("input", graph.inputs.count)
        structure.graphs[index].inputs.append(try self.frame(part, in: frame))
        graph.inputs.append(try readValueName(part))
        path.leave()
      case (12, .lengthDelimited):
        try enter("output", graph.outputs.count)
        graph.outputs.append(try readValueName(part))
        path.leave()
      case (14, .lengthDelimited):
        try enter("quantization_annotation", graph.annotations.count)
        graph.annotations.append(try readAnnotation(part))
        path.leave()
      case (15, .lengthDelimited):
        try enter("sparse_initializer", sparseValues)
        let home = TensorHome(graph: index, place: .sparseInitializer)
        let tensor = try readSparseTensor(part, parentFrame: frame, home)
        try define(tensor, part, in: &graph, &names)
        path.leave()
        sparseValues += 1
      default: break
      }
      reader.seek(to: part.content.upperBound)
    }
    model.graphs[index] = graph
    if index == 0 { swap(&names, &mainNames) }
  }

  /// Adds a tensor to a graph's initializers, by its name.
  private func define(
    _ tensor: Int,
    _ field: WireField,
    in graph: inout ONNXGraph,
    _ names: inout Set<TensorName>
  ) throws {
    let name = model.tensors[tensor].name
    guard !name.isEmpty else { throw fault(.noName, at: field.start) }
    guard names.insert(TensorName(name)).inserted else {
      throw fault(.duplicateInitializer, tensor: name, at: field.start)
    }
    graph.initializers.append(tensor)
  }

  /// The name of a `ValueInfoProto`; its type is not looked into.
  private mutating func readValueName(_ field: WireField) throws -> String {
    var name = ""
    reader.seek(to: field.content.lowerBound)
    while let part = try reader.next(before: field.content.upperBound) {
      if part.number == 1, part.type == .lengthDelimited { name = try text(part, "name") }
      reader.seek(to: part.content.upperBound)
    }
    try charge(16)
    return name
  }

  /// A `TensorAnnotation`.
  private mutating func readAnnotation(
    _ field: WireField
  ) throws -> (tensor: String, parameters: [(key: String, value: String)]) {
    var annotation = (tensor: "", parameters: [(key: String, value: String)]())
    reader.seek(to: field.content.lowerBound)
    while let part = try reader.next(before: field.content.upperBound) {
      switch (part.number, part.type) {
      case (1, .lengthDelimited): annotation.tensor = try text(part, "tensor_name")
      case (2, .lengthDelimited):
        try enter("quant_parameter_tensor_names", annotation.parameters.count)
        annotation.parameters.append(try pair(part))
        path.leave()
      default: break
      }
      reader.seek(to: part.content.upperBound)
    }
    try charge(64)
    return annotation
  }
}
