import ModelIR
import ONNX
import Testing

/// A graph, and how the codes of `w` become reals.
struct QuantizationCase: Sendable, CustomTestStringConvertible {
  let graph: GraphCase
  let source: WeightQuantization.Source?
  let granularity: WeightQuantization.Granularity
  let bits: Int
  /// The names of the tensors, or a number, or a word.
  let scale: String
  let zero: String
  let packing: WeightQuantization.Packing
  let logicalShape: [UInt64]?
  let axes: [Int]?

  var testDescription: String { graph.testDescription }

  init(
    _ name: String,
    _ source: WeightQuantization.Source?,
    _ granularity: WeightQuantization.Granularity = .unknown,
    bits: Int = 8,
    scale: String = "s",
    zero: String = "0",
    packing: WeightQuantization.Packing = .none,
    logicalShape: [UInt64]? = nil,
    axes: [Int]? = [0],
    _ build: (inout GraphBuilder) -> Void
  ) {
    graph = GraphCase(name, build)
    self.source = source
    self.granularity = granularity
    self.bits = bits
    self.scale = scale
    self.zero = zero
    self.packing = packing
    self.logicalShape = logicalShape
    self.axes = axes
  }

  /// A parameter as the table names it.
  func name(_ parameter: WeightQuantization.Parameter) -> String {
    switch parameter {
    case .tensor(let number): graph.builder.model.tensors[number].name
    case .constant(let code): "\(code)"
    case .computed: "computed"
    case .none: "none"
    }
  }
}

extension GraphBuilder {
  /// `w` behind a `DequantizeLinear`, in a MatMul.
  mutating func dequantized(
    _ shape: [UInt64],
    _ type: ONNXDataType,
    scale: [UInt64],
    zero: [UInt64]? = nil,
    _ attributes: [(String, ONNXAttribute.Value)] = []
  ) {
    tensor("w", shape, type)
    tensor("s", scale)
    if let zero { tensor("z", zero, type) }
    node("DequantizeLinear", zero == nil ? "w s" : "w s z", "d", attributes)
    node("MatMul", "x d")
  }

  /// `w` as packed codes with `MatMulNBits`.
  mutating func packed(
    n: Int64 = 6,
    k: Int64 = 64,
    bits: Int64 = 4,
    block: Int64 = 32,
    shape: [UInt64] = [6, 2, 16],
    scale: [UInt64] = [6, 2],
    zero: ([UInt64], ONNXDataType)? = nil,
    _ more: [(String, ONNXAttribute.Value)] = []
  ) {
    tensor("w", shape, .uint8)
    tensor("s", scale)
    if let zero { tensor("z", zero.0, zero.1) }
    runtime(
      "MatMulNBits",
      zero == nil ? "x w s" : "x w s z",
      [("N", .integer(n)), ("K", .integer(k)), ("bits", .integer(bits)), ("block_size", .integer(block))]
        + more
    )
  }
}

@Suite("Quantization around a weight")
struct QuantizationTests {
  static let linear: [QuantizationCase] = [
    QuantizationCase("nothing quantizes", nil) {
      $0.tensor("w", [32, 8])
      $0.node("MatMul", "x w")
    },
    QuantizationCase("per tensor, uint8 with its zero at 128", .dequantizeLinear, .tensor, zero: "z") {
      $0.dequantized([32, 8], .uint8, scale: [], zero: [])
    },
    QuantizationCase("a list of one scale is one for all", .dequantizeLinear, .tensor, zero: "z") {
      $0.dequantized([32, 8], .uint8, scale: [1], zero: [])
    },
    QuantizationCase("per column, the default axis", .dequantizeLinear, .channel(axis: 1)) {
      $0.dequantized([32, 8], .int8, scale: [8])
    },
    QuantizationCase("per row from the end", .dequantizeLinear, .channel(axis: 0)) {
      $0.dequantized([32, 8], .int8, scale: [32], [("axis", .integer(-2))])
    },
    QuantizationCase("int4 in blocks along K", .dequantizeLinear, .blocked(axis: 0, size: 16), bits: 4) {
      $0.dequantized([64, 6], .int4, scale: [4, 6], [("axis", .integer(0)), ("block_size", .integer(16))])
    },
    QuantizationCase(
      "uint4 in blocks with zero points",
      .dequantizeLinear,
      .blocked(axis: 0, size: 16),
      bits: 4,
      zero: "z"
    ) {
      $0.dequantized(
        [64, 6],
        .uint4,
        scale: [4, 6],
        zero: [4, 6],
        [("axis", .integer(0)), ("block_size", .integer(16))]
      )
    },
    QuantizationCase("a last block of one row", .dequantizeLinear, .blocked(axis: 0, size: 16)) {
      $0.dequantized([33, 6], .int8, scale: [3, 6], [("axis", .integer(0)), ("block_size", .integer(16))])
    },
    QuantizationCase("float8", .dequantizeLinear, .tensor) {
      $0.dequantized([32, 8], .float8E4M3FN, scale: [])
    },
    QuantizationCase("int2", .dequantizeLinear, .tensor, bits: 2) {
      $0.dequantized([32, 8], .int2, scale: [])
    },
    QuantizationCase("ONNX Runtime's own DequantizeLinear", .dequantizeLinear, .tensor, bits: 16) {
      $0.tensor("w", [32, 8], .int16)
      $0.tensor("s", [])
      $0.node("DequantizeLinear", "w s", "d", domain: "com.microsoft")
      $0.node("MatMul", "x d")
    },
    QuantizationCase("a scale and zero point in Constants", .dequantizeLinear, .channel(axis: 1), zero: "z") {
      $0.tensor("w", [32, 8], .int8)
      $0.constant("s", [8])
      $0.constant("z", [8], .int8)
      $0.node("Identity", "s", "si")
      $0.node("DequantizeLinear", "w si z", "d")
      $0.node("MatMul", "x d")
    },
    QuantizationCase("a scale that the graph computes", .dequantizeLinear, scale: "computed") {
      $0.tensor("w", [32, 8], .int8)
      $0.node("Exp", "l", "s")
      $0.node("DequantizeLinear", "w s", "d")
      $0.node("MatMul", "x d")
    },
    QuantizationCase("the axis of what is turned before", .dequantizeLinear, .channel(axis: 0), axes: [1]) {
      $0.tensor("w", [8, 32], .int8)
      $0.tensor("s", [8])
      $0.node("Transpose", "w", "t")
      $0.node("DequantizeLinear", "t s", "d", [("axis", .integer(1))])
      $0.node("MatMul", "x d")
    },
    QuantizationCase(
      "blocks of what is turned before",
      .dequantizeLinear,
      .blocked(axis: 1, size: 16),
      axes: [1]
    ) {
      $0.tensor("w", [8, 32], .int8)
      $0.tensor("s", [2, 8])
      $0.node("Transpose", "w", "t")
      $0.node("DequantizeLinear", "t s", "d", [("axis", .integer(0)), ("block_size", .integer(16))])
      $0.node("MatMul", "x d")
    },
    QuantizationCase("quantized and back: a float weight", .fakeQuantized, .channel(axis: 1), zero: "z") {
      $0.tensor("w", [32, 8])
      $0.tensor("s", [8])
      $0.tensor("z", [8], .int8)
      $0.node("QuantizeLinear", "w s z", "q")
      $0.node("DequantizeLinear", "q s z", "d")
      $0.node("MatMul", "x d")
    },
    QuantizationCase("quantized to four bits by output_dtype", .fakeQuantized, .tensor, bits: 4) {
      $0.tensor("w", [32, 8])
      $0.tensor("s", [])
      $0.node("QuantizeLinear", "w s", "q", [("output_dtype", .integer(22))])
      $0.node("MatMulInteger", "x q")
    },
    QuantizationCase("an annotation", .annotation, .tensor, zero: "z") {
      $0.tensor("w", [32, 8], .uint8)
      $0.tensor("s", [1])
      $0.tensor("z", [1], .uint8)
      $0.node("MatMul", "x w")
      $0.model.graphs[0].annotations = [("w", [("SCALE_TENSOR", "s"), ("ZERO_POINT_TENSOR", "z")])]
    },
    QuantizationCase("an annotation of many scales does not say the axis", .annotation) {
      $0.tensor("w", [32, 8], .int8)
      $0.tensor("s", [8])
      $0.node("MatMul", "x w")
      $0.model.graphs[0].annotations = [("w", [("SCALE_TENSOR", "s")])]
    },
    QuantizationCase("a node counts more than an annotation", .dequantizeLinear, .tensor) {
      $0.dequantized([32, 8], .int8, scale: [])
      $0.tensor("other", [])
      $0.model.graphs[0].annotations = [("w", [("SCALE_TENSOR", "other")])]
    },
  ]

  static let operands: [QuantizationCase] = [
    QuantizationCase("QLinearConv", .operand, .channel(axis: 0), zero: "z", axes: [1]) {
      $0.tensor("w", [8, 16, 3, 3], .int8)
      $0.tensor("s", [8])
      $0.tensor("z", [8], .int8)
      $0.node("QLinearConv", "x xs xz w s z ys yz")
    },
    QuantizationCase("QLinearMatMul per column", .operand, .channel(axis: 1), zero: "z") {
      $0.tensor("w", [16, 12], .uint8)
      $0.tensor("s", [12])
      $0.tensor("z", [12], .uint8)
      $0.node("QLinearMatMul", "x xs xz w s z ys yz")
    },
    QuantizationCase(
      "QLinearMatMul per column of each matrix",
      .operand,
      .blockShape([1, 16, 1]),
      zero: "z",
      axes: [1]
    ) {
      $0.tensor("w", [3, 16, 12], .uint8)
      $0.tensor("s", [3, 1, 12])
      $0.tensor("z", [3, 1, 12], .uint8)
      $0.node("QLinearMatMul", "x xs xz w s z ys yz")
    },
    QuantizationCase(
      "QLinearMatMul, first operand per row",
      .operand,
      .channel(axis: 0),
      zero: "z",
      axes: [1]
    ) {
      $0.tensor("w", [12, 16], .uint8)
      $0.tensor("s", [12])
      $0.tensor("z", [12], .uint8)
      $0.node("QLinearMatMul", "w s z x xs xz ys yz")
    },
    QuantizationCase(
      "MatMulInteger, a scale in the Mul behind",
      .integerOperand,
      .channel(axis: 1),
      zero: "z"
    ) {
      $0.tensor("w", [16, 12], .uint8)
      $0.tensor("s", [12])
      $0.tensor("z", [], .uint8)
      $0.node("MatMulInteger", "x w xz z", "m")
      $0.node("Cast", "m", "c")
      $0.node("Mul", "c s")
    },
    QuantizationCase("MatMulInteger, the scale times that of the data", .integerOperand, .tensor) {
      $0.tensor("w", [16, 12], .int8)
      $0.tensor("s", [1])
      $0.node("MatMulInteger", "x w xz", "m")
      $0.node("Mul", "xs s", "p")
      $0.node("Cast", "m", "c")
      $0.node("Mul", "p c")
    },
    QuantizationCase("MatMulInteger with no Mul behind", .integerOperand, scale: "none") {
      $0.tensor("w", [16, 12], .int8)
      $0.node("MatMulInteger", "x w")
    },
    QuantizationCase("ConvInteger", .integerOperand, .channel(axis: 0), zero: "z", axes: [1]) {
      $0.tensor("w", [8, 16, 3, 3], .uint8)
      $0.tensor("s", [8, 1, 1])
      $0.tensor("z", [], .uint8)
      $0.node("ConvInteger", "x w xz z", "m")
      $0.node("Cast", "m", "c")
      $0.node("Mul", "c s")
    },
    QuantizationCase("MatMulIntegerToFloat", .operand, .channel(axis: 1), zero: "z") {
      $0.tensor("w", [16, 12], .uint8)
      $0.tensor("s", [12])
      $0.tensor("z", [12], .uint8)
      $0.runtime("MatMulIntegerToFloat", "x w xs s xz z")
    },
    QuantizationCase("DynamicQuantizeMatMul", .operand, .tensor) {
      $0.tensor("w", [16, 12], .int8)
      $0.tensor("s", [])
      $0.runtime("DynamicQuantizeMatMul", "x w s")
    },
    QuantizationCase("QGemm, transposed", .operand, .channel(axis: 0), zero: "z", axes: [1]) {
      $0.tensor("w", [12, 16], .int8)
      $0.tensor("s", [12])
      $0.tensor("z", [12], .int8)
      $0.runtime("QGemm", "x xs xz w s z", [("transB", .integer(1))])
    },
    QuantizationCase("QAttention", .operand, .channel(axis: 1)) {
      $0.tensor("w", [16, 48], .int8)
      $0.tensor("s", [48])
      $0.runtime("QAttention", "x w b xs s")
    },
    QuantizationCase("DynamicQuantizeLSTM", .operand, .blockShape([1, 16, 1]), zero: "z", axes: [1]) {
      $0.tensor("w", [2, 16, 32], .int8)
      $0.tensor("s", [2, 32])
      $0.tensor("z", [2, 32], .int8)
      $0.runtime("DynamicQuantizeLSTM", "x w r - - - - - s z rs rz")
    },
    QuantizationCase("MatMulBlockQuantizedFp8Weight", .operand, .blocked(axis: 1, size: 128), axes: [1]) {
      $0.tensor("w", [12, 256], .float8E4M3FN)
      $0.tensor("s", [12, 2])
      $0.runtime("MatMulBlockQuantizedFp8Weight", "x w s", [("block_size", .integer(128))])
    },
  ]

  static let packed: [QuantizationCase] = [
    QuantizationCase(
      "MatMulNBits without zero points",
      .operand,
      .blocked(axis: 1, size: 32),
      bits: 4,
      zero: "8",
      packing: .blocks,
      logicalShape: [6, 64],
      axes: [1]
    ) { $0.packed() },
    QuantizationCase(
      "MatMulNBits, scales flat, zero points packed, a last block cut short",
      .operand,
      .blocked(axis: 1, size: 32),
      bits: 4,
      zero: "z",
      packing: .blocks,
      logicalShape: [6, 90],
      axes: [1]
    ) { $0.packed(k: 90, shape: [6, 3, 16], scale: [18], zero: ([12], .uint8)) },
    QuantizationCase(
      "MatMulNBits of two bits, zero points as floats",
      .operand,
      .blocked(axis: 1, size: 16),
      bits: 2,
      zero: "z",
      packing: .blocks,
      logicalShape: [6, 64],
      axes: [1]
    ) { $0.packed(bits: 2, block: 16, shape: [6, 4, 4], scale: [6, 4], zero: ([6, 4], .float)) },
    QuantizationCase(
      "MatMulNBits of three bits: blocks are whole bytes",
      .operand,
      .blocked(axis: 1, size: 16),
      bits: 3,
      zero: "4",
      packing: .blocks,
      logicalShape: [6, 64],
      axes: [1]
    ) { $0.packed(bits: 3, block: 16, shape: [6, 4, 6], scale: [6, 4]) },
    QuantizationCase(
      "MatMulNBitsQkv, the third weight",
      .operand,
      .blocked(axis: 1, size: 32),
      bits: 4,
      zero: "8",
      packing: .blocks,
      logicalShape: [6, 64],
      axes: [1]
    ) {
      $0.tensor("w", [6, 2, 16], .uint8)
      $0.tensor("s", [6, 2])
      $0.runtime(
        "MatMulNBitsQkv",
        "x - n q qs - k ks - w s",
        [("K", .integer(64)), ("Nq", .integer(12)), ("Nkv", .integer(6)), ("block_size", .integer(32))]
      )
    },
    QuantizationCase(
      "MatMulNBitsMlp, the second weight",
      .operand,
      .blocked(axis: 1, size: 32),
      bits: 4,
      zero: "8",
      packing: .blocks,
      logicalShape: [6, 64],
      axes: [1]
    ) {
      $0.tensor("w", [6, 2, 16], .uint8)
      $0.tensor("s", [6, 2])
      $0.runtime(
        "MatMulNBitsMlp",
        "x - n g gs - w s",
        [("K", .integer(64)), ("N", .integer(6)), ("block_size", .integer(32))]
      )
    },
    QuantizationCase(
      "MatMulBnb4 in NF4",
      .operand,
      .flatRuns(size: 64),
      bits: 4,
      zero: "7",
      packing: .flat,
      logicalShape: [6, 32],
      axes: [1]
    ) {
      $0.tensor("w", [96], .uint8)
      $0.tensor("s", [3])
      $0.runtime(
        "MatMulBnb4",
        "x w s",
        [("K", .integer(32)), ("N", .integer(6)), ("block_size", .integer(64)), ("quant_type", .integer(1))]
      )
    },
    QuantizationCase(
      "MatMulBlockQuantizedFp4Weight",
      .operand,
      .blocked(axis: 1, size: 16),
      bits: 4,
      packing: .rows,
      logicalShape: [12, 64],
      axes: [1]
    ) {
      $0.tensor("w", [12, 32], .uint8)
      $0.tensor("s", [12, 4], .uint8)
      $0.tensor("g", [])
      $0.runtime("MatMulBlockQuantizedFp4Weight", "x w s g", [("block_size", .integer(16))])
    },
    QuantizationCase(
      "GatherBlockQuantized of bytes",
      .operand,
      .blocked(axis: 1, size: 32),
      bits: 4,
      zero: "8",
      packing: .rows,
      logicalShape: [100, 64],
      axes: []
    ) {
      $0.tensor("w", [100, 32], .uint8)
      $0.tensor("s", [100, 2])
      $0.runtime("GatherBlockQuantized", "w i s", [("bits", .integer(4)), ("block_size", .integer(32))])
    },
    QuantizationCase(
      "GatherBlockQuantized of uint4",
      .operand,
      .blocked(axis: 1, size: 32),
      bits: 4,
      axes: []
    ) {
      $0.tensor("w", [100, 64], .uint4)
      $0.tensor("s", [100, 2])
      $0.runtime("GatherBlockQuantized", "w i s", [("block_size", .integer(32))])
    },
    QuantizationCase(
      "QMoE in blocks",
      .operand,
      .blocked(axis: 2, size: 32),
      bits: 4,
      zero: "8",
      packing: .rows,
      logicalShape: [2, 12, 64],
      axes: [2]
    ) {
      $0.tensor("w", [2, 12, 32], .uint8)
      $0.tensor("s", [2, 12, 2])
      $0.runtime(
        "QMoE",
        "x p - - - w s",
        [("expert_weight_bits", .integer(4)), ("block_size", .integer(32))]
      )
    },
    QuantizationCase(
      "QMoE per row, its own bits",
      .operand,
      .blockShape([1, 1, 32]),
      zero: "128",
      packing: .rows,
      logicalShape: [2, 12, 32],
      axes: [2]
    ) {
      $0.tensor("w", [2, 12, 32], .uint8)
      $0.tensor("s", [2, 12])
      $0.runtime("QMoE", "x p w s", [("fc1_expert_weight_bits", .integer(8))])
    },
  ]

  @Test("Scale, zero point, axis, and block of a weight", arguments: linear + operands + packed)
  func quantization(_ known: QuantizationCase) throws {
    let weight = try #require(known.graph.builder.weight)
    #expect(weight.findings == [])
    #expect(weight.reduction?.axes == known.axes)
    #expect(weight.quantization?.source == known.source)
    guard known.source != nil else { return }
    let quantization = try #require(weight.quantization)
    #expect(quantization.granularity == known.granularity)
    #expect(quantization.bits == known.bits)
    #expect(known.name(quantization.scale) == known.scale)
    #expect(known.name(quantization.zeroPoint) == known.zero)
    #expect(quantization.packing == known.packing)
    #expect(quantization.logicalShape?.extents == known.logicalShape)
    #expect(quantization.refusal == nil)
    if known.logicalShape != nil, known.axes != [] {
      #expect(weight.uses.first?.logicalShape?.extents == known.logicalShape)
    }
  }

  @Test(
    "Layouts that only the operator knows have neither axis nor codes",
    arguments: [("weight_prepacked", 1)] as [(String, Int64)]
  )
  func opaque(_ attribute: String, _ value: Int64) throws {
    var builder = GraphBuilder()
    builder.packed([(attribute, .integer(value))])
    let weight = try #require(builder.weight)
    #expect(weight.quantization?.refusal == attribute)
    #expect(weight.reduction == nil)
    #expect(weight.uses.map(\.absence) == [.opaque(attribute)])
  }

  @Test("Zero points of packed codes say whether they are packed too")
  func zeroPointPacking() throws {
    for (shape, type, packing) in [([6, 1], .uint8, .rows), ([6, 2], .float16, .none)]
      as [([UInt64], ONNXDataType, WeightQuantization.Packing)]
    {
      var builder = GraphBuilder()
      builder.packed(zero: (shape, type))
      let weight = try #require(builder.weight)
      #expect(weight.findings == [])
      #expect(weight.quantization?.zeroPointPacking == packing)
    }
  }

  @Test("What is turned before it is dequantized says how")
  func order() throws {
    var builder = GraphBuilder()
    builder.tensor("w", [8, 32], .int8)
    builder.tensor("s", [])
    builder.node("Transpose", "w", "t")
    builder.node("DequantizeLinear", "t s", "d")
    builder.node("MatMul", "x d")
    #expect(builder.weight?.quantization?.order == [1, 0])
  }
}
