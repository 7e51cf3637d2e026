internal import ModelIR

/// The kind of layer that a weight belongs to, as far as runtimes tell them apart.
public enum LayerKind: String, Sendable, Hashable, CaseIterable {
  /// A matrix product with the weight `[out, in]`, or with the rank 2 operand of a graph's product.
  case linear
  /// A matrix product with the weight `[in, out]`, as transformers' `Conv1D` stores it.
  case transposedLinear = "transposed linear"
  /// A product with a stack of matrices: experts, heads, batches.
  case stackedLinear = "stack of matrices"
  /// A convolution of one spatial dimension.
  case convolution1D = "1-D convolution"
  /// A convolution of two.
  case convolution2D = "2-D convolution"
  /// A convolution of three.
  case convolution3D = "3-D convolution"
  /// A convolution's transpose.
  case transposedConvolution = "transposed convolution"
  /// A recurrent layer.
  case recurrent = "recurrent layer"
  /// A product with integers in an operator of its own: `QLinearConv`, `MatMulNBits`.
  case quantizedProduct = "quantized operator"
  /// Any other product.
  case other = "other operator"

  /// Every kind of plain matrix product and convolution.
  static let products: Set<LayerKind> = [.linear, .convolution1D, .convolution2D, .convolution3D]

  /// The kind of layer by the operator that sums over `axis`, where there is a graph, else by name and shape.
  init(_ tensor: Tensor, axis: Int) {
    let rank = tensor.counted.shape.rank
    let products = tensor.uses?.products ?? []
    if let product = products.first(where: { $0.axes.contains(axis) }) ?? products.first {
      self = Self.kind(ofOperation: product.operation, rank: rank)
    } else if ["weight_ih_l", "weight_hh_l"].contains(where: { tensor.name.text.contains($0) }) {
      self = .recurrent
    } else if rank == 2 {
      self = axis == 0 ? .transposedLinear : .linear
    } else if ReductionAxis.isConvolution(tensor.counted) {
      self = Self.convolution(rank: rank)
    } else {
      self = .stackedLinear
    }
  }

  private static func kind(ofOperation operation: String, rank: Int) -> LayerKind {
    switch operation {
    case "MatMul": rank > 2 ? .stackedLinear : .linear
    case "Gemm": .linear
    case "Conv": convolution(rank: rank)
    case "ConvTranspose": .transposedConvolution
    case "LSTM", "GRU", "RNN": .recurrent
    case "QLinearConv", "ConvInteger", "QLinearMatMul", "MatMulInteger": .quantizedProduct
    default: operation.hasPrefix("com.microsoft.") ? .quantizedProduct : .other
    }
  }

  private static func convolution(rank: Int) -> LayerKind {
    switch rank {
    case ...3: .convolution1D
    case 4: .convolution2D
    default: .convolution3D
    }
  }
}
