/// What a model file holds besides elements: its graphs, and every tensor that it stores.
package struct ONNXModel: Sendable {
  /// `ir_version`.
  package var irVersion: Int64
  /// `producer_name` and `producer_version`, where they are there.
  package var producer: [String] = []
  /// The operator sets: domain (empty is ONNX's own) and version.
  package var operatorSets: [(domain: String, version: Int64)]
  /// The graphs; the first is the model's own, others follow those that enclose them.
  package var graphs: [ONNXGraph]
  /// Every stored tensor, in file order.
  package var tensors: [ONNXTensor]
  /// `metadata_props` of the model.
  package var metadata: [(key: String, value: String)]
}
