package import ModelIR

/// One node that reads a stored tensor, directly or through operators that hand it on.
package struct WeightUse: Sendable, Hashable {
  /// What the node does with it.
  package enum Kind: Sendable, Hashable {
    /// A matrix product, convolution, or recurrent step has it as a weight.
    case product
    /// Rows or elements are picked from it; nothing is summed.
    case lookUp
    /// It is combined element by element.
    case elementwise
    /// It is added to the result of a product.
    case bias
    /// It is the scale of a quantization.
    case scale
    /// It is the zero point of a quantization.
    case zeroPoint
    /// It is a shape, axes, indices, or a condition.
    case shape
    /// It is something else beside the operand that the operator is about.
    case parameter
    /// It is cut, joined, or spread, and not followed further.
    case rearranged
    /// The operator is not known here.
    case unknown
  }

  /// The most steps of a path that are kept.
  package static let longestPath = 16

  /// The graph of the node, as an index into ``ONNXModel/graphs``.
  package var graph: Int
  /// The node, as an index into ``ONNXGraph/nodes``.
  package var node: Int
  /// The operator, as the file spells it.
  package var operation: String
  /// Its domain; empty is ONNX's own.
  package var domain: String
  /// The position among the node's inputs; nil where the tensor is an attribute of the node.
  package var input: Int?
  /// What the node does with it.
  package var kind: Kind
  /// What lies between, from the tensor to the node; at most ``longestPath`` steps.
  package var path: [PathStep]
  /// How many further steps there are behind those of ``path``.
  package var omittedSteps: Int
  /// The axes along which the product sums: axes of ``logicalShape`` where there is one, else of the stored
  /// tensor. One for all but `Einsum`.
  package var axes: [Int]
  /// What these axes are called: `K`, `input channels`.
  package var axisName: String
  /// Why there is no axis; nil if there is one.
  package var absence: AxisAbsence?
  /// The shape in elements where several share a stored unit, as `MatMulNBits` packs them: `[N, K]`.
  package var logicalShape: Shape?

  /// The axis, where it is exactly one.
  package var axis: Int? { axes.count == 1 ? axes[0] : nil }
}

/// Why a use gives no reduction axis.
package enum AxisAbsence: Sendable, Hashable {
  /// Elements are picked, not summed.
  case lookUp
  /// Elements are combined one by one.
  case elementwise
  /// The tensor is no operand of a product here.
  case parameter
  /// An operator on the way, or the use itself, reorders elements in a way that is not followed.
  case lost(by: String)
  /// The operator is not known here.
  case unknownOperator
  /// The axis depends on an attribute whose value is not known.
  case unknownAttribute(String)
  /// The bytes have a layout that only the operator knows.
  case opaque(String)
  /// The tensor, or the node, is not what the operator demands.
  case malformed(String)
  /// Every index of the tensor is in the output: nothing is summed.
  case outerProduct
}

extension AxisAbsence: CustomStringConvertible {
  /// The reason in words.
  package var description: String {
    switch self {
    case .lookUp: "look-up, nothing is summed"
    case .elementwise: "element by element"
    case .parameter: "no operand of a product"
    case .lost(let operation): "axis lost by \(operation)"
    case .unknownOperator: "unknown operator"
    case .unknownAttribute(let name): "attribute \(name) is not known"
    case .opaque(let layout): "opaque layout: \(layout)"
    case .malformed(let problem): problem
    case .outerProduct: "nothing is summed"
    }
  }
}

/// An operator that hands a tensor on: same elements, maybe in another order, type, or number format.
package enum PathStep: String, Sendable, Hashable {
  /// The same tensor.
  case identity = "Identity"
  /// Another type.
  case cast = "Cast"
  /// Axes in another order.
  case transpose = "Transpose"
  /// Codes become reals.
  case dequantize = "DequantizeLinear"
  /// Reals become codes.
  case quantize = "QuantizeLinear"
  /// The shape changes, or is proved to stay.
  case reshape = "Reshape"
  /// Axes are merged into two.
  case flatten = "Flatten"
  /// Axes of extent 1 go.
  case squeeze = "Squeeze"
  /// Axes of extent 1 come.
  case unsqueeze = "Unsqueeze"
  /// Into or out of a model-local function.
  case call = "function"
  /// Out of a branch.
  case branch = "If"
  /// Into or out of a loop, as a carried value.
  case loop = "Loop"
  /// Into or out of a scan.
  case scan = "Scan"
}
