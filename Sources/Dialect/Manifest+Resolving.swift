public import ModelIR

extension Manifest {
  /// The logical tensors that a file's tensors make up, in the manifest's order.
  ///
  /// Every part must have the type and shape that its layout needs, every tensor of the file must belong to
  /// exactly one logical tensor. What lies within the parts is not looked at.
  /// - Throws: ``ManifestFault``.
  public func resolve(_ tensors: [Tensor], file: String) throws -> [Tensor] {
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
      let wanted = entry.layout == .dense ? [entry.name] : entry.parts
      let found = try wanted.map { name in
        guard let part = parts[name] else { throw fault(.missingPart(name)) }
        if !used.insert(name).inserted { throw fault(.sharedPart(name)) }
        return part
      }
      let storage: Storage
      do throws(ManifestFault.Rule) {
        storage = try entry.storage(of: found)
      } catch {
        throw fault(error)
      }
      let tensor = Tensor(
        name: entry.name,
        elementType: entry.elementType,
        shape: entry.shape,
        storage: storage,
        quantization: entry.quantization
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
  fileprivate func storage(of found: [Tensor]) throws(ManifestFault.Rule) -> Storage {
    guard shape.byteCount(of: elementType) != nil else { throw .tooLarge }
    if layout == .dense {
      try require(found[0], elementType, shape)
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
      // Index parts may be wider than they have to be.
      let isIndex = wanted.role == .rowOffsets || wanted.role == .columnIndices
      if !isIndex || part.shape != wanted.shape {
        try require(part, isIndex ? part.elementType : wanted.elementType, wanted.shape)
      }
    }
    switch layout {
    case .dense: return .dense(region(found[0]))
    case .bitmask: return .bitmask(mask: region(found[0]), values: region(found[1]))
    case .csr:
      guard let offsetWidth = IndexWidth(found[0].elementType), offsetWidth.byteWidth >= 4 else {
        throw .partType(found[0].name, found: found[0].elementType, expected: "U32 or U64")
      }
      guard let columnWidth = IndexWidth(found[1].elementType), columnWidth.byteWidth <= 4 else {
        throw .partType(found[1].name, found: found[1].elementType, expected: "U8, U16 or U32")
      }
      return .csr(
        rowOffsets: region(found[0]),
        offsetWidth: offsetWidth,
        columnIndices: region(found[1]),
        columnWidth: columnWidth,
        values: region(found[2])
      )
    case .nm(let pattern): return .nm(pattern, values: region(found[0]), indices: region(found[1]))
    }
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
