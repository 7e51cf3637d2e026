import Inspection
import ModelIR

extension RuntimeCase {
  static let tensorrt: [RuntimeCase] = [
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
}
