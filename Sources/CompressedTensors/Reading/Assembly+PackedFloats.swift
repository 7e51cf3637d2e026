internal import ByteIO
internal import ModelIR

/// nvfp4-, mxfp4- and mxfp6-pack-quantized: floats that share bytes.
extension Assembly {
  mutating func resolvePackedFloats(
    _ module: PartTable.Module,
    _ group: CompressionConfig.Group?
  ) throws {
    let said = group?.format ?? config?.format ?? .mxfp4PackQuantized
    let packed = try part(.weightPacked, of: module, said)
    guard packed.shape.rank >= 2 else {
      throw fault(packed, .wrongShape(found: packed.shape, expected: "[rows, bytes]"))
    }
    var scale = try part(.weightScale, of: module, said)
    let bytes = packed.shape.columns
    let inferred: CompressionFormat =
      if scale.elementType == .float8E4M3 {
        .nvfp4PackQuantized
      } else {
        scale.shape.columns > 0 && bytes / scale.shape.columns == 24
          ? .mxfp6PackQuantized : .mxfp4PackQuantized
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
    if format == .mxfp4PackQuantized && assumptions.hasSmallExponents == nil && config?.version == nil {
      assume(scale, "no version is said: its exponents are assumed to be right, as from 0.14 on")
    }
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
}
