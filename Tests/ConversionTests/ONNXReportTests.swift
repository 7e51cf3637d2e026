import Conversion
import Inspection
import ModelIR
import SparseCoding
import TestSupport
import Testing

@Suite("Reports on ONNX")
struct ONNXReportTests {
  /// What is expected of the weight of a golden model.
  struct Golden: Sendable, CustomTestStringConvertible {
    var file: String
    var axes: [Int]
    var consumers: String
    var zeros: UInt64
    var groups: UInt64
    var violating: UInt64
    var testDescription: String { file }

    init(
      _ file: String,
      _ axes: [Int],
      _ consumers: String,
      zeros: UInt64,
      _ groups: UInt64,
      violating: UInt64 = 0
    ) {
      self.file = file
      self.axes = axes
      self.consumers = consumers
      self.zeros = zeros
      self.groups = groups
      self.violating = violating
    }
  }

  /// The golden models with N:M weights and with quantized ones; zeros are those of the numbers that codes mean, as
  /// numpy counts them.
  static let golden = [
    Golden("nm24_matmul", [0], "MatMul", zeros: 96, 48),
    Golden("nm24_gemm_transB", [1], "Gemm", zeros: 96, 48),
    Golden("nm24_gemm", [0], "Gemm", zeros: 96, 48),
    Golden("nm24_matmul_wrong_axis", [0], "MatMul", zeros: 96, 48, violating: 16),
    Golden("nm24_matmul_one_violation", [0], "MatMul", zeros: 95, 48, violating: 1),
    Golden("nm24_conv", [1], "Conv", zeros: 576, 288),
    Golden("nm24_conv_group", [1], "Conv", zeros: 144, 72),
    Golden("nm24_matmul_batched", [1], "MatMul", zeros: 192, 96),
    Golden("nm48_matmul", [0], "MatMul", zeros: 64, 32, violating: 5),
    Golden("nm14_matmul", [0], "MatMul", zeros: 96, 32),
    Golden("tied_embedding", [1], "Gather; MatMul via Transpose", zeros: 80, 40),
    Golden("qdq_int8_perchannel_conv_24", [1], "Conv via DequantizeLinear", zeros: 576, 288),
    Golden("qdq_int8_perchannel_matmul_24", [0], "MatMul via DequantizeLinear", zeros: 128, 64),
    Golden("qdq_uint8_zp128_matmul_24", [0], "MatMul via DequantizeLinear", zeros: 128, 64),
    Golden("qdq_int4_blocked_matmul", [0], "MatMul via DequantizeLinear", zeros: 193, 96),
    Golden("qdq_uint4_blocked_zp_matmul", [0], "MatMul via DequantizeLinear", zeros: 193, 96),
    Golden("qdq_fp8_matmul", [0], "MatMul via DequantizeLinear", zeros: 128, 64),
    Golden(
      "qdq_quantize_const_fold",
      [0],
      "MatMul via QuantizeLinear, DequantizeLinear",
      zeros: 128,
      64
    ),
    Golden("qdq_transpose_between", [1], "MatMul via DequantizeLinear, Transpose", zeros: 128, 64),
    Golden("qlinearconv_int8", [1], "QLinearConv", zeros: 576, 288),
    Golden("matmulinteger_uint8_zp", [0], "MatMulInteger", zeros: 128, 64),
    Golden("matmulnbits_int4", [1], "MatMulNBits", zeros: 26, 96, violating: 94),
    Golden("quantization_annotation", [0], "MatMul via Cast", zeros: 128, 64),
    Golden("constant_sparse_weight_f32", [0], "MatMul", zeros: 224, 64),
    Golden("constant_sparse_weight_int8_qdq", [0], "MatMul via DequantizeLinear", zeros: 224, 64),
    Golden("bitmask_selfexpanding", [0], "MatMul", zeros: 2048, 1024),
  ]

  static func open(_ name: String) throws -> OpenedModel {
    try OpenedModel(Fixture.path("onnx/\(name).onnx"))
  }

  static func validate(
    _ name: String,
    _ pattern: String = "2:4",
    tail: ValidationReport.TailPolicy = .error
  ) throws -> ValidationReport {
    try Validator(
      #require(NMPattern(pattern)),
      axis: .automatic,
      tail: tail,
      violationLimit: 100,
      pool: ChunkPool(threads: 2),
      chunkBytes: 256,
      progress: WorkProgress()
    ).validate(open(name).model, path: name, checksAll: false)
  }

  @Test(
    "each weight is counted around its zero point and checked along the axis of its consumer",
    arguments: golden
  )
  func weights(_ golden: Golden) throws {
    let model = try Self.open(golden.file).model
    let reports = try Inspector(pool: ChunkPool(threads: 2), chunkBytes: 256, progress: WorkProgress())
      .inspect(model)
    let weights = reports.filter { $0.tensor.uses?.role == .weight }
    #expect(weights.count == 1)
    let weight = try #require(weights.first)
    #expect(weight.axis == ReductionAxis(axes: golden.axes, evidence: .graph))
    #expect(weight.tensor.uses?.consumers == golden.consumers)
    #expect(weight.tensor.uses?.evidence.contains { $0.contains("axis \(golden.axes[0])") } == true)
    #expect(weight.kind == .matrix)
    #expect(weight.statistics?.zeros == golden.zeros)
    #expect(weight.statistics?.elements == weight.tensor.logicalShape.elementCount)
    let checked = try Self.validate(golden.file).tensors.filter { $0.status != .skipped }
    #expect(checked.count == 1)
    #expect(checked.first?.groups == golden.groups)
    #expect(checked.first?.violatingGroups == golden.violating)
    #expect(checked.first?.status == (golden.violating == 0 ? .compliant : .violating))
  }

  @Test("the one violating group is found in rows 0 to 3 of column 5")
  func violation() throws {
    let report = try Self.validate("nm24_matmul_one_violation")
    let result = try #require(report.tensors.first)
    #expect(result.firstViolations.count == 1)
    let violation = try #require(result.firstViolations.first)
    #expect(violation.group == 0)
    #expect(violation.nonzeros == 3)
    #expect(violation.values.count == 4)
    #expect(result.place(of: violation) == [0, 5])
  }

  @Test("a short last group fails, and holds where it is ignored or padded")
  func ragged() throws {
    let result = try #require(try Self.validate("nm24_matmul_k18").tensors.first)
    #expect(result.status == .violating)
    #expect(result.violatingGroups == 0)
    #expect(result.raggedGroups == 8)
    for tail in [ValidationReport.TailPolicy.ignore, .pad] {
      #expect(try Self.validate("nm24_matmul_k18", tail: tail).isCompliant)
    }
    #expect(try Self.validate("nm48_matmul", "4:8").isCompliant)
    #expect(try Self.validate("nm14_matmul", "1:4").isCompliant)
  }

  @Test("a table that rows are only looked up in is not checked")
  func lookUp() throws {
    let result = try #require(try Self.validate("gather_embedding").tensors.first)
    #expect(result.status == .skipped)
    #expect(result.reason == "an embedding")
    #expect(result.tensor.uses?.evidence == ["Gather (node 0), input 0: look-up, nothing is summed"])
  }

  @Test(
    "parameters are the codes of weights, not scales or zero points",
    arguments: [
      ("qdq_uint8_zp128_matmul_24", 256), ("matmulnbits_int4", 384), ("qdq_uint4_blocked_zp_matmul", 384),
      ("qdq_int8_perchannel_conv_24", 1152), ("nm24_conv", 1152), ("bitmask_selfexpanding", 4096),
    ]
  )
  func parameters(_ name: String, _ count: UInt64) throws {
    let model = try Self.open(name).model
    let report = ModelReport(
      path: name,
      container: .onnx,
      fileCount: 1,
      fileByteCount: 0,
      readValues: false,
      tensors: Inspector.headers(of: model),
      warnings: []
    )
    #expect(report.parameterCount == count)
  }

  @Test("a tensor is as large as what its file holds of it")
  func stored() throws {
    let sparse = try #require(try Self.open("constant_sparse_weight_f32").model.tensors.first)
    // 32 values of 4 bytes, and as many varints of one or two.
    #expect(sparse.storedByteCount == 176)
    #expect(sparse.layout == .csr)
    let dense = try #require(try Self.open("nm24_matmul").model.tensors.first)
    #expect(dense.storedByteCount == dense.denseByteCount)
  }

  @Test("a model is introduced by its versions, its producer, and what it has besides its graph")
  func headline() throws {
    let words = try Self.open("matmulnbits_int4").metadataReport(wantsEntries: false).headline
    #expect(words == ["IR version 10", "opset 21", "com.microsoft 1", "made by golden"])
    let functions = try Self.open("function_constants").metadataReport(wantsEntries: false).headline
    #expect(functions.contains("1 function"))
    let nested = try Self.open("subgraph_initializers").metadataReport(wantsEntries: true)
    #expect(nested.headline.contains { $0.hasSuffix(" graphs") })
    #expect(nested.entries != nil)
  }
}
