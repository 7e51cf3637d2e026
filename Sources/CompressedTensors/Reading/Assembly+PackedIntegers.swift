internal import ByteIO
internal import ModelIR
internal import Quantizing

/// pack-quantized: integers that share 32-bit words (compressed-tensors `compressors/pack_quantized`; before 0.18
/// `pack_to_int32`).
extension Assembly {
  mutating func resolvePackedIntegers(
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
    guard let shape = Shape(extents), shape.byteCount(of: .float32) != nil else {
      throw fault(tensor, .tooLarge)
    }
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
      assume(
        packed,
        "its \(found) words a row fit both layouts of \(bits)-bit codes; \(words) assumed \(reason)"
      )
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
}
