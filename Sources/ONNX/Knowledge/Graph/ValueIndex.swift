internal import ModelIR

/// Every value of a model by a number, and every name resolved to one.
///
/// Values are numbered without a table: outputs of nodes first, then inputs of graphs, then stored tensors.
/// Nodes are numbered through all graphs. All lists are flat, so that memory is a few words per name.
struct ValueIndex {
  /// Where a value comes from.
  enum Origin {
    /// An output of a node.
    case output(node: Int)
    /// An input of a graph.
    case formal(graph: Int, position: Int)
    /// A stored tensor.
    case tensor(Int)
  }

  /// A place where a value is read: a node, and the position among its inputs.
  struct Reader {
    var node: Int
    var input: Int
  }

  /// For each graph the number of its first node; one entry more at the end.
  let firstNode: [Int]
  /// For each node its graph.
  let graphOfNode: [Int]
  /// For each node the place of its first input in ``inputs``; one entry more at the end.
  let firstInput: [Int]
  /// For each node its first output, which is also that output's value; one entry more at the end.
  let firstOutput: [Int]
  /// For each graph the value of its first input.
  let firstFormal: [Int]
  /// For each output its node.
  private let nodeOfOutput: [Int]
  /// For each graph input its graph.
  private let graphOfFormal: [Int]
  /// The number of stored tensors.
  private let tensorCount: Int

  /// For each input of each node the value that it reads, or nil where it is left out or named nowhere.
  var inputs: [Int?]
  /// For each graph the values of its outputs.
  var results: [[Int?]]
  /// For each value its place in ``readers``; one entry more at the end.
  private(set) var firstReader: [Int] = []
  /// Who reads each value, values in order.
  private(set) var readers: [Reader] = []
  /// For each value that is an output of graphs, which and where.
  private(set) var resultPlaces: [Int: [(graph: Int, position: Int)]] = [:]

  /// Numbers the values of a model. No name is resolved yet.
  init(numbering model: ONNXModel) {
    var (firstNode, firstInput, firstOutput) = ([0], [0], [0])
    var (graphOfNode, nodeOfOutput, graphOfFormal, firstFormal) = ([Int](), [Int](), [Int](), [Int]())
    for (number, graph) in model.graphs.enumerated() {
      for node in graph.nodes {
        nodeOfOutput.append(contentsOf: repeatElement(graphOfNode.count, count: node.outputs.count))
        graphOfNode.append(number)
        firstInput.append((firstInput.last ?? 0) + node.inputs.count)
        firstOutput.append(nodeOfOutput.count)
      }
      firstNode.append(graphOfNode.count)
      firstFormal.append(graphOfFormal.count)
      graphOfFormal.append(contentsOf: repeatElement(number, count: graph.inputs.count))
    }
    self.firstNode = firstNode
    self.graphOfNode = graphOfNode
    self.firstInput = firstInput
    self.firstOutput = firstOutput
    self.firstFormal = firstFormal.map { $0 + nodeOfOutput.count }
    self.nodeOfOutput = nodeOfOutput
    self.graphOfFormal = graphOfFormal
    tensorCount = model.tensors.count
    inputs = Array(repeating: nil, count: firstInput.last ?? 0)
    results = model.graphs.map { Array(repeating: nil, count: $0.outputs.count) }
  }

  /// The number of values.
  var valueCount: Int { nodeOfOutput.count + graphOfFormal.count + tensorCount }

  /// The value of a stored tensor that is an initializer.
  func value(ofTensor tensor: Int) -> Int { nodeOfOutput.count + graphOfFormal.count + tensor }

  /// Where a value comes from.
  func origin(of value: Int) -> Origin {
    if value < nodeOfOutput.count { return .output(node: nodeOfOutput[value]) }
    let formal = value - nodeOfOutput.count
    guard formal < graphOfFormal.count else { return .tensor(formal - graphOfFormal.count) }
    let graph = graphOfFormal[formal]
    return .formal(graph: graph, position: value - firstFormal[graph])
  }

  /// The value that a node reads at a position, if any.
  func input(_ position: Int, of node: Int) -> Int? {
    let place = firstInput[node] + position
    return place < firstInput[node + 1] ? inputs[place] : nil
  }

  /// The number of a node's inputs, those left out in between included.
  func inputCount(of node: Int) -> Int { firstInput[node + 1] - firstInput[node] }

  /// The number of places where values are read.
  var readerCount: Int { inputs.count }

  /// The value that a node defines at a position, if any.
  func output(_ position: Int, of node: Int) -> Int? {
    let value = firstOutput[node] + position
    return value < firstOutput[node + 1] ? value : nil
  }

  /// Who reads a value.
  func readers(of value: Int) -> ArraySlice<Reader> { readers[firstReader[value]..<firstReader[value + 1]] }

  /// Turns the resolved names around: from values to their readers.
  mutating func indexReaders() {
    var counts = [Int](repeating: 0, count: valueCount + 1)
    for case .some(let value) in inputs { counts[value + 1] += 1 }
    for value in 0..<valueCount { counts[value + 1] += counts[value] }
    firstReader = counts
    readers = Array(repeating: Reader(node: 0, input: 0), count: counts[valueCount])
    for node in graphOfNode.indices {
      for place in firstInput[node]..<firstInput[node + 1] {
        guard let value = inputs[place] else { continue }
        readers[counts[value]] = Reader(node: node, input: place - firstInput[node])
        counts[value] += 1
      }
    }
    for (graph, values) in results.enumerated() {
      for (position, value) in values.enumerated() {
        if let value { resultPlaces[value, default: []].append((graph, position)) }
      }
    }
  }
}
