internal import ModelIR

/// The model-local functions of a model: which nodes call which, and to which function each graph belongs.
struct Functions {
  private struct Name: Hashable {
    var domain: TensorName
    var name: TensorName
  }

  /// For each graph the function whose body it is or stands in; nil for the others.
  let owner: [Int?]
  /// For each function that is called (by its graph), and for the rest of the model (nil), the nodes in it that
  /// call functions.
  let calls: [Int?: [Int]]
  /// For each node that calls a function, the function's graph.
  let callee: [Int: Int]
  /// Nodes that call one of several functions of the same name, which `overload` would tell apart.
  let ambiguous: Set<Int>
  /// The graphs of the functions.
  let graphs: [Int]

  /// The functions of a model.
  init(_ model: ONNXModel, _ index: ValueIndex) {
    var named: [Name: [Int]] = [:]
    var owner: [Int?] = []
    var graphs: [Int] = []
    for (number, graph) in model.graphs.enumerated() {
      if case .function(let domain, let name, _) = graph.role {
        named[Name(domain: TensorName(domain), name: TensorName(name)), default: []].append(number)
        graphs.append(number)
        owner.append(number)
      } else {
        owner.append(model.parent(of: number).flatMap { owner[$0] })
      }
    }
    var calls: [Int?: [Int]] = [:]
    var callee: [Int: Int] = [:]
    var ambiguous: Set<Int> = []
    if !named.isEmpty {
      for (number, graph) in model.graphs.enumerated() {
        for (offset, node) in graph.nodes.enumerated() {
          let name = Name(domain: TensorName(node.domain), name: TensorName(node.operation))
          guard let candidates = named[name] else { continue }
          let call = index.firstNode[number] + offset
          guard candidates.count == 1 else {
            ambiguous.insert(call)
            continue
          }
          callee[call] = candidates[0]
          calls[owner[number], default: []].append(call)
        }
      }
    }
    self.owner = owner
    self.calls = calls
    self.callee = callee
    self.ambiguous = ambiguous
    self.graphs = graphs
  }
}
