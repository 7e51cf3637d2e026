internal import ModelIR

extension ONNXStorage {
  /// The tensors of a model that nodes put together from a mask and nonzeros.
  /// - Throws: what reading their constants throws.
  package func bitmaskExpansions(in model: ONNXModel) throws -> [BitmaskExpansion] {
    guard model.graphs.contains(where: { $0.nodes.contains { $0.operation == "BitShift" } }) else {
      return []
    }
    let names = NameScopes(model)
    var found: [BitmaskExpansion] = []
    for graph in model.graphs.indices {
      for expansion in try ExpansionFinder(model, names, graph: graph, self).expansions() {
        // What comes first has to be a zero, or the tensor has another value where its mask has none.
        let values = model.tensors[expansion.values]
        if try firstElement(of: values).allSatisfy({ $0 == 0 }) { found.append(expansion) }
      }
    }
    if found.isEmpty { return [] }
    let uses = names.uses(in: model)
    return found.filter { $0.isClosed(in: model.graphs[$0.graph], uses: uses[$0.graph]) }
  }

  /// Where the mask and the nonzeros of such a tensor lie.
  ///
  /// The bits behind the last element are left out; whether there are as many values as bits is for those to find
  /// who read them.
  /// - Throws: as ``storage(of:)`` does.
  package mutating func storage(of expansion: BitmaskExpansion, in model: ONNXModel) throws -> Found {
    let (mask, values) = (model.tensors[expansion.mask], model.tensors[expansion.values])
    guard let width = values.type.elementType?.byteWidth.map(UInt64.init) else {
      throw Obstacle.type(values.type)
    }
    guard let shape = Shape(expansion.extents) else { throw Obstacle.tooLarge }
    let stored = mask.values.byteCount &+ values.values.byteCount
    let (maskParts, valueParts) = (try parts(of: mask), try parts(of: values))
    if shape.columns % 8 == 0, case .region(let mask) = maskParts, case .region(let values) = valueParts,
      mask.file == values.file
    {
      return Found(
        storage: .bitmask(mask: mask, values: values.dropping(width)),
        storedByteCount: stored
      )
    }
    // All parts lie in one file, so what a file holds as it is gets a view too.
    let bits = maskParts.decoding(of: 1, in: files)
    let maskView = shape.columns % 8 == 0 ? bits : RowAlignedMask(bits, shape)
    let elements = valueParts.decoding(of: Int(width), in: files)
    return Found(
      storage: .bitmask(mask: try append(maskView), values: try append(elements).dropping(width)),
      storedByteCount: stored
    )
  }

  /// The elements of a small dense tensor, as `raw_data` has them.
  /// - Throws: ``PayloadFault``, and what reading throws.
  func bytes(of tensor: ONNXTensor) throws -> [UInt8] {
    try parts(of: tensor).decoding(of: 1, in: files).allBytes()
  }

  private func firstElement(of tensor: ONNXTensor) throws -> [UInt8] {
    guard let width = tensor.type.elementType?.byteWidth else { return [1] }
    let elements = try parts(of: tensor).decoding(of: width, in: files)
    return try elements.decoded(0..<1, 0..<UInt64(width / elements.elementBytes))
  }
}

extension Region {
  /// The region without its first bytes.
  fileprivate func dropping(_ count: UInt64) -> Region {
    Region(file: Int(file), offset: offset + count, byteCount: byteCount - count)
  }
}

extension RowDecoding {
  /// All bytes of a small matrix of one row.
  fileprivate func allBytes() throws -> [UInt8] { try decoded(0..<1, 0..<columns) }
}
