internal import CompressedTensors
internal import Dialect
internal import ModelIR
internal import Safetensors

/// What a tensor in some layout is in a safetensors file.
enum OutputPart {
  /// The tensors of the file that a decision makes of a tensor, in the order in which they are written.
  static func parts(of tensor: Tensor, _ decision: LayoutDecision) -> [SafetensorsPlan.Part] {
    if let form = decision.form {
      guard let parts = form.parts(of: tensor, nnz: decision.nnz) else {
        preconditionFailure("the planner lets no form through that has no size")
      }
      return parts.map { SafetensorsPlan.Part(name: $0.name, elementType: $0.elementType, shape: $0.shape) }
    }
    return decision.isKept
      ? keptParts(of: tensor) : parts(of: tensor, in: decision.layout, nnz: decision.nnz)
  }

  /// The tensors of the file that make it up, in the order of the layout's parts.
  static func parts(of tensor: Tensor, in layout: Layout, nnz: UInt64) -> [SafetensorsPlan.Part] {
    if layout == .dense {
      return [
        SafetensorsPlan.Part(name: tensor.name, elementType: tensor.elementType, shape: tensor.shape)
      ]
    }
    let parts = LayoutParts.parts(
      of: layout,
      elementType: tensor.elementType,
      shape: tensor.shape,
      nnz: nnz
    ) { LayoutParts.safetensorsName($0, of: tensor.name) }
    guard let parts else { preconditionFailure("the planner lets no layout through that has no size") }
    return parts.map { SafetensorsPlan.Part(name: $0.name, elementType: $0.elementType, shape: $0.shape) }
  }

  /// The parts of a tensor that goes out as it is stored.
  static func keptParts(of tensor: Tensor) -> [SafetensorsPlan.Part] {
    let width = UInt64(tensor.elementType.byteWidth ?? 1)
    switch tensor.storage {
    case .dense: return parts(of: tensor, in: .dense, nnz: 0)
    case .bitmask(_, let values): return parts(of: tensor, in: .bitmask, nnz: values.byteCount / width)
    case .nm(let pattern, _, _): return parts(of: tensor, in: .nm(pattern), nnz: 0)
    case .csr(_, let offsetWidth, _, let columnWidth, let values):
      var kept = parts(of: tensor, in: .csr, nnz: values.byteCount / width)
      // Another writer may have taken wider indices than ours would.
      kept[0].elementType = offsetWidth.elementType
      kept[1].elementType = columnWidth.elementType
      return kept
    }
  }

  /// The manifest's entry for a tensor in some layout.
  static func manifestEntry(of tensor: Tensor, in layout: Layout) -> Manifest.Entry {
    Manifest.Entry(
      name: tensor.name,
      elementType: tensor.elementType,
      shape: tensor.shape,
      layout: layout,
      parts: LayoutParts.roles(of: layout).map { LayoutParts.safetensorsName($0, of: tensor.name) },
      quantization: tensor.quantization
    )
  }
}
