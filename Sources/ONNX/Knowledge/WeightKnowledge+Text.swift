extension WeightKnowledge {
  /// The most kinds of consumer that ``consumers`` names.
  private static let mostNamed = 4

  /// Who reads it, for people: `MatMul via DequantizeLinear, Transpose (x3); Gather`. The names of operators are
  /// the file's: escape them before they reach a terminal.
  package var consumers: String {
    struct Consumer: Hashable {
      var operation: String
      var path: [PathStep]
      var omitted: Bool
    }
    var order: [Consumer] = []
    var counts: [Consumer: Int] = [:]
    for use in uses {
      let consumer = Consumer(operation: use.operation, path: use.path, omitted: use.omittedSteps > 0)
      if counts[consumer] == nil { order.append(consumer) }
      counts[consumer, default: 0] += 1
    }
    var parts = order.prefix(Self.mostNamed).map { consumer in
      var text = consumer.operation
      if !consumer.path.isEmpty {
        text += " via " + Self.text(of: consumer.path) + (consumer.omitted ? ", ..." : "")
      }
      if let count = counts[consumer], count > 1 { text += " (x\(count))" }
      return text
    }
    if order.count > Self.mostNamed { parts.append("\(order.count - Self.mostNamed) more") }
    return parts.joined(separator: "; ")
  }

  /// The steps in words, with runs of the same named once.
  static func text(of path: [PathStep]) -> String {
    var parts: [(step: PathStep, count: Int)] = []
    for step in path {
      if let last = parts.indices.last, parts[last].step == step {
        parts[last].count += 1
      } else {
        parts.append((step, 1))
      }
    }
    return parts.map { $0.count > 1 ? "\($0.step.rawValue) x\($0.count)" : $0.step.rawValue }
      .joined(separator: ", ")
  }
}
