internal import ModelIR

private let twoOfFour = NMPattern.twoOfFour
private let oneOfTwo = NMPattern.oneOfTwo

/// The rules of each runtime, and where they come from.
extension RuntimeProfile {
  /// The profile of a runtime.
  public static func named(_ name: Name) -> RuntimeProfile {
    switch name {
    case .tensorrt: tensorrt
    case .cusparselt: cusparselt
    case .torch: torch
    case .asp: asp
    case .compressedTensors: compressedTensors
    case .any: any
    }
  }

  /// TensorRT.
  ///
  /// - Groups: for each output channel and each place of the kernel, of every four input channels two are zero, and
  ///   C % 4 == 0 (developer guide, "Structured Sparsity"); K of MatMul and Gemm (Polygraphy `tools/sparse.py`,
  ///   `__matmul`, `__gemm`).
  /// - Layers: Conv, MatMul and Gemm (Polygraphy `_walk_nodes`; TensorRT issues 2169 and 4054 list MatMul and Conv
  ///   as eligible); matrices of rank 2, as its axes 0 and 1 are meant for these.
  /// - Types: F32, F16, BF16 (Polygraphy `supported_dtypes`, TensorRT `samples/common/sampleUtils.cpp` `sparsify`).
  ///   INT8 behind DequantizeLinear: the guide asks for the FP16 or INT8 mode, so such kernels exist; zero points have
  ///   to be 0 (developer guide, "Explicit quantization": symmetric only). Often another kernel wins (issue 4694).
  /// - Storage: the ONNX parser reads `graph.initializer` only (onnx-tensorrt `ModelImporter.cpp`) and refuses
  ///   `sparse_value` (`onnxOpCheckers.cpp`).
  /// - Note: it times both kinds of kernels; sparse ones win where C and K exceed about 256 (issue 3849).
  static let tensorrt = RuntimeProfile(
    name: .tensorrt,
    pattern: twoOfFour,
    grouping: .reductionAxis,
    layers: LayerKind.products.union([.transposedLinear]),
    layerReason: "TensorRT looks for 2:4 in Conv, MatMul and Gemm with one matrix",
    ranks: 2...5,
    types: [
      TypeRule([.float32, .float16, .bfloat16], twoOfFour),
      TypeRule(
        [.int8],
        twoOfFour,
        needsSymmetricCodes: true,
        remark:
          "INT8: NVIDIA's checker skips it, and TensorRT often takes a dense kernel where Q/DQ surrounds it"
      ),
    ],
    needsWholeGroups: true,
    denseReason: "its ONNX parser reads dense initializers only",
    countsStoredCodes: false,
    note:
      "Eligible is not chosen: TensorRT times dense kernels too; sparse ones win where both channels exceed "
      + "about 256.",
    sources: [
      "NVIDIA TensorRT developer guide, Structured Sparsity", "Polygraphy tools/sparse.py",
      "onnx-tensorrt ModelImporter.cpp, onnxOpCheckers.cpp", "TensorRT issues 2169, 3849, 4054, 4694",
    ]
  )

  /// cuSPARSELt.
  ///
  /// - Pattern: 2:4, and 1:2 for float and TF32 (cuSPARSELt documentation, `cusparseLtSparsity_t`).
  /// - Sizes: both extents multiples of 32 for 8 bits, 16 for 16 bits, 8 for F32 (PyTorch `torch/sparse/
  ///   semi_structured.py`, `SparseSemiStructuredTensorCUSPARSELT._DTYPE_SHAPE_CONSTRAINTS`; F32 in
  ///   its earlier versions, float8_e4m3fn in its later ones).
  /// - Rank 2; either operand may be transposed, so the axis that is summed over decides.
  static let cusparselt = RuntimeProfile(
    name: .cusparselt,
    pattern: twoOfFour,
    grouping: .reductionAxis,
    layers: [.linear, .transposedLinear],
    layerReason: "cuSPARSELt multiplies matrices",
    ranks: 2...2,
    types: [
      TypeRule([.float16, .bfloat16], twoOfFour, rows: 16, columns: 16),
      TypeRule([.int8, .float8E4M3], twoOfFour, rows: 32, columns: 32),
      TypeRule([.float32], oneOfTwo, rows: 8, columns: 8),
    ],
    needsWholeGroups: true,
    denseReason: "it compresses dense matrices itself",
    countsStoredCodes: false,
    note: nil,
    sources: [
      "cuSPARSELt documentation, cusparseLtSparsity_t", "PyTorch torch/sparse/semi_structured.py",
    ]
  )

  /// PyTorch's semi-structured tensors with CUTLASS.
  ///
  /// - Rank 2, contiguous, the last axis, both extents multiples of (32, 64) for F16 and BF16, (16, 128) for I8,
  ///   (32, 32) for F32, whose pattern is 1:2 (PyTorch `torch/sparse/semi_structured.py`,
  ///   `SparseSemiStructuredTensorCUTLASS._DTYPE_SHAPE_CONSTRAINTS`, `_validate_device_dim_dtype_shape`).
  /// - More than two nonzeros of four are dropped without a word (`_semi_structured_conversions.py`).
  static let torch = RuntimeProfile(
    name: .torch,
    pattern: twoOfFour,
    grouping: .lastAxis,
    layers: [.linear, .transposedLinear],
    layerReason: "to_sparse_semi_structured takes the matrix of a linear layer",
    ranks: 2...2,
    types: [
      TypeRule([.float16, .bfloat16], twoOfFour, rows: 32, columns: 64),
      TypeRule([.int8], twoOfFour, rows: 16, columns: 128),
      TypeRule([.float32], oneOfTwo, rows: 32, columns: 32),
    ],
    needsWholeGroups: true,
    denseReason: "it compresses dense tensors itself",
    countsStoredCodes: false,
    note: "to_sparse_semi_structured does not check: it drops what violates the pattern without a word.",
    sources: ["PyTorch torch/sparse/semi_structured.py, _semi_structured_conversions.py"]
  )

  /// apex's ASP.
  ///
  /// - Layers: Linear, Conv1d, Conv2d; Conv3d is in its list, but the mask's maker has no branch for it (apex
  ///   `apex/contrib/sparsity/asp.py` `whitelist`, `sparse_masklib.py` `create_mask`).
  /// - Groups: the last axis of Linear, the input channels of a convolution (`create_mask`).
  /// - Sizes: F32 and F16 with the first extent a multiple of 8 and the second of 16, others unguarded
  ///   (`add_sparse_attributes`); groups that are not whole make it fail (`create_mask` pads, and fails).
  static let asp = RuntimeProfile(
    name: .asp,
    pattern: twoOfFour,
    grouping: .reductionAxis,
    layers: [.linear, .convolution1D, .convolution2D],
    layerReason: "ASP prunes Linear, Conv1d and Conv2d",
    ranks: 2...4,
    types: [
      TypeRule([.float32, .float16], twoOfFour, rows: 8, columns: 16),
      TypeRule([.bfloat16, .float64], twoOfFour),
    ],
    needsWholeGroups: true,
    denseReason: "it works on dense parameters",
    countsStoredCodes: false,
    note: nil,
    sources: ["apex apex/contrib/sparsity/asp.py, sparse_masklib.py"]
  )

  /// compressed-tensors, which wrote sparse-24-bitmask up to 0.14.
  ///
  /// - Groups: `view(-1, 4)` over memory, across the ends of rows; a count of elements that is no multiple of 4 is a
  ///   RuntimeError (compressed-tensors 0.14 `utils/helpers.py` `tensor_follows_mask_structure`).
  /// - Zeros: stored codes that are 0, whatever their zero point (same place).
  /// - Sizes: matrices; kept values are `[rows, columns / 2]`, so odd rows fail (`sparse_24_bitmask.py`).
  /// - Layers: Linear modules are its targets by default.
  static let compressedTensors = RuntimeProfile(
    name: .compressedTensors,
    pattern: twoOfFour,
    grouping: .memory,
    layers: [.linear],
    layerReason: "its targets are Linear modules",
    ranks: 2...2,
    types: [
      TypeRule([.float32, .float16, .bfloat16, .float64, .int8, .float8E4M3], twoOfFour, columns: 2)
    ],
    needsWholeGroups: true,
    denseReason: nil,
    countsStoredCodes: true,
    note: "Versions from 0.15 on, vLLM and transformers no longer read sparse-24-bitmask.",
    sources: ["compressed-tensors 0.14 utils/helpers.py, sparse_24_bitmask.py"]
  )

  /// The pattern alone.
  static let any = RuntimeProfile(
    name: .any,
    pattern: twoOfFour,
    grouping: .reductionAxis,
    layers: nil,
    layerReason: "",
    ranks: 1...Int.max,
    types: [],
    needsWholeGroups: true,
    denseReason: nil,
    countsStoredCodes: false,
    note: nil,
    sources: []
  )
}
