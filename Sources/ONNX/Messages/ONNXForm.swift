/// The ways in which a model can store a tensor.
package enum ONNXForm: String, Sendable, Hashable, CaseIterable {
  /// An initializer of all elements.
  case dense
  /// A `Constant` that is a sparse tensor: passes the checker, and runs.
  case sparseValue
  /// A sparse initializer: runs, but fails shape inference's checks.
  case sparseInitializer
  /// A mask and nonzeros, and nodes that put them together: see ``BitmaskMessages``.
  case bitmask

  /// Why a tensor cannot be stored in a form.
  package enum Obstacle: Error, Sendable, Hashable {
    /// No runtime takes the form with such elements.
    case type(ONNXDataType)
    /// There is no element.
    case empty
    /// A scalar has no axis for indices.
    case scalar
    /// The message would exceed 63 bits of bytes.
    case tooLarge

    /// The reason in words.
    package var reason: String {
      switch self {
      case .type(let type): "elements of type \(type) cannot be stored so"
      case .empty: "it has no element"
      case .scalar: "it has no axis"
      case .tooLarge: "it would exceed 64 bits of bytes"
      }
    }
  }

  /// What a model has to declare for a form.
  package struct Requirement: Sendable, Hashable {
    /// The least `ir_version`; 0 for any.
    package var irVersion: Int64
    /// The least version of ONNX's own operator set; 0 for any.
    package var operatorSet: Int64
  }

  /// What a model has to declare for tensors of a type in this form.
  ///
  /// `Constant.sparse_value` came with operator set 11, of which bfloat16 came with 13, fp8 with 19; `CumSum` and
  /// `BitShift` with 11, `Gather` of bfloat16 with 13; sparse tensors with IR 6. (onnx 1.23, `Changelog.md`,
  /// `onnx.proto`.)
  package func requirement(for type: ONNXDataType) -> Requirement {
    if self == .dense { return Requirement(irVersion: 0, operatorSet: 0) }
    if self == .sparseInitializer { return Requirement(irVersion: 6, operatorSet: 0) }
    let operatorSet: Int64 =
      switch type {
      case .bfloat16: 13
      case .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ: 19
      default: 11
      }
    return Requirement(irVersion: 6, operatorSet: operatorSet)
  }

  /// What stops every tensor of this type and shape from taking the form; nil if nothing does.
  ///
  /// The types are those that onnxruntime 1.31 takes: it makes sparse tensors dense when it loads them, and has
  /// kernels for the nodes of the bitmask but for `Gather` of fp8, which ONNX does not have.
  package func obstacle(_ type: ONNXDataType, _ extents: [UInt64]) -> Obstacle? {
    switch type {
    case _ where self == .dense: return type == .string ? .type(type) : nil
    case .float, .double, .float16, .bfloat16, .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64,
      .int64,
      .bool:
      break
    case .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ:
      if self == .bitmask { return .type(type) }
    default: return .type(type)
    }
    if extents.contains(0) { return .empty }
    if extents.isEmpty && self != .bitmask { return .scalar }
    return nil
  }
}
