internal import ModelIR

/// int-, float-, naive-quantized and mxfp8-quantized: one code to the byte; and how far scales reach.
extension Assembly {
  mutating func resolveBytes(
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

  /// How far one scale reaches, by the configuration, or by the scale's shape where that says nothing.
  func granularity(
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
    func checked(_ granularity: Quantization.Granularity, _ shapes: [UInt64]...) throws
      -> Quantization.Granularity
    {
      if shapes.contains(scale.shape.extents) { return granularity }
      let texts = shapes.map { "[" + $0.map(String.init).joined(separator: ", ") + "]" }
      throw fault(scale, .wrongShape(found: scale.shape, expected: texts.joined(separator: " or ")))
    }
    switch weights?.strategy {
    case .tensor?: return try checked(.tensor, [1], [])
    case .channel?: return try checked(.channel(axis: last - 1), outer + [1])
    case .group?, .tensorGroup?:
      guard let size = weights?.groupSize else { return try checked(.channel(axis: last - 1), outer + [1]) }
      return try checked(.group(axis: last, size: size), outer + [columns.dividedUp(by: UInt64(size))])
    case .block?:
      guard let block = weights?.block else { break }
      let (high, wide) = (UInt64(block[0]), UInt64(block[1]))
      // Of a tensor without elements an extent may be as large as numbers get.
      let grid = [rows.dividedUp(by: high), columns.dividedUp(by: wide)]
      return try checked(.block(block), Array(outer.dropLast()) + grid)
    case .token?, .attentionHead?, nil: break
    }
    if scale.shape.elementCount == 1 && scale.shape.rank <= 1 { return .tensor }
    if scale.shape.extents == outer + [1] { return .channel(axis: last - 1) }
    let groups = scale.shape.columns
    if scale.shape.extents.dropLast().elementsEqual(outer), groups > 0, columns % groups == 0 {
      return .group(axis: last, size: Int(columns / groups))
    }
    throw fault(
      scale,
      .wrongShape(
        found: scale.shape,
        expected: "[1], \(Shape(outer + [1])?.description ?? ""), or one a group"
      )
    )
  }
}

extension Quantization.Granularity {
  /// How many scales a row of a weight of this shape has.
  func scaleColumns(of shape: Shape) -> UInt64 {
    switch self {
    case .tensor, .channel: 1
    case .group(_, let size): shape.columns.dividedUp(by: UInt64(size))
    case .block(let extents):
      extents.count == 2 && extents[1] > 0 ? shape.columns.dividedUp(by: UInt64(extents[1])) : 1
    }
  }
}

extension UInt64 {
  /// How many runs of `size` it takes to cover this many; it cannot overflow.
  fileprivate func dividedUp(by size: UInt64) -> UInt64 { self / size + (self % size == 0 ? 0 : 1) }
}
