import ModelIR
import ONNX
import Testing

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
