package import ModelIR

/// How the codes of a weight become reals, as the graph around it says.
package struct WeightQuantization: Sendable, Hashable {
  /// What says so, the most telling first.
  package enum Source: Int, Sendable, Hashable, Comparable {
    /// A `DequantizeLinear` reads the weight.
    case dequantizeLinear
    /// A float weight is quantized and dequantized on the way: it was trained for that. Elements are floats.
    case fakeQuantized
    /// An operator takes scale and zero point at fixed positions, or as attributes: `QLinearConv`, `MatMulNBits`.
    case operand
    /// The operator has no scale; it was found in the `Mul` behind it: `MatMulInteger`, `ConvInteger`.
    case integerOperand
    /// `quantization_annotation` of the graph.
    case annotation

    /// The order of trust.
    package static func < (left: Source, right: Source) -> Bool { left.rawValue < right.rawValue }
  }

  /// How codes share bytes.
  package enum Packing: Sendable, Hashable {
    /// One element is one code, in the tensor's own type.
    case none
    /// Low bits first along the last axis of the logical shape, each row its own bytes.
    case rows
    /// Low bits first along the last axis of the logical shape, each block its own bytes, the last one padded.
    case blocks
    /// Over the flattened logical shape, first element in the high nibble (bitsandbytes).
    case flat
  }

  /// The codes of 4-bit and 8-bit floats that no element type names.
  package enum CodeBook: Sendable, Hashable {
    /// Integers, or the tensor's own type.
    case plain
    /// bitsandbytes FP4.
    case bnbFP4
    /// bitsandbytes NF4.
    case bnbNF4
    /// E2M1, two to a byte.
    case e2m1
  }

  /// How far one scale reaches, in axes of ``logicalShape`` where there is one, else of the stored tensor.
  package enum Granularity: Sendable, Hashable {
    /// One scale for all.
    case tensor
    /// One per index of an axis.
    case channel(axis: Int)
    /// One per `size` consecutive elements along an axis; the last block may be shorter.
    case blocked(axis: Int, size: UInt64)
    /// One per block of these extents.
    case blockShape([UInt64])
    /// One per `size` consecutive elements of the flattened tensor.
    case flatRuns(size: UInt64)
    /// The graph does not say.
    case unknown
  }

  /// A scale or a zero point.
  package enum Parameter: Sendable, Hashable {
    /// A stored tensor, by its number in ``ONNXModel/tensors``.
    case tensor(Int)
    /// The same everywhere: what the operator takes where none is given.
    case constant(Int)
    /// The graph computes it.
    case computed
    /// There is none.
    case none
  }

  /// What says so.
  package var source: Source
  /// The graph of the node that says so; of the annotation.
  package var graph: Int
  /// The node; nil for an annotation.
  package var node: Int?
  /// The operator: `DequantizeLinear`, `QLinearConv`; empty for an annotation.
  package var operation: String
  /// The bits of a code.
  package var bits: Int
  /// How codes share bytes.
  package var packing: Packing = .none
  /// What codes mean.
  package var codes: CodeBook = .plain
  /// The shape in codes where that is not the stored one.
  package var logicalShape: Shape?
  /// How far one scale reaches.
  package var granularity: Granularity
  /// The scale.
  package var scale: Parameter
  /// The code of zero.
  package var zeroPoint: Parameter
  /// How zero points share bytes: as the codes do, or not.
  package var zeroPointPacking: Packing = .none
  /// A second scale over all.
  package var globalScale: Parameter = .none
  /// Where the weight is turned before it is dequantized: for each axis of what is dequantized the stored axis,
  /// nil for an axis of extent 1 that was put in. Nil where nothing was turned.
  package var order: [Int?]?
  /// Why the codes cannot be read: `weight_prepacked`; nil where they can.
  package var refusal: String?
}
