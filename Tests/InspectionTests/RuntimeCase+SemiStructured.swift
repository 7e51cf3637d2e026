import Inspection
import ModelIR

extension RuntimeCase {
  static let semiStructuredCases: [RuntimeCase] = [
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
}
