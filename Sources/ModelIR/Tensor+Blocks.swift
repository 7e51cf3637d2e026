extension Quantization {
  /// The ``packing`` of ggml's blocks: codes and scales together, one scheme for each type.
  public static let blockPacking = "ggml"

  /// The ``packing`` of codes that share bytes as the operator of a graph that reads them demands.
  public static let operatorPacking = "onnx"

  /// That of ggml's blocks of `type`, for a tensor of `logicalShape` in codes.
  public convenience init(blocksOf type: GGMLType, logicalShape: Shape) {
    self.init(
      scheme: type.name,
      bits: type.codeBits,
      packing: Self.blockPacking,
      logicalShape: logicalShape,
      granularity: .group(axis: max(0, logicalShape.rank - 1), size: type.blockElements)
    )
  }
}

extension GGMLType {
  /// The whole bits of a code, scales and minimums not counted: 4 for Q4_0 and Q4_K, 1 for a ternary digit
  /// of TQ1_0.
  public var codeBits: Int {
    switch self {
    case .f16, .bf16, .i16: 16
    case .f32, .i32: 32
    case .f64, .i64: 64
    case .i8, .q8_0, .q8_1, .q8_K: 8
    case .q6_K: 6
    case .q5_0, .q5_1, .q5_K: 5
    case .q4_0, .q4_1, .q4_K, .iq4_NL, .iq4_XS, .mxfp4, .nvfp4: 4
    case .q3_K, .iq3_XXS, .iq3_S: 3
    case .q2_K, .iq2_XXS, .iq2_XS, .iq2_S, .tq2_0, .q2_0: 2
    case .iq1_S, .iq1_M, .tq1_0, .q1_0: 1
    }
  }
}

extension Tensor {
  /// The type of ggml whose blocks the tensor stores, as bytes; nil if it stores none, or bytes that no whole
  /// blocks of that type make.
  public var blockType: GGMLType? {
    guard let quantization, quantization.packing == Quantization.blockPacking, elementType == .uint8,
      let logical = quantization.logicalShape, let type = GGMLType(name: quantization.scheme),
      type.elementType == nil, shape.rank >= 1, logical.rank == shape.rank,
      type.bytes(ofRow: logical.columns) == shape.columns,
      logical.extents.dropLast().elementsEqual(shape.extents.dropLast())
    else { return nil }
    return type
  }

  /// Whether the elements that are stored, or their codes, are numbers that can be counted: not so for blocks
  /// whose codes are not seen.
  public var hasCountedElements: Bool {
    switch quantization?.packing {
    case Quantization.blockPacking?, Quantization.operatorPacking?: views?.codes != nil
    default: true
    }
  }
}
