internal import ONNX

/// What an ONNX model says of itself in a few words: versions, who made it, and what it has besides its main graph.
struct ONNXHeadline {
  /// Versions, producer, and numbers of graphs and functions, as far as there are any.
  private(set) var words: [String]

  private static let mostSets = 4

  /// The headline of a model.
  init(_ model: ONNXModel) {
    words = ["IR version \(model.irVersion)"]
    for (domain, version) in model.operatorSets.prefix(Self.mostSets) {
      words.append(domain.isEmpty ? "opset \(version)" : "\(domain) \(version)")
    }
    let more = model.operatorSets.count - Self.mostSets
    if more > 0 { words.append("\(more) more operator sets") }
    if !model.producer.isEmpty { words.append("made by \(model.producer.joined(separator: " "))") }
    let functions = model.graphs.count {
      if case .function = $0.role { true } else { false }
    }
    let graphs = model.graphs.count - functions
    if graphs > 1 { words.append("\(graphs) graphs") }
    if functions > 0 { words.append("\(functions) \(functions == 1 ? "function" : "functions")") }
  }
}
