internal import ModelIR

extension WeightWalk {
  /// What a node does with a value that it reads.
  mutating func visit(_ reader: ValueIndex.Reader, at position: Position) {
    let number = reader.node
    if !lookups.functions.graphs.isEmpty {
      if lookups.functions.callee[number] != nil { return enter(call: reader, at: position) }
      if lookups.functions.ambiguous.contains(number) {
        return record(.unknown, node: number, input: reader.input, at: position, absence: .unknownOperator)
      }
    }
    let node = lookups.node(number)
    guard let entry = OperatorTable.entry(domain: node.domain, operation: node.operation) else {
      return record(.unknown, node: number, input: reader.input, at: position, absence: .unknownOperator)
    }
    // Looking an attribute up costs its place in the list.
    guard node.attributes.count < 64 || take(node.attributes.count / 16) else { return }
    if let operand = entry.operands[reader.input], !position.isRequantized {
      quantize(operand, reader, at: position)
    }
    let role = entry.role(at: reader.input)
    switch role {
    case .product(.packed(let form)): consume(packed: form, reader, at: position)
    case .product(let rule): consume(rule, reader, at: position)
    case .lookUp: record(.lookUp, node: number, input: reader.input, at: position, absence: .lookUp)
    case .elementwise:
      record(.elementwise, node: number, input: reader.input, at: position, absence: .elementwise)
    case .bias: record(.bias, node: number, input: reader.input, at: position, absence: .parameter)
    case .scale: record(.scale, node: number, input: reader.input, at: position, absence: .parameter)
    case .zeroPoint: record(.zeroPoint, node: number, input: reader.input, at: position, absence: .parameter)
    case .shape: record(.shape, node: number, input: reader.input, at: position, absence: .parameter)
    case .parameter: record(.parameter, node: number, input: reader.input, at: position, absence: .parameter)
    case .rearranged:
      record(.rearranged, node: number, input: reader.input, at: position, absence: .lost(by: node.operation))
    case .unknown:
      record(.unknown, node: number, input: reader.input, at: position, absence: .unknownOperator)
    case .pass(.loop): enter(loop: reader, at: position)
    case .pass(.scan): enter(scan: reader, at: position)
    case .pass(let step): pass(step, reader, at: position)
    }
  }

  /// A product that takes the value as it is.
  private mutating func consume(_ rule: ProductRule, _ reader: ValueIndex.Reader, at position: Position) {
    func lost() -> AxisAbsence { .lost(by: position.view.lostBy ?? "Reshape") }
    guard let axes = position.view.axes else {
      return record(.product, node: reader.node, input: reader.input, at: position, absence: lost())
    }
    if rule == .einsum, !take(64) { return }
    let summed = lookups.summedAxes(
      rule,
      rank: axes.count,
      input: reader.input,
      node: reader.node,
      context: position.context
    )
    var stored: [Int] = []
    var absence = summed.absence
    for axis in summed.axes where axes.indices.contains(axis) {
      if let source = axes[axis].source {
        stored.append(source)
      } else if axes[axis].extent != 1 {
        absence = lost()
      }
    }
    // An axis that was put in has extent 1: the sum over it is no sum.
    if stored.isEmpty, absence == nil { absence = .outerProduct }
    record(
      summed.isRearrangement ? .rearranged : .product,
      node: reader.node,
      input: reader.input,
      at: position,
      axes: absence == nil ? stored.sorted() : [],
      axisName: summed.name,
      absence: absence
    )
  }

  /// An operator that hands the value on.
  private mutating func pass(_ step: PathStep, _ reader: ValueIndex.Reader, at position: Position) {
    guard let output = lookups.index.output(0, of: reader.node) else { return }
    var next = position.behind(step, value: output)
    let (node, context) = (reader.node, position.context)
    switch step {
    case .transpose:
      switch lookups.attribute("perm", of: node, in: context) {
      case .absent: next.view.transpose(nil)
      case .value(.integers(let order)): next.view.transpose(order)
      case .value, .unknown: next.view.lose(by: "Transpose")
      }
    case .reshape:
      let allowsZero = lookups.integer("allowzero", of: node, in: context, default: 0)
      if let target = axes(at: 1, or: "shape", of: node, in: context), let allowsZero {
        next.view.reshape(target, allowsZero: allowsZero != 0)
      } else {
        next.view.lose(by: "Reshape")
      }
    case .flatten:
      if let axis = lookups.integer("axis", of: node, in: context, default: 1) {
        next.view.flatten(at: axis)
      } else {
        next.view.lose(by: "Flatten")
      }
    case .squeeze, .unsqueeze:
      let list = axes(at: 1, or: "axes", of: node, in: context)
      if let list {
        if step == .squeeze { next.view.squeeze(list) } else { next.view.unsqueeze(list) }
      } else if step == .squeeze, lookups.index.inputCount(of: node) < 2,
        case .absent = lookups.attribute("axes", of: node, in: context)
      {
        next.view.squeeze(nil)
      } else {
        next.view.lose(by: step.rawValue)
      }
    case .dequantize, .quantize:
      quantize(step, reader, at: position)
      next.isRequantized = true
    default: break
    }
    proceed(next)
  }

  /// A list of integers that is an input, or in older operator sets an attribute.
  private func axes(at position: Int, or name: String, of node: Int, in context: Int) -> [Int64]? {
    if lookups.index.input(position, of: node) != nil {
      return lookups.integers(at: position, of: node, in: context)
    }
    guard case .value(.integers(let list)) = lookups.attribute(name, of: node, in: context) else {
      return nil
    }
    return list
  }
}
