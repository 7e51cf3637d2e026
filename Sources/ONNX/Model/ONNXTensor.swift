public import ModelIR

/// A tensor that a model stores, wherever it stands.
package struct ONNXTensor: Sendable {
  /// Where the tensor stands.
  package enum Place: Sendable, Hashable {
    /// Among the initializers of a graph.
    case initializer
    /// Among the sparse initializers of a graph.
    case sparseInitializer
    /// An attribute of a node: the node's index in its graph, the attribute's name, and the number of the tensor
    /// where the attribute holds several. `Constant.value` defines the node's output.
    case attribute(node: Int, name: String, number: Int?)
  }

  /// The graph, as an index into ``ONNXModel/graphs``.
  package var graph: Int
  /// Where in it.
  package var place: Place
  /// The name under which nodes read it: an initializer's own, the output of a Constant; empty where there is none.
  package var name: String
  /// The name that is unique in the model, for other containers: `name`, behind the path of the graphs that enclose
  /// it where that is not the main one.
  package var scopedName: TensorName
  /// The type of the elements.
  package var type: ONNXDataType
  /// The shape, dense.
  package var shape: Shape
  /// The elements, or the nonzeros of a sparse tensor.
  package var values: ONNXPayload
  /// For sparse tensors the indices.
  package var indices: ONNXIndices?
  /// The bytes of the `TensorProto` or `SparseTensorProto` in the file, without its tag and length.
  package var message: Range<UInt64>
}

/// The indices of a sparse tensor's values.
package struct ONNXIndices: Sendable {
  /// Coordinates `[nnz, rank]` if true, else linear row-major `[nnz]`.
  package var areCoordinates: Bool
  /// How many values there are.
  package var nnz: UInt64
  /// The 64-bit integers.
  package var payload: ONNXPayload
}

/// Where elements lie.
package enum ONNXPayload: Sendable {
  /// Little-endian bytes in the model file: `raw_data`, or a packed field of fixed width.
  case raw(Range<UInt64>)
  /// Typed entries in the model file: the runs of bytes, in order, each a packed chunk's content or one entry
  /// without its tag. `varint` entries (`int32_data`, `int64_data`, `uint64_data`) are varints, others of 4 or 8
  /// bytes. Runs of fixed-width entries that are one run are ``raw``.
  case typed(runs: [Range<UInt64>], encoding: ONNXEncoding)
  /// Bytes of another file: its number among the model's external files, and the range there.
  case external(file: Int, range: Range<UInt64>)
  /// No elements.
  case none
}

/// How typed entries are written.
package enum ONNXEncoding: Sendable, Hashable {
  /// A base-128 varint each.
  case varint
  /// 4 bytes each, little-endian.
  case fixed32
  /// 8 bytes each, little-endian.
  case fixed64
}
