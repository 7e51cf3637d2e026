/// The ways in which control comes to the body of a function: each call of each call is a context of its own, so
/// that inputs and attributes by reference mean what that call gives.
///
/// Context 0 is everything outside of functions. A function that nothing calls, or whose calls are too many or
/// recursive, has one context without a caller.
struct CallContexts {
  /// A context.
  struct Context {
    /// The function's graph; nil for context 0.
    var function: Int?
    /// The context of the call; nil where the caller is not known.
    var caller: Int?
    /// The calling node.
    var call: Int?
    /// How many calls lie between it and context 0.
    var depth: Int
  }

  private struct Call: Hashable {
    var context: Int
    var node: Int
  }

  /// The most contexts. Calls beyond it are not followed.
  static let limit = 1 << 16
  /// The deepest chain of calls: the limit of `onnx.checker`.
  static let deepest = 100

  /// All of them.
  private(set) var all = [Context(function: nil, caller: nil, call: nil, depth: 0)]
  /// For each function its contexts.
  private(set) var ofFunction: [Int: [Int]] = [:]
  /// Whether some call is not followed.
  private(set) var isComplete = true
  private var children: [Call: Int] = [:]

  /// The contexts of a model's functions.
  init(_ functions: Functions) {
    var next = 0
    while next < all.count {
      expand(next, functions)
      next += 1
    }
    for function in functions.graphs where ofFunction[function] == nil {
      ofFunction[function] = [all.count]
      all.append(Context(function: function, caller: nil, call: nil, depth: 0))
    }
  }

  /// Adds the contexts that the calls in a context make.
  private mutating func expand(_ context: Int, _ functions: Functions) {
    for call in functions.calls[all[context].function] ?? [] {
      guard let function = functions.callee[call] else { continue }
      guard all.count < Self.limit, all[context].depth < Self.deepest, !isInside(function, context) else {
        isComplete = false
        if all.count >= Self.limit { return }
        continue
      }
      children[Call(context: context, node: call)] = all.count
      ofFunction[function, default: []].append(all.count)
      all.append(Context(function: function, caller: context, call: call, depth: all[context].depth + 1))
    }
  }

  /// Whether a context lies in the function already: ONNX allows no recursion.
  private func isInside(_ function: Int, _ context: Int) -> Bool {
    var current: Int? = context
    while let context = current {
      if all[context].function == function { return true }
      current = all[context].caller
    }
    return false
  }

  /// The context of a call that is made in a context; nil where it is not followed.
  func context(of call: Int, in context: Int) -> Int? { children[Call(context: context, node: call)] }
}
