internal import ModelIR

/// Masks that pruning tools keep beside weights which they have not masked yet.
extension Assembly {
  /// The endings of a mask's name, and of the weight's that it belongs to.
  private static let pairs: [(mask: String, weight: String)] = [
    // torch.nn.utils.prune
    (".weight_mask", ".weight_orig"),
    // NVIDIA apex, contrib/sparsity/asp.py
    (".__weight_mma_mask", ".weight"),
    // NVIDIA ModelOpt, sparsity/weight_sparsity/module.py
    ("._weight_mask", ".weight"),
    // torch.ao.pruning
    (".parametrizations.weight.0.mask", ".parametrizations.weight.original"),
  ]

  /// Gives each weight that stands beside a mask a view with the mask applied.
  mutating func resolveMasks() throws {
    let found = tensors.indices.compactMap { index -> (mask: Int, weight: TensorName)? in
      guard PartName.part(of: tensors[index].name) != nil else { return nil }
      let name = tensors[index].name.text
      return Self.pairs.first { name.hasSuffix($0.mask) }.map {
        (index, TensorName(String(name.dropLast($0.mask.count)) + $0.weight))
      }
    }
    guard !found.isEmpty else { return }
    var places: [TensorName: Int] = [:]
    for (index, tensor) in tensors.enumerated() { places[tensor.name] = index }
    for (maskIndex, weightName) in found {
      let mask = tensors[maskIndex]
      guard let index = places[weightName], tensors[index].shape == mask.shape,
        tensors[index].elementType.isFloatingPoint, mask.shape.rank >= 1,
        let weightValues = StoredMatrix(tensors[index], in: source(of: tensors[index])),
        let maskValues = StoredMatrix(mask, in: source(of: mask))
      else { continue }
      let weight = tensors[index]
      let masked = try decodedTensor(
        weight.name,
        weight.elementType,
        weight.shape,
        from: MaskedValues(weightValues, mask: maskValues),
        blaming: weight
      )
      tensors[index].views = TensorViews(codes: weight.views?.codes, masked: masked, mask: mask.name)
      facts.masks += 1
    }
  }
}
