/// A quantization whose parts do not fit each other. (Neither `onnx.checker` nor ONNX Runtime's session creation
/// looks for these.)
package struct KnowledgeFinding: Sendable, Hashable {
  /// What does not fit.
  package enum Problem: Sendable, Hashable {
    /// The scale has a wrong number of blocks along the blocked axis.
    case blockCount
    /// A scale per channel has another length than the axis.
    case scaleLength
    /// The scale has a shape that the operator does not know.
    case scaleShape
    /// The zero point's shape is not that of the scale, or not one that the operator knows.
    case zeroPointShape
    /// The quantized axis is none of the tensor's.
    case axis
    /// `block_size`, `bits`, `K`, `N`: missing or out of range.
    case attribute
    /// The packed weight has another size than its attributes demand.
    case packedShape
  }

  /// The tensor that is wrong.
  package var tensor: Int
  /// The weight that it belongs to; the same where the weight itself is wrong.
  package var weight: Int
  /// The graph of the node that says so.
  package var graph: Int
  /// The node in that graph.
  package var node: Int
  /// What does not fit.
  package var problem: Problem
  /// What the tensor has: `3 blocks along axis 0 (shape [3, 6])`.
  package var has: String
  /// What it needs: `4 (shape [4, 6])`.
  package var needs: String
}
