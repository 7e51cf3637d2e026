/// Where a tensor stands, as far as that decides what can be put there.
enum SpliceSite: Sendable, Hashable {
  /// How a `Constant` holds its tensor.
  enum Holder: Sendable, Hashable {
    /// `value`.
    case dense
    /// `sparse_value`.
    case sparse
    /// `value_float` and the like; the tensor's frame is the attribute.
    case plain
  }

  /// Among a graph's initializers.
  case initializer
  /// Among a graph's sparse initializers.
  case sparseInitializer
  /// The value of a `Constant`: its node, and the frame of the attribute.
  case constant(Holder, node: Int, attribute: Int32)
  /// A dense tensor in an attribute of another operator.
  case attribute
  /// A dense tensor that is the default of a function's attribute.
  case functionAttribute
  /// A sparse tensor in such an attribute.
  case sparseAttribute

  /// The place of a tensor.
  init(_ index: Int, _ model: ONNXModel, _ structure: ONNXStructure) {
    let tensor = model.tensors[index]
    let isSparse = tensor.indices != nil
    switch tensor.place {
    case .initializer: self = .initializer
    case .sparseInitializer: self = .sparseInitializer
    case .functionAttribute: self = isSparse ? .sparseAttribute : .functionAttribute
    case .attribute(let number, let name, _):
      self = isSparse ? .sparseAttribute : .attribute
      let node = model.graphs[tensor.graph].nodes[number]
      // Of many attributes no one is looked for among the others.
      guard node.operation == "Constant", node.domain.isEmpty, node.outputs.count == 1,
        node.attributes.count <= 16,
        node.attributes.count(where: { Self.isValue($0.name) }) == 1
      else { return }
      let frame = structure.tensorFrames[index]
      let parent = structure.frames[Int(frame)].parent
      let isPlain = parent == structure.graphs[tensor.graph].nodes[number]
      switch (name, isPlain) {
      case ("value", false) where !isSparse: self = .constant(.dense, node: number, attribute: parent)
      case ("sparse_value", false) where isSparse: self = .constant(.sparse, node: number, attribute: parent)
      case (_, true): self = .constant(.plain, node: number, attribute: frame)
      default: break
      }
    }
  }

  /// Whether an attribute of a `Constant` is its value. (onnx 1.23, operator Constant.)
  private static func isValue(_ name: String) -> Bool {
    name == "value" || name == "sparse_value" || name.hasPrefix("value_")
  }

  /// Whether the tensor is an initializer of either kind.
  var isInitializer: Bool { self == .initializer || self == .sparseInitializer }
}
