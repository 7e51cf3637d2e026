public import ModelIR

extension Manifest {
  /// The logical tensors that a file's tensors make up, in the manifest's order.
  ///
  /// Every part must have the type and shape that its layout needs, every tensor of the file must belong to
  /// exactly one logical tensor. What lies within the parts is not looked at.
  /// - Parameter form: how the container lists parts.
  /// - Throws: ``ManifestFault``.
  public func resolve(
    _ tensors: [Tensor],
    file: String,
    as form: PartForm = .safetensors
  ) throws -> [Tensor] {
    var parts: [TensorName: Tensor] = [:]
    parts.reserveCapacity(tensors.count)
    for tensor in tensors { parts[tensor.name] = tensor }
    var used = Set<TensorName>()
    var names = Set<TensorName>()
    var resolved: [Tensor] = []
    resolved.reserveCapacity(entries.count)
    for entry in entries {
      /// Reports a broken rule of this tensor.
      func fault(_ rule: ManifestFault.Rule) -> ManifestFault {
        ManifestFault(file: file, tensor: entry.name, rule)
      }
      if !names.insert(entry.name).inserted { throw fault(.duplicateTensor) }
      let wanted = entry.layout == .dense ? [entry.alias ?? entry.name] : entry.parts
      let found = try wanted.map { name in
        guard let part = parts[name] else { throw fault(.missingPart(name)) }
        if !used.insert(name).inserted { throw fault(.sharedPart(name)) }
        return part
      }
      if let part = found.first(where: { $0.storage.file != found[0].storage.file }) {
        throw fault(.partElsewhere(part.name))
      }
      let storage: Storage
      do throws(ManifestFault.Rule) {
        storage = try entry.storage(of: found, as: form)
      } catch {
        throw fault(error)
      }
      let tensor = Tensor(
        name: entry.name,
        elementType: entry.elementType,
        shape: entry.shape,
        storage: storage,
        quantization: form == .gguf && entry.layout == .dense
          ? entry.quantization(ofBlocks: found[0]) : entry.quantization
      )
      if entry.quantization?.packing == Quantization.blockPacking && tensor.blockType == nil {
        throw fault(.wrongField("quantization", expected: "a type of ggml whose blocks make the rows"))
      }
      resolved.append(tensor)
    }
    if let extra = tensors.first(where: { !used.contains($0.name) }) {
      throw ManifestFault(file: file, tensor: extra.name, .unmentionedTensor)
    }
    return resolved
  }
}

extension ManifestFault.Rule: Error {}

extension Manifest.Entry {
  /// The storage that these parts make, in the order of the layout's roles.
  fileprivate func storage(of found: [Tensor], as form: PartForm) throws(ManifestFault.Rule) -> Storage {
    guard shape.byteCount(of: elementType) != nil else { throw .tooLarge }
    if layout == .dense {
      try requireSameBlocks(found[0], as: form)
      try require(found[0], elementType, form.shape(of: shape))
      return .dense(region(found[0]))
    }
    guard elementType.byteWidth != nil else { throw .subByteType(elementType) }
    let nnz = found[layout == .csr ? 2 : found.count - 1].shape.elementCount
    guard
      let expected = LayoutParts.parts(
        of: layout,
        elementType: elementType,
        shape: shape,
        nnz: nnz,
        name: { _ in name }
      )
    else { throw .tooLarge }
    for (part, wanted) in zip(found, expected) {
      guard let type = form.type(of: wanted.elementType) else {
        throw .wrongField("dtype \(elementType.name)", expected: "a type that the container has")
      }
      if form == .gguf && part.quantization != nil {
        throw .quantizedPart(part.name)
      }
      // Index parts may be wider than they have to be.
      let isIndex = wanted.role == .rowOffsets || wanted.role == .columnIndices
      let shape = form.shape(of: wanted.shape)
      if !isIndex || part.shape != shape { try require(part, isIndex ? part.elementType : type, shape) }
    }
    switch layout {
    case .dense: return .dense(region(found[0]))
    case .bitmask: return .bitmask(mask: region(found[0]), values: region(found[1]))
    case .csr:
      return .csr(
        rowOffsets: region(found[0]),
        offsetWidth: try indexWidth(of: found[0], [.bits32, .bits64], as: form),
        columnIndices: region(found[1]),
        columnWidth: try indexWidth(of: found[1], [.bits8, .bits16, .bits32], as: form),
        values: region(found[2])
      )
    case .nm(let pattern): return .nm(pattern, values: region(found[0]), indices: region(found[1]))
    }
  }

  /// The width of a part's indices, which is one of `widths`.
  private func indexWidth(
    of part: Tensor,
    _ widths: [IndexWidth],
    as form: PartForm
  ) throws(ManifestFault.Rule) -> IndexWidth {
    if let width = form.indexWidth(of: part.elementType), widths.contains(width) { return width }
    let names = widths.compactMap { form.type(of: $0.elementType)?.name }
    throw .partType(
      part.name,
      found: part.elementType,
      expected: names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
    )
  }

  /// A container that knows blocks must say the same of them as the manifest.
  private func requireSameBlocks(_ part: Tensor, as form: PartForm) throws(ManifestFault.Rule) {
    guard form == .gguf else { return }
    guard part.quantization?.scheme == quantization?.scheme,
      part.quantization?.packing == quantization?.packing,
      part.quantization?.logicalShape == quantization?.logicalShape.map(form.shape(of:))
    else { throw .otherBlocks(part.name) }
  }

  /// What the file says of a part's blocks, along the axes that the manifest has: it is the file that knows.
  fileprivate func quantization(ofBlocks part: Tensor) -> Quantization? {
    guard part.shape != shape, let type = part.blockType, let logicalShape = quantization?.logicalShape else {
      return part.quantization
    }
    return Quantization(blocksOf: type, logicalShape: logicalShape)
  }

  private func require(
    _ part: Tensor,
    _ type: ElementType,
    _ shape: Shape
  ) throws(ManifestFault.Rule) {
    if part.elementType != type { throw .partType(part.name, found: part.elementType, expected: type.name) }
    if part.shape != shape { throw .partShape(part.name, found: part.shape, expected: "\(shape)") }
  }

  private func region(_ part: Tensor) -> Region {
    guard case .dense(let region) = part.storage else { preconditionFailure("parts are dense tensors") }
    return region
  }
}
