internal import ModelIR

/// Resolves every name of a model lexically: a graph's own names first, then those of the graphs around it.
///
/// One table of names serves all graphs: entering a graph puts its names in, leaving it takes them out again, so
/// that a look-up costs the same at any depth. A name that a graph defines twice means the first definition;
/// initializers count before inputs (of which they are the defaults), inputs before the outputs of nodes.
struct NameScopes {
  /// What a name means at the moment.
  private struct Meaning {
    var value: Int
    /// The graph that says so.
    var graph: Int
  }

  private let model: ONNXModel
  private var names: NameTable
  /// What each name means at the moment, by its number.
  private var meanings: [Meaning?] = []
  /// What the names of entered graphs meant before, innermost last.
  private var hidden: [(name: Int, meaning: Meaning?)] = []
  /// The values as far as they are resolved.
  private(set) var index: ValueIndex
  /// What annotations say, resolved.
  private(set) var annotations: [ResolvedAnnotation] = []

  /// A model's names, all resolved.
  init(_ model: ONNXModel) {
    self.model = model
    index = ValueIndex(numbering: model)
    names = NameTable(expecting: index.valueCount)
    meanings.reserveCapacity(index.valueCount)
    var children = [[Int]](repeating: [], count: model.graphs.count)
    var roots: [Int] = []
    for graph in model.graphs.indices {
      if let parent = model.parent(of: graph) { children[parent].append(graph) } else { roots.append(graph) }
    }
    // An explicit stack: how deep graphs nest is the file's choice.
    enum Step { case enter(Int), leave(hidden: Int) }
    var steps = roots.reversed().map { Step.enter($0) }
    while let step = steps.popLast() {
      switch step {
      case .enter(let graph):
        steps.append(.leave(hidden: hidden.count))
        define(graph)
        resolve(graph)
        steps += children[graph].reversed().map { Step.enter($0) }
      case .leave(let count):
        while hidden.count > count, let (name, meaning) = hidden.popLast() { meanings[name] = meaning }
      }
    }
    index.indexReaders()
  }

  /// Puts in what a graph defines.
  private mutating func define(_ number: Int) {
    let graph = model.graphs[number]
    for tensor in graph.initializers where model.tensors.indices.contains(tensor) {
      define(model.tensors[tensor].name, as: index.value(ofTensor: tensor), in: number)
    }
    for (position, name) in graph.inputs.enumerated() {
      define(name, as: index.firstFormal[number] + position, in: number)
    }
    for (offset, node) in graph.nodes.enumerated() {
      let first = index.firstOutput[index.firstNode[number] + offset]
      for (position, name) in node.outputs.enumerated() { define(name, as: first + position, in: number) }
    }
  }

  private mutating func define(_ text: String, as value: Int, in graph: Int) {
    guard !text.isEmpty else { return }
    let name = number(of: text)
    let before = meanings[name]
    if before?.graph == graph { return }
    hidden.append((name, before))
    meanings[name] = Meaning(value: value, graph: graph)
  }

  /// Looks up what a graph reads.
  private mutating func resolve(_ number: Int) {
    let graph = model.graphs[number]
    var place = index.firstInput[index.firstNode[number]]
    for node in graph.nodes {
      for name in node.inputs {
        index.inputs[place] = value(name)
        place += 1
      }
    }
    for (position, name) in graph.outputs.enumerated() { index.results[number][position] = value(name) }
    for annotation in graph.annotations {
      guard let value = value(annotation.tensor) else { continue }
      func name(_ key: String) -> String { annotation.parameters.first { $0.key == key }?.value ?? "" }
      annotations.append(
        ResolvedAnnotation(
          graph: number,
          value: value,
          scale: self.value(name("SCALE_TENSOR")),
          zeroPoint: self.value(name("ZERO_POINT_TENSOR"))
        )
      )
    }
  }

  private mutating func value(_ name: String) -> Int? {
    name.isEmpty ? nil : meanings[number(of: name)]?.value
  }

  private mutating func number(of text: String) -> Int {
    let number = names.number(of: text)
    if number == meanings.count { meanings.append(nil) }
    return number
  }
}

/// A `quantization_annotation` with its names resolved to values.
struct ResolvedAnnotation {
  /// The graph that holds it.
  var graph: Int
  /// The annotated value.
  var value: Int
  /// The value of `SCALE_TENSOR`.
  var scale: Int?
  /// The value of `ZERO_POINT_TENSOR`.
  var zeroPoint: Int?
}

extension ONNXModel {
  /// The graph around a graph, where there is one that its names are looked up in: functions see nothing outside,
  /// and a graph cannot stand in a later one.
  func parent(of graph: Int) -> Int? {
    if case .function = graphs[graph].role { return nil }
    return graphs[graph].parent.flatMap { $0 >= 0 && $0 < graph ? $0 : nil }
  }
}
