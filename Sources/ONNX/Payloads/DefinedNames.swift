internal import ModelIR

/// What names mean in each graph of a model: lexically, a graph's own first, then those of the one around it.
struct DefinedNames {
  /// What a graph makes of a name.
  private enum Meaning {
    case producer(Int)
    case stored(Int)
    /// Set by a caller: an input, even where it has a default.
    case input
  }

  private let meanings: [[TensorName: Meaning]]
  private let parents: [Int?]

  /// The names of a model.
  init(_ model: ONNXModel) {
    parents = model.graphs.map(\.parent)
    meanings = model.graphs.map { graph in
      var meanings: [TensorName: Meaning] = [:]
      for tensor in graph.initializers { meanings[TensorName(model.tensors[tensor].name)] = .stored(tensor) }
      for (index, node) in graph.nodes.enumerated() {
        for output in node.outputs where !output.isEmpty { meanings[TensorName(output)] = .producer(index) }
      }
      for input in graph.inputs { meanings[TensorName(input)] = .input }
      return meanings
    }
  }

  /// The node of a graph that defines a name.
  func producer(of name: String, in graph: Int) -> Int? {
    if case .producer(let node) = meanings[graph][TensorName(name)] { node } else { nil }
  }

  /// The stored tensor that a name means in a graph, and no caller can change.
  func constant(_ name: String, from graph: Int) -> Int? {
    guard let definition = definition(of: name, from: graph),
      case .stored(let tensor) = meanings[definition][TensorName(name)]
    else { return nil }
    return tensor
  }

  /// The graph that gives a name its meaning in a graph: itself, or one around it.
  private func definition(of name: String, from graph: Int) -> Int? {
    let name = TensorName(name)
    var next: Int? = graph
    while let current = next {
      if meanings[current][name] != nil { return current }
      // Enclosing graphs come first, so this ends.
      next = parents[current].flatMap { $0 < current ? $0 : nil }
    }
    return nil
  }

  /// How often each name of each graph is read, in it and in those that it encloses.
  func uses(in model: ONNXModel) -> [[TensorName: Int]] {
    var uses = [[TensorName: Int]](repeating: [:], count: model.graphs.count)
    for (index, graph) in model.graphs.enumerated() {
      for name in graph.outputs {
        if let place = definition(of: name, from: index) { uses[place][TensorName(name), default: 0] += 1 }
      }
      for node in graph.nodes {
        for name in node.inputs where !name.isEmpty {
          if let place = definition(of: name, from: index) { uses[place][TensorName(name), default: 0] += 1 }
        }
      }
    }
    return uses
  }
}
