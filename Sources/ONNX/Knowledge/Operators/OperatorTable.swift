/// The operators that are known here.
enum OperatorTable {
  /// The entry of an operator; nil where it is not known.
  static func entry(domain: String, operation: String) -> OperatorEntry? {
    switch domain {
    case "": standard[operation]
    case "com.microsoft": runtime[operation]
    default: nil
    }
  }

  /// ONNX's own. (onnx 1.23, operator sets 1 to 28.)
  private static let standard: [String: OperatorEntry] = products.merging(movers) { first, _ in first }
    .merging(parameterized) { first, _ in first }
    .merging(elementwise) { first, _ in first }
    .merging(rearranging) { first, _ in first }

  /// A product's quantized operands: scale and zero point follow.
  private static let quantizedMatMul: [Int: QuantizedOperand] = [
    0: QuantizedOperand(scale: 1, zeroPoint: 2, form: .channel(-2)),
    3: QuantizedOperand(scale: 4, zeroPoint: 5, form: .channel(-1)),
  ]

  private static let products: [String: OperatorEntry] = [
    "MatMul": OperatorEntry([.product(.left), .product(.right)]),
    "Gemm": OperatorEntry([
      .product(.transposable("transA", isLeft: true, isBatched: false)),
      .product(.transposable("transB", isLeft: false, isBatched: false)), .bias,
    ]),
    "Conv": OperatorEntry([.product(.convolution), .product(.convolution), .bias]),
    "ConvTranspose": OperatorEntry([
      .product(.convolution), .product(.transposedConvolution), .bias,
    ]),
    "DeformConv": OperatorEntry([
      .product(.convolution), .product(.convolution), .parameter, .bias, .parameter,
    ]),
    "QLinearConv": OperatorEntry(
      [
        .product(.convolution), .scale, .zeroPoint, .product(.convolution), .scale, .zeroPoint, .scale,
        .zeroPoint, .bias,
      ],
      operands: [
        0: QuantizedOperand(scale: 1, zeroPoint: 2, form: .channel(1)),
        3: QuantizedOperand(scale: 4, zeroPoint: 5, form: .channel(0)),
      ]
    ),
    "ConvInteger": OperatorEntry(
      [.product(.convolution), .product(.convolution), .zeroPoint, .zeroPoint],
      operands: [1: QuantizedOperand(scale: nil, zeroPoint: 3, form: .channel(0))]
    ),
    "QLinearMatMul": OperatorEntry(
      [
        .product(.left), .scale, .zeroPoint, .product(.right), .scale, .zeroPoint, .scale, .zeroPoint,
      ],
      operands: quantizedMatMul
    ),
    "MatMulInteger": OperatorEntry(
      [.product(.left), .product(.right), .zeroPoint, .zeroPoint],
      operands: [
        0: QuantizedOperand(scale: nil, zeroPoint: 2, form: .channel(-2)),
        1: QuantizedOperand(scale: nil, zeroPoint: 3, form: .channel(-1)),
      ]
    ),
    "LSTM": recurrent,
    "GRU": recurrent,
    "RNN": recurrent,
    "Einsum": OperatorEntry([], rest: .product(.einsum)),
    "Gather": OperatorEntry([.lookUp, .shape]),
    "GatherElements": OperatorEntry([.lookUp, .shape]),
    "GatherND": OperatorEntry([.lookUp, .shape]),
  ]

  private static let recurrent = OperatorEntry(
    [.parameter, .product(.recurrent), .product(.recurrent), .bias, .shape],
    rest: .parameter
  )

  private static let movers: [String: OperatorEntry] = [
    "Identity": OperatorEntry([.pass(.identity)]),
    "Cast": OperatorEntry([.pass(.cast)]),
    "CastLike": OperatorEntry([.pass(.cast), .parameter]),
    "Transpose": OperatorEntry([.pass(.transpose)]),
    "DequantizeLinear": OperatorEntry([.pass(.dequantize), .scale, .zeroPoint]),
    "QuantizeLinear": OperatorEntry([.pass(.quantize), .scale, .zeroPoint]),
    "Reshape": OperatorEntry([.pass(.reshape), .shape]),
    "Flatten": OperatorEntry([.pass(.flatten)]),
    "Squeeze": OperatorEntry([.pass(.squeeze), .shape]),
    "Unsqueeze": OperatorEntry([.pass(.unsqueeze), .shape]),
    "If": OperatorEntry([.shape]),
    "Loop": OperatorEntry([.shape, .shape], rest: .pass(.loop)),
    "Scan": OperatorEntry([], rest: .pass(.scan)),
  ]

  private static let parameterized: [String: OperatorEntry] = [
    "BatchNormalization": OperatorEntry([.elementwise], rest: .parameter),
    "InstanceNormalization": OperatorEntry([.elementwise], rest: .parameter),
    "GroupNormalization": OperatorEntry([.elementwise], rest: .parameter),
    "LayerNormalization": OperatorEntry([.elementwise], rest: .parameter),
    "RMSNormalization": OperatorEntry([.elementwise], rest: .parameter),
    "Clip": OperatorEntry([.elementwise], rest: .parameter),
    "Dropout": OperatorEntry([.elementwise], rest: .parameter),
    "Pad": OperatorEntry([.rearranged, .shape, .parameter, .shape]),
    "Slice": OperatorEntry([.rearranged], rest: .shape),
    "Split": OperatorEntry([.rearranged, .shape]),
    "Expand": OperatorEntry([.rearranged, .shape]),
    "Tile": OperatorEntry([.rearranged], rest: .shape),
    "Resize": OperatorEntry([.rearranged], rest: .shape),
    "Upsample": OperatorEntry([.rearranged, .shape]),
    "TopK": OperatorEntry([.rearranged, .shape]),
    "Trilu": OperatorEntry([.rearranged, .shape]),
    "CumSum": OperatorEntry([.rearranged, .shape]),
    "OneHot": OperatorEntry([.shape, .shape, .parameter]),
    "Range": OperatorEntry([], rest: .shape),
    "ConstantOfShape": OperatorEntry([.shape]),
    "ScatterND": OperatorEntry([.rearranged, .shape, .rearranged]),
    "ScatterElements": OperatorEntry([.rearranged, .shape, .rearranged]),
    "Where": OperatorEntry([.shape, .elementwise, .elementwise]),
    "DynamicQuantizeLinear": OperatorEntry([.elementwise]),
    "Shape": OperatorEntry([.shape]),
    "Size": OperatorEntry([.shape]),
  ]

  private static let elementwise: [String: OperatorEntry] = entries(
    """
    Add Sub Mul Div Pow Mod Max Min Mean Sum PRelu Equal Greater GreaterOrEqual Less LessOrEqual And Or Xor Not \
    BitShift BitwiseAnd BitwiseOr BitwiseXor BitwiseNot Abs Neg Sqrt Exp Log Erf Sin Cos Tan Tanh Sigmoid Relu \
    LeakyRelu Elu Selu Gelu Softplus Softsign HardSigmoid HardSwish Mish Floor Ceil Round Sign Reciprocal Softmax \
    LogSoftmax IsNaN IsInf
    """,
    OperatorEntry([], rest: .elementwise)
  )

  private static let rearranging: [String: OperatorEntry] = entries(
    "Concat SpaceToDepth DepthToSpace Compress ReverseSequence SequenceConstruct SplitToSequence ConcatFromSequence",
    OperatorEntry([], rest: .rearranged)
  ).merging(
    entries(
      """
      ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp \
      ReduceSumSquare ArgMax ArgMin
      """,
      OperatorEntry([.rearranged, .shape])
    )
  ) { first, _ in first }

  /// The same entry for many names.
  static func entries(_ names: String, _ entry: OperatorEntry) -> [String: OperatorEntry] {
    Dictionary(names.split(separator: " ").map { (String($0), entry) }) { first, _ in first }
  }
}
