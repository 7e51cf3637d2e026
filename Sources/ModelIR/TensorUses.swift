/// Who uses a tensor, in the words of the graph that its model has. Names within are the file's: they are escaped
/// before they are shown.
///
/// On the heap, so that the many tensors of models without a graph pay a pointer only.
public final class TensorUses: Sendable {
  /// The most uses whose evidence is kept.
  public static let most = 16

  /// What a tensor is for.
  public enum Role: String, Sendable, Hashable {
    /// A product or a look-up has it as an operand.
    case weight
    /// It is added to the result of a product.
    case bias
    /// It is the scale of a quantization.
    case scale
    /// It is the zero point of a quantization.
    case zeroPoint = "zero point"
    /// It is a shape, axes, indices, or a condition.
    case shape
    /// It is combined element by element, or sets something else.
    case parameter
    /// Who reads it is not known here, or cuts or joins it.
    case unknown
    /// Nothing reads it.
    case unused
  }

  /// A product that has the tensor as an operand.
  public struct Product: Sendable, Hashable {
    /// The operator, as the file spells it: `MatMul`, and `com.microsoft.MatMulNBits` where it is of another domain.
    public let operation: String
    /// The axes along which it sums; empty where they are not known.
    public let axes: [Int]
    /// Whether codes become reals on the way to it.
    public let isDequantized: Bool

    /// A product of this kind.
    public init(operation: String, axes: [Int], isDequantized: Bool) {
      self.operation = operation
      self.axes = axes
      self.isDequantized = isDequantized
    }
  }

  /// What the tensor is for.
  public let role: Role
  /// The operators that read it, by kind: `MatMul via Transpose (x3); Gather`; empty if nothing does.
  public let consumers: String
  /// For each use the node, and along which axis it sums or why it does not.
  public let evidence: [String]
  /// How many uses have their evidence left out.
  public let omitted: Int
  /// The products among its uses, each kind once, in the order of the graph; at most ``most``.
  public let products: [Product]

  /// Uses in these words.
  public init(
    role: Role,
    consumers: String,
    evidence: [String],
    omitted: Int = 0,
    products: [Product] = []
  ) {
    self.products = products
    self.role = role
    self.consumers = consumers
    self.evidence = evidence
    self.omitted = omitted
  }
}
