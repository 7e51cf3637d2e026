internal import ModelIR

/// Finds the expansions of a graph.
struct ExpansionFinder {
  private let model: ONNXModel
  private let names: NameScopes
  private let number: Int
  private let storage: ONNXStorage
  private var graph: ONNXGraph { model.graphs[number] }

  /// A finder for a graph of a model.
  init(_ model: ONNXModel, _ names: NameScopes, graph number: Int, _ storage: ONNXStorage) {
    self.model = model
    self.names = names
    self.number = number
    self.storage = storage
  }

  /// The nodes of one expansion as they are found, the last first.
  private struct Trail {
    var nodes: [Int] = []
    var constants: [Int] = []
  }

  /// All expansions, in the order of their last nodes, whatever else reads what lies between.
  /// - Throws: what reading throws.
  func expansions() throws -> [BitmaskExpansion] {
    guard graph.nodes.contains(where: { $0.operation == "BitShift" }) else { return [] }
    var found: [BitmaskExpansion] = []
    for (index, node) in graph.nodes.enumerated() where node.operation == "Reshape" {
      if let expansion = try expansion(endingAt: index) { found.append(expansion) }
    }
    return found
  }

  /// The expansion whose last node is this one.
  private func expansion(endingAt last: Int) throws -> BitmaskExpansion? {
    var trail = Trail()
    guard let output = graph.nodes[last].outputs.first, !output.isEmpty,
      let reshape = take(last, "Reshape", inputs: 2, &trail), flag("allowzero", of: reshape, is: 0),
      let gather = take(reshape.inputs[0], "Gather", inputs: 2, &trail), flag("axis", of: gather, is: 0),
      let values = local(gather.inputs[0]),
      let product = take(gather.inputs[1], "Mul", inputs: 2, &trail)
    else { return nil }
    // Sums times flags, or flags times sums.
    for (sums, flags) in [(product.inputs[0], product.inputs[1]), (product.inputs[1], product.inputs[0])] {
      var trail = trail
      guard let sum = take(sums, "CumSum", inputs: 2, &trail), sum.inputs[0] == flags,
        flag("exclusive", of: sum, is: 0), flag("reverse", of: sum, is: 0),
        try constant(sum.inputs[1], is: [0], &trail)
      else { continue }
      guard let mask = try mask(ofFlags: flags, &trail),
        let extents = try integers(reshape.inputs[1], &trail),
        matches(extents, values: values, mask: mask.tensor, count: mask.count)
      else { return nil }
      return BitmaskExpansion(
        graph: number,
        nodes: trail.nodes.reversed(),
        output: output,
        mask: mask.tensor,
        values: values,
        constants: trail.constants,
        extents: extents
      )
    }
    return nil
  }

  /// The mask whose bits are spread to flags of a number each, and how many flags are left, where some are cut off.
  private func mask(ofFlags name: String, _ trail: inout Trail) throws -> (tensor: Int, count: UInt64?)? {
    var (name, count): (String, UInt64?) = (name, nil)
    if let cut = take(name, "Slice", inputs: 3...5, &trail) {
      guard try constant(cut.inputs[1], is: [0], &trail),
        let ends = try integers(cut.inputs[2], &trail), ends.count == 1
      else { return nil }
      if cut.inputs.count > 3, try !cut.inputs[3].isEmpty && !constant(cut.inputs[3], is: [0], &trail) {
        return nil
      }
      if cut.inputs.count > 4, try !cut.inputs[4].isEmpty && !constant(cut.inputs[4], is: [1], &trail) {
        return nil
      }
      (name, count) = (cut.inputs[0], ends[0])
    }
    guard let row = take(name, "Reshape", inputs: 2, &trail),
      try constant(row.inputs[1], is: [.max], &trail),
      let cast = take(row.inputs[0], "Cast", inputs: 1, &trail),
      flag("to", of: cast, is: 6) || flag("to", of: cast, is: 7),
      let right = take(cast.inputs[0], "BitShift", inputs: 2, &trail),
      text("direction", of: right, is: "RIGHT"),
      try constant(right.inputs[1], is: [7], &trail),
      let left = take(right.inputs[0], "BitShift", inputs: 2, &trail),
      text("direction", of: left, is: "LEFT"),
      try constant(left.inputs[1], is: [7, 6, 5, 4, 3, 2, 1, 0], &trail),
      names.constant(left.inputs[1], from: number).map({ model.tensors[$0].shape.columns }) == 8,
      let tensor = local(left.inputs[0])
    else { return nil }
    return (tensor, count)
  }

  /// Whether extents, mask and values agree with each other.
  private func matches(_ extents: [UInt64], values: Int, mask: Int, count: UInt64?) -> Bool {
    let (mask, values) = (model.tensors[mask], model.tensors[values])
    guard let shape = Shape(extents), shape.elementCount > 0 else { return false }
    let bytes = shape.elementCount / 8 + (shape.elementCount % 8 == 0 ? 0 : 1)
    return (count ?? bytes &* 8) == shape.elementCount && mask.type == .uint8
      && mask.shape.extents == [bytes, 1] && values.shape.rank == 1 && values.shape.elementCount > 0
      && values.type.elementType?.byteWidth != nil
  }
}

/// Looking at one node, and at constants.
extension ExpansionFinder {
  private func take(_ index: Int, _ operation: String, inputs: Int, _ trail: inout Trail) -> ONNXNode? {
    take(index, operation, inputs: inputs...inputs, &trail)
  }

  private func take(_ name: String, _ operation: String, inputs: Int, _ trail: inout Trail) -> ONNXNode? {
    take(name, operation, inputs: inputs...inputs, &trail)
  }

  /// The node that defines a name, if it is of this kind.
  private func take(
    _ name: String,
    _ operation: String,
    inputs: ClosedRange<Int>,
    _ trail: inout Trail
  ) -> ONNXNode? {
    names.producer(of: name, in: number).flatMap { take($0, operation, inputs: inputs, &trail) }
  }

  /// A node, if it is of this kind.
  private func take(
    _ index: Int,
    _ operation: String,
    inputs: ClosedRange<Int>,
    _ trail: inout Trail
  ) -> ONNXNode? {
    let node = graph.nodes[index]
    guard node.operation == operation, node.domain.isEmpty, node.outputs.count == 1,
      inputs.contains(node.inputs.count)
    else { return nil }
    trail.nodes.append(index)
    return node
  }

  /// Whether an attribute is this number, or left out where that is what it then is.
  private func flag(_ name: String, of node: ONNXNode, is expected: Int64) -> Bool {
    switch node.attribute(name) {
    case nil: expected == 0
    case .integer(expected): true
    default: false
    }
  }

  private func text(_ name: String, of node: ONNXNode, is expected: String) -> Bool {
    if case .string(expected) = node.attribute(name) { true } else { false }
  }

  /// The dense initializer of this graph that a name means.
  private func local(_ name: String) -> Int? {
    names.constant(name, from: number).flatMap { index in
      let tensor = model.tensors[index]
      return tensor.graph == number && tensor.indices == nil ? index : nil
    }
  }

  /// Whether a name is a constant of these numbers; -1 is ``Swift/UInt64/max``.
  private func constant(_ name: String, is expected: [UInt64], _ trail: inout Trail) throws -> Bool {
    try integers(name, &trail) == expected
  }

  /// The most numbers of a constant.
  private static let most: UInt64 = 64

  /// The few numbers of a constant of whole numbers.
  private func integers(_ name: String, _ trail: inout Trail) throws -> [UInt64]? {
    guard let index = names.constant(name, from: number) else { return nil }
    let tensor = model.tensors[index]
    guard tensor.indices == nil, tensor.shape.elementCount <= Self.most,
      let width = tensor.type == .int64 ? 8 : tensor.type == .uint8 ? 1 : nil
    else { return nil }
    let bytes = try storage.bytes(of: tensor)
    trail.constants.append(index)
    return stride(from: 0, to: bytes.count, by: width).map { start in
      bytes[start..<start + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
  }
}
