internal import ModelIR

/// What goes with bitmasks that are stored in another way: their nodes, and the initializers that nothing else
/// reads.
struct ExpansionRemoval {
  /// A node of a graph.
  struct Node: Hashable {
    var graph: Int
    var node: Int
  }

  /// The nodes, by graph and place.
  private(set) var nodes: [Node] = []
  /// The tensors, in file order.
  private(set) var tensors: [Int] = []

  /// What goes with some bitmasks of a model.
  init(_ expansions: [BitmaskExpansion], _ model: ONNXModel, _ rules: SpliceRules) {
    guard !expansions.isEmpty else { return }
    // What is read more often than by these nodes stays.
    var uses = DefinedNames(model).uses(in: model)
    var candidates: Set<Int> = []
    for expansion in expansions {
      var own: [TensorName: Int] = [:]
      for index in expansion.constants + [expansion.mask, expansion.values] {
        own[TensorName(model.tensors[index].name)] = index
        candidates.insert(index)
      }
      for number in expansion.nodes {
        nodes.append(Node(graph: expansion.graph, node: number))
        for input in model.graphs[expansion.graph].nodes[number].inputs.map({ TensorName($0) }) {
          guard let index = own[input] else { continue }
          uses[model.tensors[index].graph][input, default: 0] -= 1
        }
      }
    }
    tensors = candidates.sorted().filter { index in
      let tensor = model.tensors[index]
      return SpliceSite(index, model, rules.structure).isInitializer
        && uses[tensor.graph][TensorName(tensor.name), default: 0] <= 0
        && !rules.isInput(tensor.name, of: tensor.graph)
        && !rules.surroundings.trained.contains(TensorName(tensor.name))
    }
  }
}
