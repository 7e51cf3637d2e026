internal import ModelIR

extension WeightWalk {
  /// The scale of an operator that has none: what its result is multiplied with, behind a `Cast`, and there the
  /// part that is stored. (The chains that SparseML and ONNX Runtime's dynamic quantization write.)
  func scaleBehind(_ node: Int, in context: Int) -> WeightQuantization.Parameter {
    var current = node
    for _ in 0..<4 {
      guard let value = lookups.index.output(0, of: current) else { return .none }
      let readers = lookups.index.readers(of: value)
      guard readers.count == 1, let reader = readers.first else { return .none }
      let next = lookups.node(reader.node)
      guard next.domain.isEmpty else { return .none }
      switch next.operation {
      case "Cast", "Identity": current = reader.node
      case "Mul":
        guard reader.input < 2, let factor = lookups.index.input(1 - reader.input, of: reader.node) else {
          return .none
        }
        return storedFactor(factor, in: context)
      default: return .none
      }
    }
    return .none
  }

  /// The stored tensor that a value is, or is a multiple of.
  private func storedFactor(_ value: Int, in context: Int) -> WeightQuantization.Parameter {
    if let stored = lookups.storedTensor(value, in: context) { return .tensor(stored) }
    guard case .output(let producer) = lookups.index.origin(of: value) else { return .computed }
    let node = lookups.node(producer)
    guard node.domain.isEmpty, node.operation == "Mul" else { return .computed }
    let factors = (0..<2).compactMap { position in
      lookups.index.input(position, of: producer).flatMap { lookups.storedTensor($0, in: context) }
    }
    // Of two stored ones either may be the weight's.
    return factors.count == 1 ? .tensor(factors[0]) : .computed
  }

  /// How a scale lies over the weight when it is broadcast over the result.
  func granularityBehind(
    _ scale: Shape,
    _ extents: [UInt64],
    _ form: QuantizedOperand.Form
  ) -> WeightQuantization.Granularity {
    if scale.elementCount == 1 { return .tensor }
    guard case .channel(let axis) = form else { return .unknown }
    let place = axis < 0 ? extents.count + axis : axis
    guard extents.count > 1, extents.indices.contains(place), scale.elementCount == extents[place] else {
      return .unknown
    }
    // Channels of a convolution's result are axis 1, before the positions; columns are the last axis.
    let behind = axis == 0 ? extents.count - 2 : axis == -2 ? 1 : 0
    let channel = scale.rank - 1 - behind
    guard scale.extents.indices.contains(channel), scale.extents[channel] == extents[place] else {
      return .unknown
    }
    return .channel(axis: place)
  }
}
