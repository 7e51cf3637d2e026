extension OperatorTable {
  /// ONNX Runtime's own, domain `com.microsoft`. (The schema registry of onnxruntime 1.31.)
  static let runtime: [String: OperatorEntry] = dense.merging(quantized) { first, _ in first }
    .merging(packed) { first, _ in first }

  private static let matrices: [InputRole] = [
    .product(.transposable("transA", isLeft: true, isBatched: false)),
    .product(.transposable("transB", isLeft: false, isBatched: false)),
  ]
  private static let batches: [InputRole] = [
    .product(.transposable("transA", isLeft: true, isBatched: true)),
    .product(.transposable("transB", isLeft: false, isBatched: true)),
  ]
  private static let convolution = OperatorEntry([
    .product(.convolution), .product(.convolution), .bias, .parameter,
  ])
  /// A `[inputs, outputs]` matrix that takes part in a fused product.
  private static let projection = InputRole.product(.fixed(axis: 0, rank: 2, isExact: true, name: "K"))
  /// `[experts, out, in]`.
  private static let expert = InputRole.product(.fixed(axis: 2, rank: 3, isExact: true, name: "K"))

  private static let dense: [String: OperatorEntry] = [
    "FusedMatMul": OperatorEntry(batches),
    "FusedMatMulActivation": OperatorEntry(batches),
    "TransposeMatMul": OperatorEntry(batches),
    "SparseToDenseMatMul": OperatorEntry(matrices),
    "FusedGemm": OperatorEntry(matrices + [.bias]),
    "GemmFastGelu": OperatorEntry([.product(.left), .product(.right), .bias]),
    "GemmFloat8": OperatorEntry(
      matrices + [.bias, .scale, .scale, .scale],
      operands: [
        0: QuantizedOperand(scale: 3, zeroPoint: nil, form: .gemm("transA", isLeft: true)),
        1: QuantizedOperand(scale: 4, zeroPoint: nil, form: .gemm("transB", isLeft: false)),
      ]
    ),
    "FusedConv": convolution,
    // Its data have channels last, its weights do not.
    "NhwcConv": OperatorEntry([.unknown, .product(.convolution), .bias]),
    "NhwcFusedConv": OperatorEntry([.unknown, .product(.convolution), .bias, .parameter]),
    "Attention": OperatorEntry([.unknown, projection, .bias, .shape], rest: .parameter),
    "MoE": OperatorEntry([.unknown, .unknown, expert, .bias, expert, .bias, expert, .bias]),
    "EmbedLayerNormalization": OperatorEntry([
      .shape, .shape, .lookUp, .lookUp, .lookUp, .parameter, .parameter, .shape, .shape,
    ]),
    "TorchEmbedding": OperatorEntry([.lookUp, .shape], rest: .parameter),
    "GatherND": OperatorEntry([.lookUp, .shape]),
    "SkipLayerNormalization": OperatorEntry([.elementwise, .elementwise], rest: .parameter),
    "SkipSimplifiedLayerNormalization": OperatorEntry([.elementwise, .elementwise], rest: .parameter),
    "SimplifiedLayerNormalization": OperatorEntry([.elementwise], rest: .parameter),
    "BiasGelu": OperatorEntry([.elementwise, .bias]),
    "FastGelu": OperatorEntry([.elementwise, .bias]),
  ]

  private static let quantizedPair = OperatorEntry(
    [.elementwise, .scale, .zeroPoint, .elementwise, .scale, .zeroPoint, .scale, .zeroPoint],
    operands: [
      0: QuantizedOperand(scale: 1, zeroPoint: 2, form: .channel(-1)),
      3: QuantizedOperand(scale: 4, zeroPoint: 5, form: .channel(-1)),
    ]
  )
  private static let quantizedGates = InputRole.product(
    .fixed(axis: 1, rank: 3, isExact: true, name: "K")
  )

  private static let quantized: [String: OperatorEntry] = [
    "DequantizeLinear": OperatorEntry([.pass(.dequantize), .scale, .zeroPoint]),
    "QuantizeLinear": OperatorEntry([.pass(.quantize), .scale, .zeroPoint]),
    "QLinearAdd": quantizedPair,
    "QLinearMul": quantizedPair,
    "QLinearConv": OperatorEntry(
      [
        .unknown, .scale, .zeroPoint, .product(.convolution), .scale, .zeroPoint, .scale, .zeroPoint, .bias,
      ],
      operands: [3: QuantizedOperand(scale: 4, zeroPoint: 5, form: .channel(0))]
    ),
    "MatMulInteger16": OperatorEntry([.product(.left), .product(.right)]),
    "MatMulIntegerToFloat": OperatorEntry(
      [.product(.left), .product(.right), .scale, .scale, .zeroPoint, .zeroPoint, .bias],
      operands: [
        0: QuantizedOperand(scale: 2, zeroPoint: 4, form: .channel(-2)),
        1: QuantizedOperand(scale: 3, zeroPoint: 5, form: .channel(-1)),
      ]
    ),
    "DynamicQuantizeMatMul": OperatorEntry(
      [.product(.left), .product(.right), .scale, .zeroPoint, .bias],
      operands: [1: QuantizedOperand(scale: 2, zeroPoint: 3, form: .channel(-1))]
    ),
    "QGemm": OperatorEntry(
      [
        .product(.transposable("transA", isLeft: true, isBatched: false)), .scale, .zeroPoint,
        .product(.transposable("transB", isLeft: false, isBatched: false)), .scale, .zeroPoint, .bias, .scale,
        .zeroPoint,
      ],
      operands: [
        0: QuantizedOperand(scale: 1, zeroPoint: 2, form: .gemm("transA", isLeft: true)),
        3: QuantizedOperand(scale: 4, zeroPoint: 5, form: .gemm("transB", isLeft: false)),
      ]
    ),
    "QAttention": OperatorEntry(
      [.unknown, projection, .bias, .scale, .scale, .shape, .zeroPoint, .zeroPoint, .parameter],
      operands: [1: QuantizedOperand(scale: 4, zeroPoint: 7, form: .channel(-1))]
    ),
    "DynamicQuantizeLSTM": OperatorEntry(
      [
        .parameter, quantizedGates, quantizedGates, .bias, .shape, .parameter, .parameter, .parameter, .scale,
        .zeroPoint, .scale, .zeroPoint,
      ],
      operands: [
        1: QuantizedOperand(scale: 8, zeroPoint: 9, form: .recurrent),
        2: QuantizedOperand(scale: 10, zeroPoint: 11, form: .recurrent),
      ]
    ),
    "QEmbedLayerNormalization": OperatorEntry(
      [
        .shape, .shape, .lookUp, .lookUp, .lookUp, .parameter, .parameter, .shape, .scale, .scale, .scale,
        .scale, .scale, .zeroPoint, .zeroPoint, .zeroPoint, .zeroPoint, .zeroPoint,
      ],
      operands: [
        2: QuantizedOperand(scale: 8, zeroPoint: 13, form: .channel(-1)),
        3: QuantizedOperand(scale: 9, zeroPoint: 14, form: .channel(-1)),
        4: QuantizedOperand(scale: 10, zeroPoint: 15, form: .channel(-1)),
      ]
    ),
  ]

  private static let packed: [String: OperatorEntry] = [
    "MatMulNBits": OperatorEntry([
      .unknown, .product(.packed(.nBits(rows: "N", scale: 2, zeroPoint: 3, groupIndex: 4))), .scale,
      .zeroPoint,
      .shape, .bias,
    ]),
    "MatMulNBitsQkv": OperatorEntry([
      .unknown, .unknown, .parameter, fused("Nq", scale: 4), .scale, .bias, fused("Nkv", scale: 7), .scale,
      .bias,
      fused("Nkv", scale: 10), .scale, .bias,
    ]),
    "MatMulNBitsMlp": OperatorEntry([
      .unknown, .unknown, .parameter, fused("N", scale: 4), .scale, .bias, fused("N", scale: 7), .scale,
      .bias,
    ]),
    "MatMulBnb4": OperatorEntry([.unknown, .product(.packed(.bnb4)), .scale]),
    "MatMulFpQ4": OperatorEntry([.unknown, .product(.packed(.opaque("a blob of MatMulFpQ4"))), .shape]),
    "MatMulBlockQuantizedFp4Weight": OperatorEntry([
      .unknown, .product(.packed(.fp4)), .scale, .scale, .scale, .bias,
    ]),
    "MatMulBlockQuantizedFp8Weight": OperatorEntry(
      [
        .unknown, .product(.fixed(axis: 1, rank: 2, isExact: true, name: "K")), .scale, .scale, .bias,
      ],
      operands: [1: QuantizedOperand(scale: 2, zeroPoint: nil, form: .blocks)]
    ),
    "GatherBlockQuantized": OperatorEntry(
      [.lookUp, .shape, .scale, .zeroPoint],
      operands: [0: QuantizedOperand(scale: 2, zeroPoint: 3, form: .gathered)]
    ),
    "QMoE": OperatorEntry(
      [
        .unknown, .unknown,
        .product(.packed(.experts(bits: "fc1_expert_weight_bits", scale: 3, zeroPoint: 11))), .scale, .bias,
        .product(.packed(.experts(bits: "fc2_expert_weight_bits", scale: 6, zeroPoint: 12))), .scale, .bias,
        .product(.packed(.experts(bits: "fc3_expert_weight_bits", scale: 9, zeroPoint: 13))), .scale, .bias,
        .zeroPoint, .zeroPoint, .zeroPoint, .unknown,
      ],
      rest: .scale
    ),
  ]

  private static func fused(_ rows: String, scale: Int) -> InputRole {
    .product(.packed(.nBits(rows: rows, scale: scale, zeroPoint: nil, groupIndex: nil)))
  }
}
