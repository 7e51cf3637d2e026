internal import ByteIO
internal import ModelIR
internal import Quantizing

/// marlin-24: weights whose kept elements lie in the tiles of a GPU kernel.
extension Assembly {
  /// Decodes marlin-24 weights to pack-quantized ones, integer for integer: the library that wrote them never
  /// could, and no runtime takes them any more.
  /// - Throws: ``PartFault`` for parts that are missing or contradict each other.
  mutating func resolveMarlin(configFile: String) throws {
    let modules = PartTable(tensors).modules.filter { module in
      let found = [PartName.weightPacked, .scalePacked, .meta].filter { module[$0] != nil }.count
      return found > 1 && (module[.scalePacked] != nil || module[.meta] != nil)
    }
    guard !modules.isEmpty else { return }
    var finder = try SchemeFinder(config, file: configFile)
    var changes: [Int: [Tensor]] = [:]
    for module in modules {
      let weights = try finder.group(of: module.name)?.weights
      let resolved = try marlin(module, weights)
      for part in [PartName.scalePacked, .meta] { if let index = module[part] { changes[index] = [] } }
      if let index = module[.weightPacked] { changes[index] = resolved }
      facts.add(.marlin24)
      marlinModules.insert(module.name)
    }
    replace(changes)
  }

  private mutating func marlin(
    _ module: PartTable.Module,
    _ weights: CompressionConfig.Weights?
  ) throws -> [Tensor] {
    /// The tensor of a part that must be there.
    func part(_ name: PartName) throws -> Tensor {
      if let index = module[name] { return tensors[index] }
      let other = module[.weightPacked] ?? module[.scalePacked] ?? module[.meta] ?? 0
      throw PartFault(
        file: displayName(of: tensors[other]),
        tensor: module.tensorName(of: name),
        .missing(format: .marlin24)
      )
    }
    let (packed, scale, meta) = (try part(.weightPacked), try part(.scalePacked), try part(.meta))
    for name in [PartName.weightScale, .weightShape] {
      if let index = module[name] { throw fault(tensors[index], .storedTwice) }
    }
    try require(packed, .int32)
    try require(meta, .int16)
    try require(scale, .float16, .bfloat16)
    guard
      let tiling = MarlinTiling.matches(
        packed: (packed.elementType, packed.shape),
        meta: (meta.elementType, meta.shape)
      )
    else {
      throw fault(
        packed,
        .wrongShape(found: packed.shape, expected: "[K / 32, N * bits / 2] beside meta [K / 32, 2 * N]")
      )
    }
    if let weights, weights.bits != tiling.bits || weights.kind != .int {
      throw fault(packed, .wrongScheme("has \(tiling.bits)-bit integers, and the configuration says others"))
    }
    guard case .dense(let packedRegion) = packed.storage, case .dense(let metaRegion) = meta.storage,
      let packing = IntegerPacking(bits: tiling.bits, arrangement: .dense)
    else { throw fault(meta, .wrongScheme("is no tensor as it is stored")) }
    let groups = scale.shape.rank == 2 ? scale.shape.rows : 0
    guard groups > 0, scale.shape.columns == tiling.rows, tiling.columns % groups == 0 else {
      throw fault(scale, .wrongShape(found: scale.shape, expected: "[groups, \(tiling.rows)]"))
    }
    let groupSize = tiling.columns / groups
    if let size = weights?.groupSize, weights?.strategy == .group, groupSize != UInt64(size) {
      throw fault(
        scale,
        .wrongShape(found: scale.shape, expected: "[\(tiling.columns / UInt64(size)), \(tiling.rows)]")
      )
    }
    let isGrouped = weights?.strategy.map { $0 == .group } ?? (groups > 1)
    let isPermuted = MarlinTiling.permutesScales(
      isGrouped: isGrouped,
      groupSize: groupSize,
      columns: tiling.columns
    )
    let codes = MarlinCodes(
      tiling,
      packed: StoredPart(region: packedRegion, source: source(of: packed)),
      meta: StoredPart(region: metaRegion, source: source(of: meta)),
      tensor: meta.name
    )
    let words = RepackedWords(codes, packing: packing)
    guard let shape = Shape([tiling.rows, words.columns]), let scaleShape = Shape([tiling.rows, groups]),
      let logical = Shape([tiling.rows, tiling.columns])
    else { throw fault(packed, .tooLarge) }
    return [
      try decodedTensor(packed.name, .int32, shape, from: words, blaming: packed),
      try decodedTensor(
        module.tensorName(of: .weightScale),
        scale.elementType,
        scaleShape,
        from: MarlinScales(try matrix(of: scale), isPermuted: isPermuted),
        blaming: scale
      ),
      try decodedTensor(
        module.tensorName(of: .weightShape),
        .int64,
        .vector(2),
        from: ConstantRow(logical.extents),
        blaming: packed
      ),
    ]
  }
}
