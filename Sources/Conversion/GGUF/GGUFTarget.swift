internal import Dialect
internal import GGUF
internal import ModelIR
internal import SparseCoding

/// What is known of a GGUF output before the layouts are decided.
struct GGUFTarget: Sendable {
  /// The metadata as they go out if all tensors are dense.
  let items: [MetadataItem]
  /// The names of the tensors and their parts.
  let names: GGUFNames
  /// The alignment of the data.
  let alignment: UInt64

  /// The target of a conversion of `model`.
  /// - Parameter output: the output as the user called it.
  /// - Throws: ``GGUFPlanFault`` and ``MetadataEditFault`` for metadata that cannot be, ``NoGGUFTypeFault`` for
  ///   tensors of a type that GGUF has in no layout.
  init(_ opened: OpenedModel, _ options: ConversionOptions, _ model: Model, output: String) throws {
    items = try Self.items(opened, options)
    names = GGUFNames(model.tensors)
    alignment = try GGUFPlan.alignment(of: items, file: output)
    for tensor in model.tensors where tensor.blockType == nil {
      if tensor.quantization != nil || PartForm.gguf.type(of: tensor.elementType) == nil {
        throw NoGGUFTypeFault(tensor, in: model)
      }
    }
  }

  /// The source's own metadata, or what it carried from GGUF, with the user's changes.
  private static func items(_ opened: OpenedModel, _ options: ConversionOptions) throws -> [MetadataItem] {
    var items: [MetadataItem]
    if let first = opened.gguf?.shards.first {
      items = GGUFDialect.plain(SplitPlan.merged(try first.header.items(inFile: 0, of: first.source)))
    } else {
      items = try CarriedMetadata.items(ofFile: opened.model.files.first)
    }
    if let type = options.type.flatMap({ GGUFFileType($0) }) { type.replace(in: &items) }
    for key in options.unsetKeys { try MetadataEdit.unset(key, in: &items) }
    for pair in options.setPairs { try MetadataEdit(pair).apply(to: &items) }
    for key in GGUFDialect.ownKeys where items.contains(where: { $0.hasKey(key) }) {
      throw OptionFault("\(key) says what lacuna itself wrote", expected: "another key")
    }
    return items
  }

  /// What stops a tensor from taking a layout in this container; nil if nothing does.
  func obstacle(to layout: Layout, for tensor: Tensor) -> LayoutObstacle? {
    names.taken(by: tensor.name, in: layout).map(LayoutObstacle.nameTaken)
  }

  /// Whether the container has the type of a dense tensor.
  static func holdsDense(_ tensor: Tensor) -> Bool {
    tensor.blockType != nil || (tensor.quantization == nil && GGMLType(tensor.elementType) != nil)
  }

  /// What a tensor in some layout takes in the file: infos, data with their padding, and its entry in the
  /// manifest; nil where it cannot be written so.
  func byteCount(of tensor: Tensor, in layout: Layout, nnz: UInt64) -> UInt64? {
    let plain = OutputPart.parts(of: tensor, in: layout, nnz: nnz)
    guard let parts = parts(of: tensor, in: layout, plain) else { return nil }
    var sum = manifestEntry(of: tensor, in: layout).textByteCount()
    for part in parts {
      guard let bytes = part.byteCount(alignment: alignment) else { return nil }
      let (next, overflow) = sum.addingReportingOverflow(bytes)
      if overflow { return nil }
      sum = next
    }
    return sum
  }
}
