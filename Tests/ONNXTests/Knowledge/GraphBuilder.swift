import ModelIR
import ONNX
import Testing

/// Builds models in code: a main graph, and others as wanted.
struct GraphBuilder: SmallIntegers {
  var model = ONNXModel([ONNXGraph(.main)], irVersion: 10, operatorSets: [("", 21)])
  private var integers: [Int: [Int64]] = [:]

  /// Stores an initializer.
  @discardableResult
  mutating func tensor(
    _ name: String,
    _ shape: [UInt64],
    _ type: ONNXDataType = .float,
    in graph: Int = 0,
    values: [Int64]? = nil
  ) -> Int {
    let number = store(name, shape, type, in: graph, .initializer)
    model.graphs[graph].initializers.append(number)
    integers[number] = values
    return number
  }

  private mutating func store(
    _ name: String,
    _ shape: [UInt64],
    _ type: ONNXDataType,
    in graph: Int,
    _ place: ONNXTensor.Place
  ) -> Int {
    model.tensors.append(
      ONNXTensor(name, type, Shape(shape) ?? .vector(0), graph: graph, place: place)
    )
    return model.tensors.count - 1
  }

  /// Stores integers under a name.
  mutating func integers(_ name: String, _ values: [Int64], in graph: Int = 0) {
    tensor(name, [UInt64(values.count)], .int64, in: graph, values: values)
  }

  /// Adds a node; names are separated by spaces, `-` is an input that is left out.
  @discardableResult
  mutating func node(
    _ operation: String,
    _ inputs: String,
    _ outputs: String = "y",
    _ attributes: [(String, ONNXAttribute.Value)] = [],
    domain: String = "",
    in graph: Int = 0
  ) -> Int {
    model.graphs[graph].nodes.append(
      ONNXNode(
        operation,
        of: domain,
        name: operation.lowercased(),
        inputs: inputs.split(separator: " ").map { $0 == "-" ? "" : String($0) },
        outputs: outputs.split(separator: " ").map(String.init),
        attributes: attributes.map { ONNXAttribute($0.0, $0.1) }
      )
    )
    return model.graphs[graph].nodes.count - 1
  }

  /// Adds a node of ONNX Runtime's own.
  mutating func runtime(
    _ operation: String,
    _ inputs: String,
    _ attributes: [(String, ONNXAttribute.Value)] = []
  ) {
    node(operation, inputs, "y", attributes, domain: "com.microsoft")
  }

  /// Adds a Constant that holds a tensor.
  @discardableResult
  mutating func constant(
    _ name: String,
    _ shape: [UInt64],
    _ type: ONNXDataType = .float,
    in graph: Int = 0,
    attribute: String = "value"
  ) -> Int {
    let node = model.graphs[graph].nodes.count
    let number = store(name, shape, type, in: graph, .attribute(node: node, name: attribute, number: nil))
    self.node("Constant", "", name, [(attribute, .tensor(number))], in: graph)
    return number
  }

  /// Stores a tensor that is an attribute of the node that comes next.
  mutating func attributeTensor(_ attribute: String, _ shape: [UInt64], in graph: Int = 0) -> Int {
    let node = model.graphs[graph].nodes.count
    return store("", shape, .float, in: graph, .attribute(node: node, name: attribute, number: nil))
  }

  /// Adds the body of the node that comes next.
  mutating func body(_ attribute: String, inputs: String = "", outputs: String, of graph: Int = 0) -> Int {
    let node = model.graphs[graph].nodes.count
    return add(.body(node: node, attribute: attribute), parent: graph, inputs, outputs)
  }

  /// Adds a model-local function of domain `my`.
  mutating func function(_ name: String, inputs: String, outputs: String) -> Int {
    add(.function(domain: "my", name: name, overload: ""), parent: nil, inputs, outputs)
  }

  private mutating func add(_ role: ONNXGraph.Role, parent: Int?, _ inputs: String, _ outputs: String) -> Int
  {
    var graph = ONNXGraph(role, parent: parent)
    graph.inputs = inputs.split(separator: " ").map(String.init)
    graph.outputs = outputs.split(separator: " ").map(String.init)
    model.graphs.append(graph)
    return model.graphs.count - 1
  }

  func smallIntegers(of tensor: Int) -> [Int64]? { integers[tensor] }

  /// What the graphs say.
  var knowledge: GraphKnowledge { GraphKnowledge(model: model, smallIntegers: self) }

  /// The number of the first tensor of a name.
  func number(_ name: String) -> Int? { model.tensors.firstIndex { $0.name == name } }

  /// What they say of the tensor `w`.
  var weight: WeightKnowledge? { number("w").map { knowledge[$0] } }
}

/// A model of a few nodes around a tensor `w`, with a name for the test's log.
struct GraphCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let builder: GraphBuilder

  init(_ name: String, _ build: (inout GraphBuilder) -> Void) {
    testDescription = name
    var builder = GraphBuilder()
    build(&builder)
    self.builder = builder
  }
}
