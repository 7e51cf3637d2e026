internal import ModelIR

/// How many weights of a graph have each scale and zero point: one that several have goes with the last of them.
struct SharedParameters {
  private var users: [TensorName: Int] = [:]

  /// Counts those of all weights of `model`.
  init(_ model: Model) {
    for tensor in model.tensors {
      for name in tensor.quantization?.parameterNames ?? [] { users[name, default: 0] += 1 }
    }
  }

  /// The names of those that nothing has any more once `tensor` no longer does.
  mutating func freed(by tensor: Tensor) -> [TensorName] {
    (tensor.quantization?.parameterNames ?? []).filter { name in
      users[name, default: 0] -= 1
      return users[name] == 0
    }
  }
}

extension Quantization {
  /// The tensors beside the codes, each once.
  fileprivate var parameterNames: [TensorName] {
    var names: [TensorName] = []
    for parameter in [scale, zeroPoint, globalScale, groupIndex] {
      if case .tensor(let name)? = parameter, !names.contains(name) { names.append(name) }
    }
    return names
  }
}
