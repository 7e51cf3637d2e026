/// Who uses a tensor, in the words of the graph that its model has. Names within are the file's: they are escaped
/// before they are shown.
///
/// On the heap, so that the many tensors of models without a graph pay a pointer only.
public final class TensorUses: Sendable {
  /// The most uses whose evidence is kept.
  public static let most = 16

  /// What the tensor is for: `weight`, `bias`, `scale`, `zero point` ...
  public let role: String
  /// The operators that read it, by kind: `MatMul via Transpose (x3); Gather`; empty if nothing does.
  public let consumers: String
  /// For each use the node, and along which axis it sums or why it does not.
  public let evidence: [String]
  /// How many uses have their evidence left out.
  public let omitted: Int

  /// Uses in these words.
  public init(role: String, consumers: String, evidence: [String], omitted: Int = 0) {
    self.role = role
    self.consumers = consumers
    self.evidence = evidence
    self.omitted = omitted
  }
}
