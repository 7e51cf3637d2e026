import Inspection
import ModelIR
import SparseCoding
import TestSupport
import Testing

@Suite("What runtimes ask of weights")
struct RuntimeProfileTests {
  /// A weight, and what a runtime says of it.
  struct Case: CustomTestStringConvertible, Sendable {
    var runtime: RuntimeProfile.Name
    var title: String
    var type: ElementType = .float32
    var extents: [UInt64]
    /// The axis along which 2:4, or `pattern`, holds.
    var along: Int
    var pattern = NMPattern.twoOfFour
    var name = "layer.weight"
    /// The operator that reads it and the axis it sums over, where there is a graph.
    var product: TensorUses.Product?
    var status: ValidationReport.Status
    var rules: [Eligibility.Rule] = []
    /// Where the rule comes from.
    var source: String

    var testDescription: String { "\(runtime.rawValue): \(title) (\(source))" }
  }

  private static func product(_ operation: String, _ axis: Int, dequantized: Bool = false)
    -> TensorUses.Product
  {
    TensorUses.Product(operation: operation, axes: [axis], isDequantized: dequantized)
  }

  private static let guide = "TensorRT developer guide, Structured Sparsity"
  private static let polygraphy = "Polygraphy tools/sparse.py"
  private static let semiStructured = "torch/sparse/semi_structured.py"
  private static let apex = "apex/contrib/sparsity/asp.py"
  private static let library = "compressed-tensors 0.14 utils/helpers.py"

  static let tensorrt: [Case] = [
    .init(
      runtime: .tensorrt,
      title: "a convolution's input channels",
      extents: [6, 8, 3, 3],
      along: 1,
      product: product("Conv", 1),
      status: .compliant,
      source: guide
    ),
    .init(
      runtime: .tensorrt,
      title: "groups along a convolution's kernel",
      extents: [6, 8, 4, 4],
      along: 3,
      product: product("Conv", 1),
      status: .violating,
      source: guide
    ),
    .init(
      runtime: .tensorrt,
      title: "C % 4",
      extents: [6, 6, 3, 3],
      along: 1,
      product: product("Conv", 1),
      status: .ineligible,
      rules: [.size],
      source: guide
    ),
    .init(
      runtime: .tensorrt,
      title: "K of MatMul",
      extents: [16, 12],
      along: 0,
      product: product("MatMul", 0),
      status: .compliant,
      source: polygraphy
    ),
    .init(
      runtime: .tensorrt,
      title: "N of MatMul",
      extents: [16, 12],
      along: 1,
      product: product("MatMul", 0),
      status: .violating,
      source: polygraphy
    ),
    .init(
      runtime: .tensorrt,
      title: "Gemm with transB",
      extents: [12, 16],
      along: 1,
      product: product("Gemm", 1),
      status: .compliant,
      source: polygraphy
    ),
    .init(
      runtime: .tensorrt,
      title: "BF16, which NVIDIA's checker misjudges",
      type: .bfloat16,
      extents: [16, 12],
      along: 0,
      product: product("MatMul", 0),
      status: .compliant,
      source: polygraphy
    ),
    .init(
      runtime: .tensorrt,
      title: "BF16 that violates",
      type: .bfloat16,
      extents: [16, 12],
      along: 1,
      product: product("MatMul", 0),
      status: .violating,
      source: polygraphy
    ),
    .init(
      runtime: .tensorrt,
      title: "INT8 behind DequantizeLinear, which NVIDIA's checker skips",
      type: .int8,
      extents: [16, 12],
      along: 0,
      product: product("MatMul", 0, dequantized: true),
      status: .compliant,
      source: "TensorRT developer guide, kINT8; issue 4694"
    ),
    .init(
      runtime: .tensorrt,
      title: "INT8 that violates",
      type: .int8,
      extents: [16, 12],
      along: 1,
      product: product("MatMul", 0, dequantized: true),
      status: .violating,
      source: "issue 4694"
    ),
    .init(
      runtime: .tensorrt,
      title: "integers without DequantizeLinear",
      type: .int8,
      extents: [16, 12],
      along: 0,
      product: product("MatMulInteger", 0),
      status: .ineligible,
      rules: [.layer, .type],
      source: "TensorRT developer guide, explicit quantization"
    ),
    .init(
      runtime: .tensorrt,
      title: "F64",
      type: .float64,
      extents: [16, 12],
      along: 0,
      product: product("MatMul", 0),
      status: .ineligible,
      rules: [.type],
      source: polygraphy
    ),
    .init(
      runtime: .tensorrt,
      title: "a stack of matrices",
      extents: [3, 16, 12],
      along: 1,
      product: product("MatMul", 1),
      status: .ineligible,
      rules: [.layer],
      source: polygraphy
    ),
    .init(
      runtime: .tensorrt,
      title: "a transposed convolution",
      extents: [8, 8, 3, 3],
      along: 0,
      product: product("ConvTranspose", 0),
      status: .ineligible,
      rules: [.layer],
      source: polygraphy
    ),
    .init(
      runtime: .tensorrt,
      title: "a recurrent layer",
      extents: [1, 16, 8],
      along: 2,
      product: product("LSTM", 2),
      status: .ineligible,
      rules: [.layer],
      source: polygraphy
    ),
    .init(
      runtime: .tensorrt,
      title: "a linear layer outside of a graph",
      extents: [12, 16],
      along: 1,
      status: .compliant,
      source: guide
    ),
  ]

  static let semiStructuredCases: [Case] = [
    .init(
      runtime: .torch,
      title: "F16 of the least size",
      type: .float16,
      extents: [32, 64],
      along: 1,
      status: .compliant,
      source: semiStructured
    ),
    .init(
      runtime: .torch,
      title: "F16 with too few columns",
      type: .float16,
      extents: [32, 32],
      along: 1,
      status: .ineligible,
      rules: [.size],
      source: semiStructured
    ),
    .init(
      runtime: .torch,
      title: "BF16 with rows that are no multiple",
      type: .bfloat16,
      extents: [48, 64],
      along: 1,
      status: .ineligible,
      rules: [.size],
      source: semiStructured
    ),
    .init(
      runtime: .torch,
      title: "I8 of the least size",
      type: .int8,
      extents: [16, 128],
      along: 1,
      status: .compliant,
      source: semiStructured
    ),
    .init(
      runtime: .torch,
      title: "F32 is 1:2",
      extents: [32, 32],
      along: 1,
      pattern: .oneOfTwo,
      status: .compliant,
      source: semiStructured
    ),
    .init(
      runtime: .torch,
      title: "F32 that is 2:4",
      extents: [32, 32],
      along: 1,
      status: .violating,
      source: semiStructured
    ),
    .init(
      runtime: .torch,
      title: "the wrong axis",
      type: .float16,
      extents: [32, 64],
      along: 0,
      status: .violating,
      source: semiStructured
    ),
    .init(
      runtime: .torch,
      title: "a product that sums over axis 0",
      type: .float16,
      extents: [32, 64],
      along: 1,
      product: product("MatMul", 0),
      status: .ineligible,
      rules: [.axis],
      source: semiStructured
    ),
    .init(
      runtime: .torch,
      title: "rank 4",
      type: .float16,
      extents: [32, 64, 1, 1],
      along: 1,
      status: .ineligible,
      rules: [.layer],
      source: semiStructured
    ),
    .init(
      runtime: .torch,
      title: "F64",
      type: .float64,
      extents: [32, 64],
      along: 1,
      status: .ineligible,
      rules: [.type],
      source: semiStructured
    ),
    .init(
      runtime: .cusparselt,
      title: "F16 of the least size",
      type: .float16,
      extents: [16, 16],
      along: 1,
      status: .compliant,
      source: semiStructured
    ),
    .init(
      runtime: .cusparselt,
      title: "BF16 with too few rows",
      type: .bfloat16,
      extents: [8, 16],
      along: 1,
      status: .ineligible,
      rules: [.size],
      source: semiStructured
    ),
    .init(
      runtime: .cusparselt,
      title: "I8 of the least size",
      type: .int8,
      extents: [32, 32],
      along: 1,
      status: .compliant,
      source: semiStructured
    ),
    .init(
      runtime: .cusparselt,
      title: "I8 with too few rows",
      type: .int8,
      extents: [16, 32],
      along: 1,
      status: .ineligible,
      rules: [.size],
      source: semiStructured
    ),
    .init(
      runtime: .cusparselt,
      title: "F32 is 1:2",
      extents: [8, 8],
      along: 1,
      pattern: .oneOfTwo,
      status: .compliant,
      source: "cuSPARSELt documentation, cusparseLtSparsity_t"
    ),
    .init(
      runtime: .cusparselt,
      title: "K of MatMul, as operands may be transposed",
      type: .float16,
      extents: [16, 16],
      along: 0,
      product: product("MatMul", 0),
      status: .compliant,
      source: "cuSPARSELt documentation, functions"
    ),
    .init(
      runtime: .cusparselt,
      title: "the wrong axis",
      type: .float16,
      extents: [16, 16],
      along: 0,
      status: .violating,
      source: "cuSPARSELt documentation, functions"
    ),
  ]

  static let others: [Case] = [
    .init(
      runtime: .asp,
      title: "a linear layer",
      extents: [8, 16],
      along: 1,
      status: .compliant,
      source: apex
    ),
    .init(
      runtime: .asp,
      title: "a linear layer along its outputs",
      extents: [8, 16],
      along: 0,
      status: .violating,
      source: apex
    ),
    .init(
      runtime: .asp,
      title: "dim0 % 8",
      type: .float16,
      extents: [12, 16],
      along: 1,
      status: .ineligible,
      rules: [.size],
      source: apex
    ),
    .init(
      runtime: .asp,
      title: "dim1 % 16",
      extents: [8, 24],
      along: 1,
      status: .ineligible,
      rules: [.size],
      source: apex
    ),
    .init(
      runtime: .asp,
      title: "BF16, which is not guarded",
      type: .bfloat16,
      extents: [12, 24],
      along: 1,
      status: .compliant,
      source: apex
    ),
    .init(
      runtime: .asp,
      title: "BF16 whose groups are not whole",
      type: .bfloat16,
      extents: [12, 18],
      along: 1,
      status: .ineligible,
      rules: [.size],
      source: "apex sparse_masklib.py, create_mask"
    ),
    .init(
      runtime: .asp,
      title: "Conv2d along C",
      extents: [8, 16, 3, 3],
      along: 1,
      status: .compliant,
      source: "apex sparse_masklib.py, create_mask"
    ),
    .init(
      runtime: .asp,
      title: "Conv1d along C",
      extents: [8, 16, 4],
      along: 1,
      name: "conv.weight",
      status: .compliant,
      source: "apex sparse_masklib.py, create_mask"
    ),
    .init(
      runtime: .asp,
      title: "Conv3d",
      extents: [8, 16, 3, 3, 3],
      along: 1,
      status: .ineligible,
      rules: [.layer],
      source: "apex sparse_masklib.py, create_mask"
    ),
    .init(
      runtime: .asp,
      title: "a recurrent layer",
      extents: [8, 16],
      along: 1,
      name: "lstm.weight_ih_l0",
      status: .ineligible,
      rules: [.layer],
      source: apex
    ),
    .init(
      runtime: .compressedTensors,
      title: "rows of whole groups",
      extents: [6, 8],
      along: 1,
      status: .compliant,
      source: library
    ),
    .init(
      runtime: .compressedTensors,
      title: "the wrong axis",
      extents: [8, 8],
      along: 0,
      status: .violating,
      source: library
    ),
    .init(
      runtime: .compressedTensors,
      title: "numel % 4",
      extents: [3, 6],
      along: 1,
      status: .ineligible,
      rules: [.size],
      source: library
    ),
    .init(
      runtime: .compressedTensors,
      title: "an odd number of columns",
      extents: [4, 3],
      along: 1,
      status: .ineligible,
      rules: [.size],
      source: "compressed-tensors 0.14 sparse_24_bitmask.py"
    ),
    .init(
      runtime: .compressedTensors,
      title: "a convolution",
      extents: [8, 4, 3, 3],
      along: 1,
      status: .ineligible,
      rules: [.layer],
      source: "compressed-tensors 0.14 sparse_24_bitmask.py"
    ),
    .init(
      runtime: .any,
      title: "any type and size",
      type: .float64,
      extents: [3, 4],
      along: 1,
      status: .compliant,
      source: "the pattern"
    ),
    .init(
      runtime: .any,
      title: "the wrong axis",
      type: .float64,
      extents: [8, 8],
      along: 0,
      status: .violating,
      source: "the pattern"
    ),
    .init(
      runtime: .any,
      title: "K % 4",
      extents: [3, 6],
      along: 1,
      status: .ineligible,
      rules: [.size],
      source: "the pattern"
    ),
  ]

  @Test("each rule of a runtime stops what breaks it", arguments: tensorrt + semiStructuredCases + others)
  func rules(_ item: Case) throws {
    var generator = SeededGenerator(seed: 7)
    let values = SampleWeights.elements(item.extents, item.pattern, along: item.along, &generator)
    let model = try SampleWeights.model(
      item.name,
      item.type,
      item.extents,
      values,
      products: [item.product].compactMap { $0 }
    )
    let report = try SampleWeights.check(model, for: item.runtime)
    let result = try #require(report.tensors.first)
    #expect(result.status == item.status, "\(result.reason ?? "")")
    #expect(result.eligibility?.obstacles.map(\.rule) == item.rules)
    #expect(result.eligibility?.isEligible == item.rules.isEmpty)
    #expect(report.isCompliant == (item.status == .compliant))
    if item.status == .compliant { #expect(result.patternHolds) }
  }

  @Test(
    "what is stored sparse is compliant but not eligible, and told how to become dense",
    arguments: [
      RuntimeProfile.Name.tensorrt, .cusparselt, .torch, .asp,
    ]
  )
  func storage(_ runtime: RuntimeProfile.Name) throws {
    // Every second element of each row, as a bitmask.
    let mask = [UInt8](repeating: 0x55, count: 64 * 8)
    let ones = [UInt8](repeating: 0, count: 64 * 32 * 2).enumerated().map {
      UInt8($0.offset % 2 == 1 ? 0x3C : 0)
    }
    var model = try InspectorTests.model([("w", .uint8, [512 + 4096], mask + ones)])
    model.tensors = [
      Tensor(
        name: "w",
        elementType: .float16,
        shape: try #require(Shape([64, 64])),
        storage: .bitmask(
          mask: Region(file: 0, offset: 0, byteCount: 512),
          values: Region(file: 0, offset: 512, byteCount: 4096)
        )
      )
    ]
    let report = try SampleWeights.check(model, for: runtime)
    let result = try #require(report.tensors.first)
    #expect(result.status == .ineligible)
    #expect(result.patternHolds)
    #expect(result.eligibility?.obstacles.map(\.rule) == [.storage])
    #expect(result.reason?.contains("lacuna convert --layout dense") == true)
    #expect(!report.isCompliant, "nothing eligible is no yes")
    #expect(try SampleWeights.check(model, for: .any).isCompliant)
  }

  @Test("groups in memory cross the ends of rows where rows are no whole groups")
  func memory() throws {
    // 2:4 in memory, but a row's last group has three nonzeros with the next row's first.
    let values: [Double] = [1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0]
    let flat = try SampleWeights.model("w", .float32, [2, 6], values)
    let report = try SampleWeights.check(flat, for: .compressedTensors)
    #expect(report.isCompliant)
    #expect(report.tensors[0].runsThroughMemory)
    #expect(report.tensors[0].groups == 3)
    #expect(report.tensors[0].remarks == ["its groups cross the ends of rows"])
    let broken = try SampleWeights.model("w", .float32, [2, 6], [0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0])
    let result = try SampleWeights.check(broken, for: .compressedTensors).tensors[0]
    #expect(result.status == .violating)
    let violation = try #require(result.firstViolations.first)
    #expect(result.place(of: violation) == [0, 4])
    #expect(violation.values == ["1.0", "1.0", "1.0", "0.0"])
  }

  @Test("embeddings and heads are no candidates, unless they are asked for")
  func candidates() throws {
    let values = [Double](repeating: 0, count: 32 * 64)
    let model = try SampleWeights.model("lm_head.weight", .float16, [32, 64], values)
    #expect(try SampleWeights.check(model, for: .torch).tensors[0].status == .skipped)
    #expect(try SampleWeights.check(model, for: .torch, all: true).tensors[0].status == .compliant)
  }

  @Test("every profile names its sources, and is found by its name", arguments: RuntimeProfile.Name.allCases)
  func table(_ name: RuntimeProfile.Name) {
    let profile = RuntimeProfile.named(name)
    #expect(profile.name == name)
    #expect(profile.sources.isEmpty == (name == .any))
  }
}
