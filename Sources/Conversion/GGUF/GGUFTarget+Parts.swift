internal import Dialect
internal import GGUF
internal import ModelIR
internal import Safetensors

/// What a tensor in some layout is in a GGUF file.
extension GGUFTarget {
  /// The tensors of the file that make it up, in the order of the layout's parts; nil where GGUF lacks a type.
  /// - Parameter plain: the same as they would be in safetensors.
  func parts(of tensor: Tensor, in layout: Layout, _ plain: [SafetensorsPlan.Part]) -> [GGUFPlan.Part]? {
    let form = PartForm.gguf
    if layout == .dense {
      guard Self.holdsDense(tensor), let type = tensor.blockType ?? GGMLType(tensor.elementType) else {
        return nil
      }
      let name = names.stem(of: tensor.name, in: layout)
      return [
        GGUFPlan.Part(name: name, type: type, dims: form.shape(of: tensor.logicalShape).extents.reversed())
      ]
    }
    let parts = zip(LayoutParts.roles(of: layout), plain).compactMap { role, part in
      form.type(of: part.elementType).flatMap { GGMLType($0) }.map { type in
        GGUFPlan.Part(
          name: names.name(role, of: tensor.name, in: layout),
          type: type,
          dims: form.shape(of: part.shape).extents.reversed()
        )
      }
    }
    return parts.count == plain.count ? parts : nil
  }

  /// The manifest's entry for a tensor in some layout.
  func manifestEntry(of tensor: Tensor, in layout: Layout) -> Manifest.Entry {
    var entry = OutputPart.manifestEntry(of: tensor, in: layout)
    entry.parts = LayoutParts.roles(of: layout).map { names.name($0, of: tensor.name, in: layout) }
    if layout == .dense {
      let name = names.stem(of: tensor.name, in: layout)
      entry.alias = name == tensor.name ? nil : name
    }
    return entry
  }

  /// Whether a tensor is in the file under its own name, with its own shape.
  func isPlain(_ tensor: Tensor, in layout: Layout) -> Bool {
    layout == .dense && names.stem(of: tensor.name, in: layout) == tensor.name
      && PartForm.gguf.shape(of: tensor.logicalShape) == tensor.logicalShape
  }
}
