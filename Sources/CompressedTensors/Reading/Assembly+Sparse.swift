internal import ModelIR

/// sparse-bitmask and sparse-24-bitmask, in both namings (compressed-tensors 0.14,
/// `compressors/sparse_compressors`; before 0.9 `compressors/sparse_bitmask.py`).
extension Assembly {
  /// The most axes that a stored shape may have.
  private static let mostAxes: UInt64 = 64

  /// Joins the parts of sparse weights.
  /// - Throws: ``PartFault`` for parts that are missing or contradict each other.
  mutating func resolveSparse() throws {
    let isExpected =
      config?.sparsity?.format == .sparseBitmask || config?.sparsity?.format == .sparse24Bitmask
    let modules = PartTable(tensors).modules.filter { module in
      let found = [PartName.bitmask, .compressed].filter { module[$0] != nil }.count
      // Without a configuration a lone tensor of such a name is a tensor of such a name.
      return found == 2 || (found == 1 && (isExpected || module[.shape] != nil))
    }
    guard !modules.isEmpty else { return }
    var names = Set(tensors.map(\.name))
    let isFirstNaming = usesFirstNaming(modules)
    var changes: [Int: [Tensor]] = [:]
    for module in modules {
      /// The tensor of a part that must be there.
      func part(_ name: PartName) throws -> Tensor {
        guard let index = module[name] else {
          let other = module[.bitmask] ?? module[.compressed] ?? 0
          throw PartFault(
            file: displayName(of: tensors[other]),
            tensor: module.tensorName(of: name),
            .missing(format: .sparseBitmask)
          )
        }
        return tensors[index]
      }
      let (mask, values, shape) = (try part(.bitmask), try part(.compressed), try part(.shape))
      let isOld = isFirstNaming || Self.endsInParameter(module.name)
      let name = isOld ? TensorName(module.name) : module.weightName
      var weight = try sparseWeight(name, mask: mask, values: values, shape: shape)
      if let offsets = module[.rowOffsets] {
        try checkRowOffsets(tensors[offsets], of: weight)
        changes[offsets] = []
      } else if shape.shape.rank == 1 {
        _ = try part(.rowOffsets)
      }
      // Parts under both namings may make the same tensor too.
      guard names.insert(name).inserted else {
        throw PartFault(file: displayName(of: mask), tensor: name, .storedTwice)
      }
      weight.name = name
      for part in [PartName.bitmask, .shape] { if let index = module[part] { changes[index] = [] } }
      if let index = module[.compressed] { changes[index] = [weight] }
      facts.add(shape.shape.rank == 2 ? .sparse24Bitmask : .sparseBitmask)
    }
    facts.usesFirstNaming = isFirstNaming
    replace(changes)
  }

  /// Whether parts lie under the whole tensor's name, as until 0.8: by the version if it is said, else by the
  /// names themselves.
  private func usesFirstNaming(_ modules: [PartTable.Module]) -> Bool {
    if let version = config?.version { return version < .moduleNaming }
    if config?.key == .compression { return true }
    return modules.contains { Self.endsInParameter($0.name) }
  }

  private static func endsInParameter(_ name: String) -> Bool {
    let last = name.utf8.split(separator: UInt8(ascii: ".")).last.map { String(decoding: $0, as: UTF8.self) }
    return last == "weight" || last == "bias"
  }

  private mutating func sparseWeight(_ name: TensorName, mask: Tensor, values: Tensor, shape: Tensor) throws
    -> Tensor
  {
    try require(mask, .uint8)
    try require(shape, .int64)
    guard values.elementType.byteWidth != nil else {
      throw fault(values, .wrongType(found: values.elementType, expected: "a type of whole bytes"))
    }
    let extents = try storedShape(shape)
    guard let logical = Shape(extents), logical.byteCount(of: values.elementType) != nil else {
      throw fault(shape, .tooLarge)
    }
    let maskColumns = logical.columns / 8 + (logical.columns % 8 == 0 ? 0 : 1)
    try require(mask, shape: Array(extents.dropLast()) + [maskColumns])
    if shape.shape.rank == 2 {
      // Two of four, in the order of memory: groups may straddle rows, so the values are one flat run.
      guard extents.count == 2, logical.elementCount % 4 == 0, extents[1] % 2 == 0 else {
        throw fault(shape, .badShape("\(logical) cannot be cut in groups of 4"))
      }
      try require(values, shape: [extents[0], extents[1] / 2])
    } else if values.shape.rank != 1 {
      throw fault(values, .wrongShape(found: values.shape, expected: "one axis"))
    }
    guard case .dense(var maskRegion) = mask.storage, case .dense(var valueRegion) = values.storage else {
      throw fault(mask, .wrongScheme("is no tensor as it is stored"))
    }
    if maskRegion.file != valueRegion.file {
      // Shards are cut wherever their size is reached, also between the parts of one weight.
      let file = file(of: values)
      guard let joinedMask = decode(RawBytes(maskRegion, in: source(of: mask)), fromFile: file),
        let joinedValues = decode(RawBytes(valueRegion, in: source(of: values)), fromFile: file)
      else { throw fault(values, .tooLarge) }
      (maskRegion, valueRegion) = (joinedMask, joinedValues)
    }
    return Tensor(
      name: name,
      elementType: values.elementType,
      shape: logical,
      storage: .bitmask(mask: maskRegion, values: valueRegion)
    )
  }

  /// The extents that a `.shape` tensor holds: one a row.
  private func storedShape(_ tensor: Tensor) throws -> [UInt64] {
    let extents = tensor.shape.extents
    guard extents.count == 1 || (extents.count == 2 && extents[1] == 1), extents[0] <= Self.mostAxes else {
      throw fault(tensor, .wrongShape(found: tensor.shape, expected: "[axes], or [axes, 1]"))
    }
    return try wholeNumbers(tensor)
  }

  /// The values of a small tensor of whole numbers, none of them negative.
  func wholeNumbers(_ tensor: Tensor) throws -> [UInt64] {
    let bytes = try bytes(of: tensor)
    let width = tensor.elementType.byteWidth ?? 8
    return try stride(from: 0, to: bytes.count, by: width).map { start in
      let bits = (0..<width).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(bytes[start + $1]) }
      guard bits >> UInt64(width * 8 - 1) == 0 else {
        throw fault(tensor, .badShape("one of them is negative"))
      }
      return bits
    }
  }

  /// The library writes row offsets and never reads them: beyond two axes they mean nothing.
  private func checkRowOffsets(_ offsets: Tensor, of weight: Tensor) throws {
    try require(offsets, .int64)
    try require(offsets, shape: Array(weight.shape.extents.dropLast()))
  }
}
