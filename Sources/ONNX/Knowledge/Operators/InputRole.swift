/// What an operator does with one of its inputs.
enum InputRole: Hashable {
  /// A product sums over one of its axes.
  case product(ProductRule)
  /// Rows or elements are picked.
  case lookUp
  /// Combined element by element.
  case elementwise
  /// A bias.
  case bias
  /// A scale of a quantization.
  case scale
  /// A zero point of a quantization.
  case zeroPoint
  /// A shape, axes, indices, a condition.
  case shape
  /// Something else beside the operand that the operator is about.
  case parameter
  /// Cut, joined, or spread.
  case rearranged
  /// Handed on.
  case pass(PathStep)
  /// Not known here.
  case unknown
}

/// Where the summed axis of an operand is.
enum ProductRule: Hashable {
  /// The first factor of a matrix product: `[.., M, K]`, or `[K]`.
  case left
  /// The second: `[.., K, N]`, or `[K]`.
  case right
  /// A factor that an attribute transposes: a matrix of `Gemm`, or the last two axes where `isBatched`.
  case transposable(String, isLeft: Bool, isBatched: Bool)
  /// Always the same axis of a tensor of at least (or exactly) that rank.
  case fixed(axis: Int, rank: Int, isExact: Bool, name: String)
  /// The indices that the equation does not put out.
  case einsum
  /// Packed codes of a matrix.
  case packed(PackedForm)

  /// The weight of a convolution, `[M, C/group, kernel...]`.
  static let convolution = fixed(axis: 1, rank: 3, isExact: false, name: "input channels")
  /// The weight of a transposed convolution, `[C, M/group, kernel...]`.
  static let transposedConvolution = fixed(axis: 0, rank: 3, isExact: false, name: "input channels")
  /// `[dirs, gates, inputs]`.
  static let recurrent = fixed(axis: 2, rank: 3, isExact: true, name: "K")
}

/// The packed weights of ONNX Runtime's own operators.
enum PackedForm: Hashable {
  /// `[N, blocks, bytes]` of `MatMulNBits` and its fusions; `rows` is the attribute that holds N.
  case nBits(rows: String, scale: Int, zeroPoint: Int?, groupIndex: Int?)
  /// Flat 4-bit floats of `MatMulBnb4`.
  case bnb4
  /// `[N, K/2]` bytes of `MatMulBlockQuantizedFp4Weight`.
  case fp4
  /// `[experts, out, in * bits / 8]` bytes of `QMoE`; `bits` is the attribute that overrides the common one.
  case experts(bits: String, scale: Int, zeroPoint: Int)
  /// A layout that only the operator knows.
  case opaque(String)
}

/// Where the scale and zero point of an operand are among the inputs of the same node.
struct QuantizedOperand: Hashable {
  /// How scales are laid over the operand.
  enum Form: Hashable {
    /// One for all, or one per index of this axis, counted from the end where negative.
    case channel(Int)
    /// One for all, or one per index of the axis that is not summed, which an attribute chooses.
    case gemm(String, isLeft: Bool)
    /// One per direction, or one per direction and gate: `[dirs]`, `[dirs, 4 * hidden]`.
    case recurrent
    /// Blocks along the last axis of `[N, K]`.
    case blocks
    /// `GatherBlockQuantized`.
    case gathered
  }

  /// The position of the scale; nil where the operator has none and a `Mul` behind it holds it.
  var scale: Int?
  /// The position of the zero point; nil where there is none.
  var zeroPoint: Int?
  /// How scales are laid over the operand.
  var form: Form
}

/// What is known of an operator.
struct OperatorEntry {
  /// The roles of its first inputs.
  var roles: [InputRole]
  /// The role of all further ones.
  var rest: InputRole
  /// The quantized ones among them.
  var operands: [Int: QuantizedOperand]

  init(_ roles: [InputRole], rest: InputRole = .unknown, operands: [Int: QuantizedOperand] = [:]) {
    self.roles = roles
    self.rest = rest
    self.operands = operands
  }

  /// The role of an input.
  func role(at position: Int) -> InputRole { position < roles.count ? roles[position] : rest }
}
