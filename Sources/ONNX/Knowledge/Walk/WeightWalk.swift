internal import ModelIR

/// Follows each stored tensor forward to the nodes that use it.
///
/// A value has one producer, and operators that hand a tensor on have one input that they hand on; so paths that
/// start at a stored tensor meet only behind branches and loops, and only there is looked whether a value was seen
/// before. No step is recursive, and all steps together are limited.
struct WeightWalk {
  /// A value on the way.
  struct Position {
    /// The value.
    var value: Int
    /// The context of calls that it is seen in.
    var context: Int
    /// How it lies over the stored tensor.
    var view: TensorView
    /// What lies behind, as far as kept.
    var path: [PathStep] = []
    /// The steps that are not kept.
    var omitted = 0
    /// Whether it was quantized or dequantized on the way.
    var isRequantized = false

    /// The same behind one more operator.
    func behind(_ step: PathStep, value: Int, context: Int? = nil) -> Position {
      var next = self
      next.value = value
      if let context { next.context = context }
      if path.count < WeightUse.longestPath { next.path.append(step) } else { next.omitted += 1 }
      return next
    }
  }

  /// A value behind a branch or loop, as it was seen.
  private struct Meeting: Hashable {
    var value: Int
    var context: Int
  }

  /// The most ways of turning a tensor that are followed through one branch or loop.
  private static let mostViews = 8

  let lookups: GraphLookups
  /// The stored tensor.
  private(set) var tensor = 0
  /// The shape of what is made of it, where that is followed instead.
  private var madeShape: Shape?
  /// What is known of it.
  var knowledge = WeightKnowledge()
  /// The positions that are yet to be looked at.
  private var pending: [Position] = []
  private var met: [Meeting: [TensorView]] = [:]
  private var kinds: Set<WeightUse.Kind> = []
  private var distinctUses: Set<WeightUse> = []
  private var distinctForms: Set<UseForm> = []
  /// The steps that all tensors together have left.
  private var steps: Int
  /// Constants in functions that take their tensor from the call, by function.
  private let references: [Int: [Reference]]

  /// What makes a use worth keeping when there are very many.
  private struct UseForm: Hashable {
    var kind: WeightUse.Kind
    var axes: [Int]
    var absence: AxisAbsence?
  }

  /// A Constant whose tensor is an attribute of the function.
  private struct Reference {
    var attribute: String
    var node: Int
  }

  /// A walk through a model, without any steps done.
  init(_ lookups: GraphLookups) {
    self.lookups = lookups
    steps = 4 * lookups.index.readerCount + 4 * lookups.model.tensors.count + 1 << 18
    var references: [Int: [Reference]] = [:]
    if !lookups.functions.graphs.isEmpty {
      for (number, graph) in lookups.model.graphs.enumerated() {
        guard let function = lookups.functions.owner[number] else { continue }
        for (offset, node) in graph.nodes.enumerated() where node.isConstant {
          for attribute in node.attributes.prefix(4) {
            guard case .reference(let name) = attribute.value else { continue }
            references[function, default: []].append(
              Reference(attribute: name, node: lookups.index.firstNode[number] + offset)
            )
          }
        }
      }
    }
    self.references = references
  }

  /// What the graph says of a tensor.
  mutating func knowledge(of number: Int) -> WeightKnowledge {
    clear(number)
    start()
    knowledge.role = TensorRole(kinds: kinds)
    return knowledge
  }

  /// What the graph says of a tensor that nodes put together.
  mutating func knowledge(of expansion: BitmaskExpansion) -> WeightKnowledge {
    clear(expansion.values)
    guard let shape = Shape(expansion.extents), let last = expansion.nodes.last,
      let value = lookups.index.output(0, of: lookups.index.firstNode[expansion.graph] + last)
    else { return knowledge }
    madeShape = shape
    defer { madeShape = nil }
    for context in contexts(of: expansion.graph) {
      lookups.dependedOnContext = false
      follow(Position(value: value, context: context, view: TensorView(shape)))
      if !lookups.dependedOnContext || !knowledge.isComplete { break }
    }
    knowledge.role = TensorRole(kinds: kinds)
    return knowledge
  }

  private mutating func clear(_ number: Int) {
    tensor = number
    knowledge = WeightKnowledge()
    kinds.removeAll()
    met.removeAll()
    distinctUses.removeAll()
    distinctForms.removeAll()
  }

  /// The contexts of calls that the values of a graph are seen in.
  private func contexts(of graph: Int) -> [Int] {
    lookups.functions.owner[graph].map { lookups.contexts.ofFunction[$0] ?? [] } ?? [0]
  }

  /// Whether so many steps are left, which are then taken.
  mutating func take(_ count: Int = 1) -> Bool {
    steps -= count
    if steps >= 0 { return true }
    knowledge.isComplete = false
    return false
  }

  /// The shape that is stored.
  var shape: Shape { madeShape ?? lookups.model.tensors[tensor].shape }

  private mutating func start() {
    let stored = lookups.model.tensors[tensor]
    guard lookups.model.graphs.indices.contains(stored.graph) else { return }
    let graph = stored.graph
    for context in contexts(of: graph) {
      lookups.dependedOnContext = false
      switch stored.place {
      case .initializer, .sparseInitializer:
        let value = lookups.index.value(ofTensor: tensor)
        annotate(value: value)
        follow(Position(value: value, context: context, view: TensorView(stored.shape)))
      case .attribute(let node, let name, _):
        guard lookups.model.graphs[graph].nodes.indices.contains(node) else { return }
        follow(attribute: name, of: lookups.index.firstNode[graph] + node, in: context)
      case .functionAttribute:
        // The default of an attribute that the calls of a function may set otherwise.
        return
      }
      // Other callers can only say the same.
      if !lookups.dependedOnContext || !knowledge.isComplete { break }
    }
  }

  /// Follows a tensor that is an attribute.
  private mutating func follow(attribute: String, of node: Int, in context: Int) {
    let view = TensorView(shape)
    if lookups.node(node).isConstant {
      guard lookups.constant(node, in: context) == tensor, let value = lookups.index.output(0, of: node)
      else { return }
      return follow(Position(value: value, context: context, view: view))
    }
    let place = Position(value: 0, context: context, view: view)
    guard let function = lookups.functions.callee[node] else {
      let isFilling = lookups.node(node).operation == "ConstantOfShape"
      return record(
        isFilling ? .parameter : .unknown,
        node: node,
        input: nil,
        at: place,
        absence: isFilling ? .parameter : .unknownOperator
      )
    }
    guard let inside = lookups.contexts.context(of: node, in: context) else {
      return record(.unknown, node: node, input: nil, at: place, absence: .unknownOperator)
    }
    let constants = references[function] ?? []
    guard take(constants.count) else { return }
    for constant in constants where constant.attribute == attribute {
      guard lookups.constant(constant.node, in: inside) == tensor,
        let value = lookups.index.output(0, of: constant.node)
      else { continue }
      follow(place.behind(.call, value: value, context: inside))
    }
  }

  private mutating func follow(_ position: Position) {
    pending.append(position)
    while let next = pending.popLast() {
      let count = pending.count
      leave(next)
      for reader in lookups.index.readers(of: next.value) {
        guard take() else {
          pending.removeAll()
          return
        }
        visit(reader, at: next)
      }
      pending[count...].reverse()
    }
  }

  /// Goes on at a value.
  mutating func proceed(_ position: Position) { pending.append(position) }

  /// Goes on at a value that several paths may lead to.
  mutating func proceed(meeting position: Position) {
    let meeting = Meeting(value: position.value, context: position.context)
    let seen = met[meeting] ?? []
    guard !seen.contains(position.view) else { return }
    guard seen.count < Self.mostViews else {
      knowledge.isComplete = false
      return
    }
    met[meeting] = seen + [position.view]
    pending.append(position)
  }

  /// Keeps a use.
  mutating func record(
    _ kind: WeightUse.Kind,
    node number: Int,
    input: Int?,
    at position: Position,
    axes: [Int] = [],
    axisName: String = "",
    absence: AxisAbsence?,
    logicalShape: Shape? = nil
  ) {
    kinds.insert(kind)
    let node = lookups.node(number)
    let use = WeightUse(
      graph: lookups.index.graphOfNode[number],
      node: lookups.offset(of: number),
      operation: node.operation,
      domain: node.domain,
      input: input,
      kind: kind,
      path: position.path,
      omittedSteps: position.omitted,
      axes: axes,
      axisName: axisName,
      absence: absence,
      logicalShape: logicalShape
    )
    // Only callers of the same function come here twice in the same way.
    if position.context != 0, !distinctUses.insert(use).inserted { return }
    let isNew = distinctForms.insert(UseForm(kind: kind, axes: axes, absence: absence)).inserted
    if knowledge.uses.count < WeightKnowledge.mostUses
      || isNew && knowledge.uses.count < 2 * WeightKnowledge.mostUses
    {
      knowledge.uses.append(use)
    } else {
      knowledge.omittedUses += 1
    }
  }
}
