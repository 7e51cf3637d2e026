import ModelIR
import ONNX

/// What a model says, however its tensors are stored: a line for each thing.
///
/// `Constant` nodes and initializers of both kinds are told alike, and so are those that nodes put together.
struct ModelText {
  private(set) var lines: [String] = []

  init(_ reader: ONNXReader) throws {
    var stored = StoredModel(reader)
    let model = reader.model
    let expansions = try stored.storage.bitmaskExpansions(in: model)
    let parts = Set(expansions.flatMap { $0.constants + [$0.mask, $0.values] })
    lines = model.metadata.map { "metadata \($0.key) = \($0.value)" }
    for (number, graph) in model.graphs.enumerated() {
      var hidden = Set(expansions.filter { $0.graph == number }.flatMap(\.nodes))
      for (index, node) in graph.nodes.enumerated() where node.operation == "Constant" {
        hidden.insert(index)
      }
      lines.append("\(number) \(Self.role(graph.role)) \(graph.parent ?? -1) \(graph.name)")
      lines.append("\(number) inputs \(graph.inputs) outputs \(graph.outputs)")
      lines += graph.annotations.map { "\(number) annotation \($0)" }
      var shown: [Int: Int] = [:]
      for (index, node) in graph.nodes.enumerated() where !hidden.contains(index) {
        shown[index] = shown.count
        let attributes = node.attributes.map { "\($0.name)=\(Self.value($0.value))" }
        lines.append(
          "\(number) node \(node.domain).\(node.operation):\(node.overload) \(node.name) \(node.inputs) "
            + "-> \(node.outputs) \(attributes)"
        )
      }
      var tensors: [String] = []
      for (index, tensor) in model.tensors.enumerated()
      where tensor.graph == number && !parts.contains(index) {
        var name = tensor.name
        if name.isEmpty {
          switch tensor.place {
          case .attribute(let node, let attribute, let place):
            name = "\(shown[node] ?? -1) \(attribute) \(place ?? -1)"
          case .functionAttribute(let attribute, let place): name = "function \(attribute) \(place ?? -1)"
          case .initializer, .sparseInitializer: break
          }
        }
        let elements = tensor.type == .string ? [] : try stored.dense(of: tensor)
        tensors.append("\(number) tensor \(name) \(tensor.type) \(tensor.shape) \(elements)")
      }
      for expansion in expansions where expansion.graph == number {
        let type = model.tensors[expansion.values].type
        let shape = Shape(expansion.extents).map { "\($0)" } ?? ""
        tensors.append("\(number) tensor \(expansion.output) \(type) \(shape) \(try stored.dense(expansion))")
      }
      lines += tensors.sorted()
    }
  }

  /// A role without the node's place, before which others may have come.
  private static func role(_ role: ONNXGraph.Role) -> String {
    if case .body(_, let attribute) = role { return "body \(attribute)" }
    return "\(role)"
  }

  /// A value without the numbers of tensors, which are told with them.
  private static func value(_ value: ONNXAttribute.Value) -> String {
    switch value {
    case .tensor: "tensor"
    case .tensors(let all): "\(all.count) tensors"
    default: "\(value)"
    }
  }
}
