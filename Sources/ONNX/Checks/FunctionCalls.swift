internal import ModelIR

/// Which functions of a model call which.
///
/// What follows calls may do so without a limit of its own: they never come back to a function, and they are at
/// most ``deepest`` deep. (onnx 1.23, `checker.cc`, has both rules.)
struct FunctionCalls {
  /// The deepest chain of calls: that of onnx's own checker.
  static let deepest = 100

  private struct Key: Hashable {
    var domain: TensorName
    var name: TensorName
    var overload: TensorName

    init(_ domain: String, _ name: String, _ overload: String) {
      self.domain = TensorName(domain)
      self.name = TensorName(name)
      self.overload = TensorName(overload)
    }
  }

  /// The graphs that are functions, as far as any name means them.
  private var functions: [Key: Int] = [:]
  /// For each graph the functions that it calls, with those of the bodies in it; kept for functions alone.
  private var calls: [[Int]]

  /// The calls of a model; nothing is gathered of one without functions.
  init(_ model: ONNXModel) {
    calls = Array(repeating: [], count: model.graphs.count)
    for (index, graph) in model.graphs.enumerated() {
      if case .function(let domain, let name, let overload) = graph.role {
        functions[Key(domain, name, overload)] = index
      }
    }
    if functions.isEmpty { return }
    // A body comes after the graph that encloses it.
    var owners: [Int] = []
    for (index, graph) in model.graphs.enumerated() {
      let owner = graph.parent.map { owners[$0] } ?? index
      owners.append(owner)
      guard case .function = model.graphs[owner].role else { continue }
      for node in graph.nodes {
        if let called = functions[Key(node.domain, node.operation, node.overload)],
          calls[owner].last != called
        {
          calls[owner].append(called)
        }
      }
    }
  }

  /// What is wrong with the calls: the function, and the rule.
  func finding(_ name: (Int) -> String) -> (function: Int, rule: ONNXFault.Rule)? {
    var heights = [Int](repeating: 0, count: calls.count)
    var isOpen = [Bool](repeating: false, count: calls.count)
    for start in functions.values.sorted() where heights[start] == 0 {
      // An explicit stack: how many functions a chain has is the file's choice.
      var stack = [(function: start, next: 0)]
      isOpen[start] = true
      while let (function, next) = stack.last {
        guard next < calls[function].count else {
          heights[function] = 1 + (calls[function].map { heights[$0] }.max() ?? 0)
          if heights[function] > Self.deepest { return (function, .callsTooDeep(limit: Self.deepest)) }
          isOpen[function] = false
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        let called = calls[function][next]
        if isOpen[called] { return (called, .recursiveFunction(name(called))) }
        if heights[called] == 0 {
          isOpen[called] = true
          stack.append((called, 0))
        }
      }
    }
    return nil
  }
}

extension ModelWalk {
  /// Refuses functions that call themselves.
  func checkFunctionCalls() throws {
    guard let finding = FunctionCalls(model).finding({ model.graphs[$0].name }) else { return }
    let frame = structure.graphs[finding.function].frames.first
    throw fault(finding.rule, "functions", at: frame.map { structure.frames[Int($0)].start } ?? 0)
  }
}
