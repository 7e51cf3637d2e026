internal import ModelIR

/// Weights as PyTorch keeps semi-structured ones for CUTLASS.
extension Assembly {
  /// Decodes pairs of kept values and metadata as torch's semi-structured tensors keep them.
  mutating func resolveCutlass() throws {
    var changes: [Int: [Tensor]] = [:]
    let modules = PartTable(tensors).modules.filter { $0[.packed] != nil && $0[.meta] != nil }
    guard !modules.isEmpty else { return }
    let names = Set(tensors.map(\.name))
    for module in modules {
      // Nothing but the shapes tells such a pair from two tensors of these names.
      guard let packedIndex = module[.packed], let metaIndex = module[.meta] else { continue }
      let (packed, meta) = (tensors[packedIndex], tensors[metaIndex])
      guard
        let tiling = CutlassTiling.matches(
          packed: (packed.elementType, packed.shape),
          meta: (meta.elementType, meta.shape)
        ),
        case .dense(let packedRegion) = packed.storage, case .dense(let metaRegion) = meta.storage,
        let shape = Shape([tiling.rows, tiling.columns]),
        !names.contains(TensorName(module.name))
      else { continue }
      let values = CutlassValues(
        tiling,
        packed: StoredPart(region: packedRegion, source: source(of: packed)),
        meta: StoredPart(region: metaRegion, source: source(of: meta)),
        tensor: meta.name
      )
      let name = TensorName(module.name)
      changes[packedIndex] = [
        try decodedTensor(name, packed.elementType, shape, from: values, blaming: packed)
      ]
      changes[metaIndex] = []
      facts.cutlassPairs += 1
    }
    replace(changes)
  }
}
