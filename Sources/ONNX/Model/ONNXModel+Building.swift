package import ModelIR

// The members' own initializers do not reach other targets, which make models in code.

extension ONNXModel {
  /// A model of these graphs and tensors.
  package init(
    _ graphs: [ONNXGraph],
    tensors: [ONNXTensor] = [],
    irVersion: Int64,
    operatorSets: [(domain: String, version: Int64)]
  ) {
    self.init(
      irVersion: irVersion,
      operatorSets: operatorSets,
      graphs: graphs,
      tensors: tensors,
      metadata: []
    )
  }
}

extension ONNXGraph {
  /// A graph without nodes.
  package init(_ role: Role, parent: Int? = nil) {
    self.init(role: role, parent: parent, name: "")
  }
}

extension ONNXNode {
  /// A node of that operator.
  package init(
    _ operation: String,
    of domain: String = "",
    name: String = "",
    inputs: [String],
    outputs: [String],
    attributes: [ONNXAttribute] = []
  ) {
    self.init(
      domain: domain,
      operation: operation,
      name: name,
      inputs: inputs,
      outputs: outputs,
      attributes: attributes
    )
  }
}

extension ONNXAttribute {
  /// An attribute of that name and value.
  package init(_ name: String, _ value: Value) { self.init(name: name, value: value) }
}

extension ONNXTensor {
  /// A tensor whose elements are nowhere.
  package init(
    _ name: String,
    _ type: ONNXDataType,
    _ shape: Shape,
    graph: Int = 0,
    place: Place = .initializer
  ) {
    self.init(
      graph: graph,
      place: place,
      name: name,
      scopedName: TensorName(name),
      type: type,
      shape: shape,
      values: .none,
      indices: nil,
      message: 0..<0
    )
  }
}
