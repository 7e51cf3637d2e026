/// Names that nothing in a model has: neither in its graphs nor in those within, whose names must not hide others.
struct FreeNames {
  private var taken: Set<String> = []
  /// For each tensor the number that was tried last.
  private var numbers: [String: Int] = [:]
  /// The names of the constants that such tensors share.
  private(set) var shared = BitmaskMessages.Names(tensor: "")

  /// Those of no model.
  init() {}

  /// The names of a model, but for those that go.
  init(_ model: ONNXModel, without removal: ExpansionRemoval) {
    let nodes = Set(removal.nodes)
    let tensors = Set(removal.tensors)
    for (number, graph) in model.graphs.enumerated() {
      taken.formUnion(graph.inputs)
      taken.formUnion(graph.outputs)
      for (index, node) in graph.nodes.enumerated() where !nodes.contains(.init(graph: number, node: index)) {
        taken.formUnion(node.inputs)
        taken.formUnion(node.outputs)
      }
      for index in graph.initializers where !tensors.contains(index) {
        taken.insert(model.tensors[index].name)
      }
    }
    var prefix = 0
    while !taken.isDisjoint(with: shared.newShared) {
      prefix += 1
      shared.shared = "bitmask\(prefix)."
    }
    taken.formUnion(shared.newShared)
  }

  /// Names for the parts of a tensor, which are taken then.
  mutating func names(of tensor: String) -> BitmaskMessages.Names {
    while true {
      let number = numbers[tensor, default: 0]
      numbers[tensor] = number + 1
      let names = BitmaskMessages.Names(
        tensor: tensor,
        parts: number == 0 ? tensor : "\(tensor).\(number)",
        shared: shared.shared
      )
      if taken.isDisjoint(with: names.new) {
        taken.formUnion(names.new)
        return names
      }
    }
  }
}
