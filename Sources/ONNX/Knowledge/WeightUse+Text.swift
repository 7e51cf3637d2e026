internal import ModelIR

extension WeightUse {
  /// The evidence in words, for people: `MatMul "fc1", input 1 via Transpose: K is axis 1`. Names are the file's:
  /// escape the line before it reaches a terminal.
  package func evidence(in model: ONNXModel) -> String {
    var text = model.title(ofNode: node, in: graph)
    if let input { text += ", input \(input)" }
    if !path.isEmpty {
      text +=
        " via " + WeightKnowledge.text(of: path) + (omittedSteps > 0 ? ", and \(omittedSteps) more" : "")
    }
    guard absence == nil else { return text + ": " + (absence?.description ?? "") }
    let names = axes.map(String.init).joined(separator: ", ")
    let isMany = axes.count > 1
    text +=
      ": \(axisName) \(isMany ? "are axes" : axisName == "input channels" ? "are axis" : "is axis") \(names)"
    if let logicalShape { text += " of \(logicalShape)" }
    return text
  }
}

extension ONNXModel {
  /// A node as people name it: `MatMul "fc1"`, or `MatMul (node 7)` where it has no name.
  func title(ofNode node: Int, in graph: Int) -> String {
    guard graphs.indices.contains(graph), graphs[graph].nodes.indices.contains(node) else {
      return "node \(node)"
    }
    let found = graphs[graph].nodes[node]
    return found.operation + (found.name.isEmpty ? " (node \(node))" : " \"\(found.name)\"")
  }
}
