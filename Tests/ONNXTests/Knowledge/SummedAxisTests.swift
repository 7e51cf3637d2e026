import ModelIR
import ONNX
import Testing

/// A graph, and along which axes of the stored tensor `w` products sum.
struct AxisCase: Sendable, CustomTestStringConvertible {
  let graph: GraphCase
  let axes: [Int]?
  let evidence: String?

  var testDescription: String { graph.testDescription }

  init(_ name: String, _ axes: [Int]?, evidence: String? = nil, _ build: (inout GraphBuilder) -> Void) {
    graph = GraphCase(name, build)
    self.axes = axes
    self.evidence = evidence
  }

  /// One node on `w` of that shape.
  init(
    _ operation: String,
    _ inputs: String,
    _ shape: [UInt64],
    _ axes: [Int]?,
    _ attributes: [(String, ONNXAttribute.Value)] = [],
    domain: String = "",
    evidence: String? = nil
  ) {
    let values = attributes.map { "\($0.0) \($0.1)" }.joined(separator: " ")
    self.init("\(operation)(\(inputs)) \(shape) \(values)", axes, evidence: evidence) {
      $0.tensor("w", shape)
      $0.node(operation, inputs, "y", attributes, domain: domain)
    }
  }
}

@Suite("Axes that products sum over")
struct SummedAxisTests {
  static let operators: [AxisCase] = [
    AxisCase("MatMul", "x w", [16, 12], [0], evidence: "MatMul \"matmul\", input 1: K is axis 0"),
    AxisCase("MatMul", "x w", [3, 16, 12], [1]),
    AxisCase("MatMul", "x w", [16], [0]),
    AxisCase("MatMul", "w x", [12, 16], [1]),
    AxisCase("MatMul", "w x", [3, 12, 16], [2]),
    AxisCase("MatMul", "w x", [16], [0]),
    AxisCase("MatMul", "w w", [16, 16], [0, 1]),
    AxisCase("MatMul", "x w", [], nil),
    AxisCase("Gemm", "x w b", [16, 12], [0]),
    AxisCase("Gemm", "x w b", [12, 16], [1], [("transB", .integer(1))]),
    AxisCase("Gemm", "w x", [12, 16], [1]),
    AxisCase("Gemm", "w x", [16, 12], [0], [("transA", .integer(1))]),
    AxisCase("Gemm", "x w", [3, 16, 12], nil),
    AxisCase("Gemm", "x x w", [16], []),
    AxisCase(
      "Conv",
      "x w b",
      [8, 16, 3, 3],
      [1],
      evidence: "Conv \"conv\", input 1: input channels are axis 1"
    ),
    AxisCase("Conv", "x w", [8, 4, 3, 3], [1], [("group", .integer(4))]),
    AxisCase("Conv", "x w", [8, 16, 3], [1]),
    AxisCase("Conv", "x w", [8, 16], nil),
    AxisCase("ConvTranspose", "x w", [16, 8, 3, 3], [0]),
    AxisCase("DeformConv", "x w o", [8, 16, 3, 3], [1]),
    AxisCase("QLinearConv", "x s z w s z s z", [8, 16, 3, 3], [1]),
    AxisCase("ConvInteger", "x w z z", [8, 16, 3, 3], [1]),
    AxisCase("QLinearMatMul", "x s z w s z s z", [16, 12], [0]),
    AxisCase("QLinearMatMul", "w s z x s z s z", [12, 16], [1]),
    AxisCase("MatMulInteger", "x w z z", [16, 12], [0]),
    AxisCase("MatMulInteger", "w x z z", [12, 16], [1]),
    AxisCase("LSTM", "x w r", [1, 32, 16], [2]),
    AxisCase("LSTM", "x v w", [1, 32, 8], [2]),
    AxisCase("GRU", "x w r", [2, 24, 16], [2]),
    AxisCase("RNN", "x w r", [1, 8, 16], [2]),
    AxisCase("RNN", "x w r", [8, 16], nil),
    AxisCase("LSTM", "x v r w", [1, 64], []),
    AxisCase("Gather", "w i", [100, 16], []),
    AxisCase("Einsum", "x w", [16, 12], [0], [("equation", .string("bij,jk->bik"))]),
    AxisCase("Einsum", "w x", [12, 16], [1], [("equation", .string("kj, bij -> bik"))]),
    AxisCase("Einsum", "x w", [3, 4, 12], [0, 1], [("equation", .string("...ab,abn->...n"))]),
    AxisCase("Einsum", "x w", [5, 6, 16, 12], [2], [("equation", .string("...ij,...jk->...ik"))]),
    AxisCase("Einsum", "x w", [16, 12], [0], [("equation", .string("ij,jk"))]),
    AxisCase("Einsum", "x w", [16, 12], [], [("equation", .string("ij,ij->ij"))]),
    AxisCase("Einsum", "x w", [16, 12], nil, [("equation", .string("ij,jkl->ikl"))]),
    AxisCase("Einsum", "x w", [16, 12], nil, [("equation", .string("ij,j5->i5"))]),
    AxisCase("Einsum", "w", [16, 12], nil, [("equation", .string("ij->ji"))]),
    AxisCase("Einsum", "x w", [16, 12], nil),
    AxisCase("Add", "x w", [16, 12], []),
    AxisCase("Concat", "x w", [16, 12], nil),
    AxisCase("Mystery", "x w", [16, 12], nil),
    AxisCase("MatMul", "x w", [16, 12], nil, domain: "elsewhere"),
    AxisCase("FusedMatMul", "x w", [12, 16], [1], [("transB", .integer(1))], domain: "com.microsoft"),
    AxisCase("FusedMatMul", "x w", [3, 16, 12], [1], domain: "com.microsoft"),
    AxisCase(
      "FusedMatMul",
      "x w",
      [3, 16, 12],
      nil,
      [("transBatchB", .integer(1))],
      domain: "com.microsoft"
    ),
    AxisCase("FusedConv", "x w", [8, 16, 3, 3], [1], domain: "com.microsoft"),
    AxisCase("NhwcFusedConv", "x w", [8, 16, 3, 3], [1], domain: "com.microsoft"),
    AxisCase("Attention", "x w b", [16, 48], [0], domain: "com.microsoft"),
    AxisCase("DynamicQuantizeLSTM", "x w r", [1, 16, 32], [1], domain: "com.microsoft"),
    AxisCase("MoE", "x p w b", [4, 32, 16], [2], domain: "com.microsoft"),
    AxisCase("MatMulFpQ4", "x w s", [512], nil, domain: "com.microsoft"),
  ]

  static let ways: [AxisCase] = [
    AxisCase(
      "Transpose swaps K and N",
      [1],
      evidence: "MatMul \"matmul\", input 1 via Transpose: K is axis 1"
    ) {
      $0.tensor("w", [12, 16])
      $0.node("Transpose", "w", "t", [("perm", .integers([1, 0]))])
      $0.node("MatMul", "x t")
    },
    AxisCase("Transpose without perm reverses", [0]) {
      $0.tensor("w", [16, 32, 1])
      $0.node("Transpose", "w", "t")
      $0.node("LSTM", "x t")
    },
    AxisCase("Transpose by a three-cycle", [2]) {
      $0.tensor("w", [12, 3, 16])
      $0.node("Transpose", "w", "t", [("perm", .integers([1, 2, 0]))])
      $0.node("MatMul", "x t")
    },
    AxisCase("Transpose with a perm of another rank", nil) {
      $0.tensor("w", [12, 16])
      $0.node("Transpose", "w", "t", [("perm", .integers([0, 2, 1]))])
      $0.node("MatMul", "x t")
    },
    AxisCase("Transpose with an axis twice", nil) {
      $0.tensor("w", [12, 16])
      $0.node("Transpose", "w", "t", [("perm", .integers([1, 1]))])
      $0.node("MatMul", "x t")
    },
    AxisCase("Cast, Identity, Cast", [0]) {
      $0.tensor("w", [16, 12])
      $0.node("Cast", "w", "a")
      $0.node("Identity", "a", "b")
      $0.node("Cast", "b", "c")
      $0.node("MatMul", "x c")
    },
    AxisCase("Reshape to the same", [0]) {
      $0.tensor("w", [16, 12])
      $0.integers("s", [0, -1])
      $0.node("Reshape", "w s", "t")
      $0.node("MatMul", "x t")
    },
    AxisCase("Reshape of a 1x1 kernel to a matrix", [1]) {
      $0.tensor("w", [12, 16, 1, 1])
      $0.integers("s", [12, 16])
      $0.node("Reshape", "w s", "t")
      $0.node("Gemm", "x t", "y", [("transB", .integer(1))])
    },
    AxisCase("Reshape that merges K with the kernel", nil) {
      $0.tensor("w", [12, 16, 3, 3])
      $0.integers("s", [12, -1])
      $0.node("Reshape", "w s", "t")
      $0.node("Gemm", "x t", "y", [("transB", .integer(1))])
    },
    AxisCase("Reshape that merges other axes than K", [0]) {
      $0.tensor("w", [16, 4, 3])
      $0.integers("s", [16, 12])
      $0.node("Reshape", "w s", "t")
      $0.node("MatMul", "x t")
    },
    AxisCase("Reshape to a shape that is computed", nil) {
      $0.tensor("w", [16, 12])
      $0.node("Reshape", "w s", "t")
      $0.node("MatMul", "x t")
    },
    AxisCase("Reshape to another number of elements", nil) {
      $0.tensor("w", [16, 12])
      $0.integers("s", [16, 11])
      $0.node("Reshape", "w s", "t")
      $0.node("MatMul", "x t")
    },
    AxisCase("Reshape to extents beyond 64 bits", nil) {
      $0.tensor("w", [16, 12])
      $0.integers("s", [.max, .max, .max])
      $0.node("Reshape", "w s", "t")
      $0.node("MatMul", "x t")
    },
    AxisCase("Reshape of operator set 1, by attribute", [0]) {
      $0.tensor("w", [16, 12])
      $0.node("Reshape", "w", "t", [("shape", .integers([16, 12]))])
      $0.node("MatMul", "x t")
    },
    AxisCase("Reshape by a Constant of integers", [0]) {
      $0.tensor("w", [16, 12])
      $0.node("Constant", "", "s", [("value_ints", .integers([16, 12]))])
      $0.node("Reshape", "w s", "t")
      $0.node("MatMul", "x t")
    },
    AxisCase("Flatten of what is flat", [1]) {
      $0.tensor("w", [12, 16, 1, 1])
      $0.node("Flatten", "w", "t")
      $0.node("Gemm", "x t", "y", [("transB", .integer(1))])
    },
    AxisCase("Squeeze and Unsqueeze, axes as inputs", [1]) {
      $0.tensor("w", [12, 16, 1])
      $0.integers("last", [-1])
      $0.integers("places", [2, 3])
      $0.node("Squeeze", "w last", "s")
      $0.node("Unsqueeze", "s places", "t")
      $0.node("Conv", "x t")
    },
    AxisCase("Squeeze without axes, Unsqueeze by attribute", [0]) {
      $0.tensor("w", [16, 1, 12])
      $0.node("Squeeze", "w", "s")
      $0.node("Unsqueeze", "s", "t", [("axes", .integers([0]))])
      $0.node("Squeeze", "t", "u", [("axes", .integers([0]))])
      $0.node("MatMul", "x u")
    },
    AxisCase("Squeeze of an axis that is not 1", nil) {
      $0.tensor("w", [16, 12])
      $0.node("Squeeze", "w", "s", [("axes", .integers([0]))])
      $0.node("MatMul", "x s")
    },
    AxisCase("a sum over an axis that was put in", []) {
      $0.tensor("w", [12])
      $0.node("Unsqueeze", "w", "t", [("axes", .integers([0]))])
      $0.node("MatMul", "x t")
    },
    AxisCase("a table tied to a product", [1]) {
      $0.tensor("w", [100, 16])
      $0.node("Gather", "w i", "e")
      $0.node("Transpose", "w", "t", [("perm", .integers([1, 0]))])
      $0.node("MatMul", "e t")
    },
    AxisCase("two products along different axes", [0, 1]) {
      $0.tensor("w", [16, 16])
      $0.node("MatMul", "x w", "h")
      $0.node("Gemm", "h w", "y", [("transB", .integer(1))])
    },
    AxisCase("a Constant", [0]) {
      $0.constant("w", [16, 12])
      $0.node("MatMul", "x w")
    },
    AxisCase("a sparse Constant", [0]) {
      $0.constant("w", [16, 12], attribute: "sparse_value")
      $0.node("MatMul", "x w")
    },
    AxisCase("nobody", nil) { $0.tensor("w", [16, 12]) },
    AxisCase("a rank beyond what is followed", nil) {
      $0.tensor("w", [UInt64](repeating: 1, count: 65))
      $0.node("MatMul", "x w")
    },
  ]

  /// The weights of the golden files of that name.
  static let golden: [AxisCase] = [
    AxisCase("nm24_matmul", [0]) {
      $0.tensor("w", [16, 12])
      $0.node("MatMul", "x w")
    },
    AxisCase("nm24_gemm_transB", [1]) {
      $0.tensor("w", [12, 16])
      $0.node("Gemm", "x w", "y", [("transB", .integer(1))])
    },
    AxisCase("nm24_gemm", [0]) {
      $0.tensor("w", [16, 12])
      $0.node("Gemm", "x w")
    },
    AxisCase("nm24_conv", [1]) {
      $0.tensor("w", [8, 16, 3, 3])
      $0.node("Conv", "x w")
    },
    AxisCase("nm24_conv_group", [1]) {
      $0.tensor("w", [8, 4, 3, 3])
      $0.node("Conv", "x w", "y", [("group", .integer(4))])
    },
    AxisCase("nm24_matmul_batched", [1]) {
      $0.tensor("w", [3, 16, 8])
      $0.node("MatMul", "x w")
    },
    AxisCase("nm24_matmul_k18", [0]) {
      $0.tensor("w", [18, 8])
      $0.node("MatMul", "x w")
    },
    AxisCase("gather_embedding", []) {
      $0.tensor("w", [20, 8])
      $0.node("Gather", "w i")
    },
    AxisCase("qdq_int8_perchannel_conv_24", [1]) {
      $0.tensor("w", [8, 16, 3, 3], .int8)
      $0.tensor("s", [8])
      $0.tensor("z", [8], .int8)
      $0.node("DequantizeLinear", "w s z", "d", [("axis", .integer(0))])
      $0.node("Conv", "x d")
    },
    AxisCase("qdq_transpose_between", [1]) {
      $0.tensor("w", [12, 16], .int8)
      $0.tensor("s", [12])
      $0.node("DequantizeLinear", "w s", "d", [("axis", .integer(0))])
      $0.node("Transpose", "d", "t", [("perm", .integers([1, 0]))])
      $0.node("MatMul", "x t")
    },
    AxisCase("qdq_quantize_const_fold", [0]) {
      $0.tensor("w", [32, 8])
      $0.tensor("s", [8])
      $0.tensor("z", [8], .int8)
      $0.node("QuantizeLinear", "w s z", "q", [("axis", .integer(1))])
      $0.node("DequantizeLinear", "q s z", "d", [("axis", .integer(1))])
      $0.node("MatMul", "x d")
    },
  ]

  @Test("A node sums over the axis that its operator says", arguments: operators)
  func operatorAxis(_ known: AxisCase) throws { try check(known) }

  @Test("What lies between tensor and node moves the axis or loses it", arguments: ways)
  func wayAxis(_ known: AxisCase) throws { try check(known) }

  @Test("Golden files' weights have the axes of the manifest", arguments: golden)
  func goldenAxis(_ known: AxisCase) throws { try check(known) }

  private func check(_ known: AxisCase) throws {
    let weight = try #require(known.graph.builder.weight)
    #expect(weight.reduction?.axes == known.axes)
    #expect(weight.isComplete)
    if let evidence = known.evidence {
      #expect(weight.uses.map { $0.evidence(in: known.graph.builder.model) } == [evidence])
    }
  }
}
