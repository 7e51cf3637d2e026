internal import ByteIO
internal import ModelIR
internal import Quantizing

/// Quantized weights (compressed-tensors 0.20, `compressors/`): each gets the quantization that its parts and
/// the configuration say, and parts of earlier forms are decoded to those of today.
extension Assembly {
  /// Finds and checks the quantized weights.
  /// - Throws: ``PartFault`` for parts that are missing or contradict each other or the configuration,
  ///   ``ConfigFault`` for targets that cannot be matched.
  mutating func resolveQuantized(configFile: String) throws {
    let finder = try SchemeFinder(config, file: configFile)
    let modules = PartTable(tensors).modules.filter { $0[.weightScale] != nil || $0[.weightPacked] != nil }
    guard !modules.isEmpty else { return }
    var places: [TensorName: Int] = [:]
    places.reserveCapacity(tensors.count)
    for (index, tensor) in tensors.enumerated() { places[tensor.name] = index }
    for module in modules {
      let group = try finder.group(of: module.name)
      if let packed = module[.weightPacked] {
        switch tensors[packed].elementType {
        case .int32: try resolvePackedIntegers(module, group)
        case .uint8: try resolvePackedFloats(module, group)
        default:
          throw fault(tensors[packed], .wrongType(found: tensors[packed].elementType, expected: "I32 or U8"))
        }
      } else if let place = places[module.weightName] {
        try resolveBytes(module, weight: place, group)
      } else {
        throw PartFault(
          file: displayName(of: tensors[module[.weightScale] ?? 0]),
          tensor: module.weightName,
          .missing(format: group?.format ?? config?.format ?? .naiveQuantized)
        )
      }
    }
  }

  /// The tensor of a part that the format needs.
  private func part(_ part: PartName, of module: PartTable.Module, _ format: CompressionFormat) throws -> Tensor {
    if let index = module[part] { return tensors[index] }
    let other = module[.weightPacked] ?? module[.weightScale] ?? 0
    throw PartFault(
      file: displayName(of: tensors[other]),
      tensor: module.tensorName(of: part),
      .missing(format: format)
    )
  }

  /// The format that the configuration gives a module, checked to be one that its parts can have.
  private func format(
    _ group: CompressionConfig.Group?,
    inferred: CompressionFormat,
    among possible: [CompressionFormat],
    _ tensor: Tensor
  ) throws -> CompressionFormat {
    let said = group?.format ?? config?.format
    switch said {
    case nil, .mixedPrecision?, .fakequant?, .dense?: return inferred
    case let said?:
      guard possible.contains(said) else {
        throw fault(
          tensor,
          .wrongScheme("is a part of \(inferred.rawValue), and the configuration says \(said.rawValue)")
        )
      }
      return said
    }
  }

  // MARK: - Integers in words

  private mutating func resolvePackedIntegers(
    _ module: PartTable.Module,
    _ group: CompressionConfig.Group?
  ) throws {
    let packed = try part(.weightPacked, of: module, .packQuantized)
    let isMarlin = marlinModules.contains(module.name)
    let said = try format(group, inferred: .packQuantized, among: [.packQuantized, .marlin24], packed)
    guard isMarlin || said == .packQuantized else {
      throw PartFault(
        file: displayName(of: packed),
        tensor: module.tensorName(of: .meta),
        .missing(format: .marlin24)
      )
    }
    let format = CompressionFormat.packQuantized
    guard packed.shape.rank >= 2 else {
      throw fault(packed, .wrongShape(found: packed.shape, expected: "[rows, words]"))
    }
    if let weights = group?.weights, weights.kind != .int || weights.bits > 8 {
      throw fault(packed, .wrongScheme("holds integers of 1 to 8 bits, and the configuration says others"))
    }
    let (logical, bits) = try packedShape(module, packed, bits: group?.weights?.bits)
    let arrangement = try arrangement(packed, columns: logical.columns, bits: bits)
    guard let stored = IntegerPacking(bits: bits, arrangement: arrangement),
      let current = IntegerPacking(bits: bits, arrangement: .dense)
    else { throw fault(packed, .wrongScheme("\(bits) bits are none of 1 to 8")) }
    let scale = try part(.weightScale, of: module, format)
    let granularity = try granularity(of: scale, logical, group?.weights)
    var words = packed
    if stored.wordsPerRow(columns: logical.columns) != current.wordsPerRow(columns: logical.columns)
      || (arrangement == .padded && 32 % bits != 0)
    {
      let codes = PackedIntegerCodes(try matrix(of: packed), packing: stored, columns: logical.columns)
      let repacked = RepackedWords(codes, packing: current)
      guard let shape = packed.shape.replacingColumns(with: repacked.columns) else {
        throw fault(packed, .tooLarge)
      }
      words = try decodedTensor(packed.name, .int32, shape, from: repacked, blaming: packed)
      facts.hasPaddedWords = true
    }
    let zeroPoint = try packedZeroPoints(module, logical, granularity, stored, current, group?.weights)
    var groupIndex: Quantization.Parameter?
    if let index = module[.weightGroupIndex] {
      try require(tensors[index], .int32, .int64)
      try require(tensors[index], shape: [logical.columns])
      groupIndex = .tensor(tensors[index].name)
      facts.hasGroupIndex = true
    }
    words.quantization = Quantization(
      scheme: format.rawValue,
      bits: bits,
      packing: PackingName.words.rawValue,
      logicalShape: logical,
      granularity: granularity,
      scale: .tensor(scale.name),
      zeroPoint: zeroPoint.map { .tensor($0) },
      groupIndex: groupIndex
    )
    if let index = module[.weightPacked] { tensors[index] = words }
    if isMarlin { facts.note(format, group: group) } else { facts.add(format, group: group) }
  }

  /// The shape in codes, by `weight_shape`, or by the words where a whole number of codes fills one.
  private mutating func packedShape(
    _ module: PartTable.Module,
    _ packed: Tensor,
    bits: Int?
  ) throws -> (Shape, bits: Int) {
    guard let index = module[.weightShape] else {
      guard let bits, 32 % bits == 0,
        let columns = packed.shape.columns.multipliedChecked(by: UInt64(32 / bits)),
        let shape = packed.shape.replacingColumns(with: columns)
      else {
        throw PartFault(
          file: displayName(of: packed),
          tensor: module.tensorName(of: .weightShape),
          .missing(format: .packQuantized)
        )
      }
      assume(packed, "weight_shape is missing: rows of \(columns) codes, all words full, are assumed")
      return (shape, bits)
    }
    let tensor = tensors[index]
    try require(tensor, .int64, .int32)
    guard tensor.shape.rank == 1, tensor.shape.elementCount == UInt64(packed.shape.rank) else {
      throw fault(tensor, .wrongShape(found: tensor.shape, expected: "[\(packed.shape.rank)]"))
    }
    let extents = try wholeNumbers(tensor)
    guard let shape = Shape(extents), shape.byteCount(of: .float32) != nil else { throw fault(tensor, .tooLarge) }
    guard extents.dropLast().elementsEqual(packed.shape.extents.dropLast()) else {
      throw fault(tensor, .badShape("\(shape) has other rows than \(packed.shape)"))
    }
    if let bits { return (shape, bits) }
    let candidates = (1...8).filter { bits in
      [.padded, .dense].contains { arrangement in
        IntegerPacking(bits: bits, arrangement: arrangement)?.wordsPerRow(columns: shape.columns)
          == packed.shape.columns
      }
    }
    guard candidates.count == 1 else {
      throw fault(packed, .wrongScheme("no configuration says how many bits its codes have"))
    }
    assume(packed, "codes of \(candidates[0]) bits are assumed by the number of words")
    return (shape, candidates[0])
  }

  /// Which of both layouts the words have. Nothing in the file names it: where the number of words fits one
  /// only, it is that one; where it fits both, the version tells, and none means one before 0.11.
  private mutating func arrangement(
    _ packed: Tensor,
    columns: UInt64,
    bits: Int
  ) throws -> IntegerPacking.Arrangement {
    let counts = [IntegerPacking.Arrangement.padded, .dense].map {
      IntegerPacking(bits: bits, arrangement: $0)?.wordsPerRow(columns: columns)
    }
    let found = packed.shape.columns
    switch (counts[0] == found, counts[1] == found) {
    case (true, false): return .padded
    case (false, true): return .dense
    case (true, true):
      if 32 % bits == 0 { return .dense }
      let byVersion: IntegerPacking.Arrangement =
        config?.version.map { $0 < .densePacking ? .padded : .dense } ?? .padded
      let taken = assumptions.packing ?? byVersion
      let reason =
        assumptions.packing != nil
        ? "as --assume says" : config?.version.map { "by version \($0.text)" } ?? "as no version is said"
      let words = taken == .padded ? "padded words (before 0.18)" : "a dense bit stream (0.18 and later)"
      assume(packed, "its \(found) words a row fit both layouts of \(bits)-bit codes; \(words) assumed \(reason)")
      return taken
    case (false, false):
      let expected = "\(counts[1] ?? 0) words a row, or \(counts[0] ?? 0) in the layout before 0.18"
      throw fault(packed, .wrongShape(found: packed.shape, expected: expected))
    }
  }

  /// The zero points as they are packed today; nil if there are none.
  private mutating func packedZeroPoints(
    _ module: PartTable.Module,
    _ logical: Shape,
    _ granularity: Quantization.Granularity,
    _ stored: IntegerPacking,
    _ current: IntegerPacking,
    _ weights: CompressionConfig.Weights?
  ) throws -> TensorName? {
    guard let index = module[.weightZeroPoint] else {
      if weights?.isSymmetric == false { _ = try part(.weightZeroPoint, of: module, .packQuantized) }
      return nil
    }
    let tensor = tensors[index]
    try require(tensor, .int32, .int8)
    let outer = Array(logical.extents.dropLast(2))
    let rows = logical.extents[logical.rank - 2]
    let groups = granularity.scaleColumns(of: logical)
    let plain: any RowDecoding
    if tensor.elementType == .int8 {
      try require(tensor, shape: outer + [rows, groups])
      plain = try matrix(of: tensor)
    } else {
      try require(tensor, shape: outer + [stored.wordsPerRow(columns: rows), groups])
      if stored.wordsPerRow(columns: rows) == current.wordsPerRow(columns: rows),
        stored.arrangement == .dense || 32 % stored.bits == 0
      {
        return tensor.name
      }
      plain = UnpackedZeroPoints(try matrix(of: tensor), packing: stored, rowsPerSlice: rows)
    }
    let packed = PackedZeroPoints(plain, packing: current, rowsPerSlice: rows)
    guard let shape = Shape(outer + [current.wordsPerRow(columns: rows), groups]) else {
      throw fault(tensor, .tooLarge)
    }
    tensors[index] = try decodedTensor(tensor.name, .int32, shape, from: packed, blaming: tensor)
    facts.hasOldZeroPoints = true
    return tensor.name
  }

  // MARK: - Floats in bytes

  private mutating func resolvePackedFloats(
    _ module: PartTable.Module,
    _ group: CompressionConfig.Group?
  ) throws {
    let packed = try part(.weightPacked, of: module, .mxfp4PackQuantized)
    guard packed.shape.rank >= 2 else {
      throw fault(packed, .wrongShape(found: packed.shape, expected: "[rows, bytes]"))
    }
    var scale = try part(.weightScale, of: module, .mxfp4PackQuantized)
    let bytes = packed.shape.columns
    let inferred: CompressionFormat =
      if scale.elementType == .float8E4M3 {
        .nvfp4PackQuantized
      } else {
        scale.shape.columns > 0 && bytes / scale.shape.columns == 24 ? .mxfp6PackQuantized : .mxfp4PackQuantized
      }
    let possible: [CompressionFormat] =
      inferred == .nvfp4PackQuantized ? [inferred] : [.mxfp4PackQuantized, .mxfp6PackQuantized]
    let format = try format(group, inferred: inferred, among: possible, packed)
    let isSixBits = format == .mxfp6PackQuantized
    let groupSize: UInt64 = format == .nvfp4PackQuantized ? 16 : 32
    let product = bytes.multipliedChecked(by: isSixBits ? 4 : 2)
    guard let columns = product.map({ isSixBits ? $0 / 3 : $0 }), !isSixBits || bytes % 3 == 0,
      columns % groupSize == 0, let logical = packed.shape.replacingColumns(with: columns),
      logical.byteCount(of: .float32) != nil
    else {
      let unit = isSixBits ? 24 : groupSize / 2
      throw fault(packed, .wrongShape(found: packed.shape, expected: "rows of a multiple of \(unit) bytes"))
    }
    var globalScale: Quantization.Parameter?
    if format == .nvfp4PackQuantized {
      try require(scale, .float8E4M3)
      let global = try part(.weightGlobalScale, of: module, format)
      try require(global, .float32)
      guard global.shape.elementCount == 1 else {
        throw fault(global, .wrongShape(found: global.shape, expected: "[1]"))
      }
      globalScale = .tensor(global.name)
    } else {
      try require(scale, .uint8, .float8E8M0)
    }
    let groups = columns / groupSize
    try require(scale, shape: Array(logical.extents.dropLast()) + [groups])
    if format == .mxfp4PackQuantized && hasSmallExponents {
      let shifted = ShiftedExponents(try matrix(of: scale), tensor: scale, file: displayName(of: scale))
      scale = try decodedTensor(scale.name, scale.elementType, scale.shape, from: shifted, blaming: scale)
      if let index = module[.weightScale] { tensors[index] = scale }
      facts.hasSmallExponents = true
    }
    var weight = packed
    weight.quantization = Quantization(
      scheme: format.rawValue,
      bits: isSixBits ? 6 : 4,
      packing: (isSixBits ? PackingName.sixBits : .nibbles).rawValue,
      logicalShape: logical,
      granularity: .group(axis: logical.rank - 1, size: Int(groupSize)),
      scale: .tensor(scale.name),
      globalScale: globalScale
    )
    if let index = module[.weightPacked] { tensors[index] = weight }
    facts.add(format, group: group)
  }

  private var hasSmallExponents: Bool {
    assumptions.hasSmallExponents ?? config?.version.map { $0 < .rightExponents } ?? false
  }

  // MARK: - One code to the byte

  private mutating func resolveBytes(
    _ module: PartTable.Module,
    weight place: Int,
    _ group: CompressionConfig.Group?
  ) throws {
    let weight = tensors[place]
    let scale = try part(.weightScale, of: module, .naiveQuantized)
    let isFloat = weight.elementType == .float8E4M3
    // Weights that are still floats have not been compressed; a scale beside them changes nothing.
    guard isFloat || weight.elementType == .int8 else { return }
    guard weight.shape.rank >= 2 else {
      throw fault(weight, .wrongShape(found: weight.shape, expected: "[rows, columns]"))
    }
    let isMicroscaled = scale.elementType == .uint8 || scale.elementType == .float8E8M0
    let inferred: CompressionFormat =
      isMicroscaled ? .mxfp8Quantized : isFloat ? .floatQuantized : .intQuantized
    let possible: [CompressionFormat] =
      isMicroscaled ? [.mxfp8Quantized] : [isFloat ? .floatQuantized : .intQuantized, .naiveQuantized]
    let format = try format(group, inferred: inferred, among: possible, weight)
    let granularity: Quantization.Granularity
    if isMicroscaled {
      if !isFloat { throw fault(weight, .wrongType(found: weight.elementType, expected: "F8_E4M3")) }
      guard weight.shape.columns % 32 == 0 else {
        throw fault(weight, .wrongShape(found: weight.shape, expected: "rows of a multiple of 32 codes"))
      }
      try require(scale, shape: Array(weight.shape.extents.dropLast()) + [weight.shape.columns / 32])
      granularity = .group(axis: weight.shape.rank - 1, size: 32)
    } else {
      granularity = try self.granularity(of: scale, weight.shape, group?.weights)
    }
    var zeroPoint: Quantization.Parameter?
    if let index = module[.weightZeroPoint] {
      try require(tensors[index], weight.elementType)
      try require(tensors[index], shape: scale.shape.extents)
      zeroPoint = .tensor(tensors[index].name)
    } else if group?.weights?.isSymmetric == false {
      _ = try part(.weightZeroPoint, of: module, format)
    }
    tensors[place].quantization = Quantization(
      scheme: format.rawValue,
      bits: min(8, group?.weights?.bits ?? 8),
      granularity: granularity,
      scale: .tensor(scale.name),
      zeroPoint: zeroPoint
    )
    facts.add(format, group: group)
  }

  // MARK: - Scales

  /// How far one scale reaches, by the configuration, or by the scale's shape where that says nothing.
  private func granularity(
    of scale: Tensor,
    _ logical: Shape,
    _ weights: CompressionConfig.Weights?
  ) throws -> Quantization.Granularity {
    try require(scale, .bfloat16, .float16, .float32)
    let (outer, rows, columns) = (
      Array(logical.extents.dropLast()), logical.extents[logical.rank - 2], logical.columns
    )
    let last = logical.rank - 1
    /// Makes sure that the scale has one of these shapes.
    func checked(_ granularity: Quantization.Granularity, _ shapes: [UInt64]...) throws -> Quantization.Granularity {
      if shapes.contains(scale.shape.extents) { return granularity }
      let texts = shapes.map { "[" + $0.map(String.init).joined(separator: ", ") + "]" }
      throw fault(scale, .wrongShape(found: scale.shape, expected: texts.joined(separator: " or ")))
    }
    switch weights?.strategy {
    case .tensor?: return try checked(.tensor, [1], [])
    case .channel?: return try checked(.channel(axis: last - 1), outer + [1])
    case .group?, .tensorGroup?:
      guard let size = weights?.groupSize else { return try checked(.channel(axis: last - 1), outer + [1]) }
      let groups = columns / UInt64(size) + (columns % UInt64(size) == 0 ? 0 : 1)
      return try checked(.group(axis: last, size: size), outer + [groups])
    case .block?:
      guard let block = weights?.block else { break }
      let (high, wide) = (UInt64(block[0]), UInt64(block[1]))
      let grid = [(rows + high - 1) / high, (columns + wide - 1) / wide]
      return try checked(.block(block), Array(outer.dropLast()) + grid)
    case .token?, .attentionHead?, nil: break
    }
    if scale.shape.elementCount == 1 && scale.shape.rank <= 1 { return .tensor }
    if scale.shape.extents == outer + [1] { return .channel(axis: last - 1) }
    let groups = scale.shape.columns
    if scale.shape.extents.dropLast().elementsEqual(outer), groups > 0, columns % groups == 0 {
      return .group(axis: last, size: Int(columns / groups))
    }
    throw fault(scale, .wrongShape(found: scale.shape, expected: "[1], \(Shape(outer + [1])?.description ?? ""), or one a group"))
  }

  /// Notes what was assumed, for the user to hear.
  private mutating func assume(_ tensor: Tensor, _ what: String) {
    facts.assumptions += 1
    // One line says it; a model has hundreds of such tensors.
    guard facts.assumptions <= CompressedCheckpoint.mostAssumptions else { return }
    warnings.append(Diagnosis(.badData, file: displayName(of: tensor), tensor: tensor.name, what))
  }
}

extension Quantization.Granularity {
  /// How many scales a row of a weight of this shape has.
  fileprivate func scaleColumns(of shape: Shape) -> UInt64 {
    switch self {
    case .tensor, .channel: 1
    case .group(_, let size): shape.columns / UInt64(size) + (shape.columns % UInt64(size) == 0 ? 0 : 1)
    case .block(let extents):
      extents.count == 2 && extents[1] > 0 ? (shape.columns + UInt64(extents[1]) - 1) / UInt64(extents[1]) : 1
    }
  }
}
