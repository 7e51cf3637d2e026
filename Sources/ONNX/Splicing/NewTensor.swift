internal import ModelIR

/// A tensor as it is stored anew.
struct NewTensor {
  let replacement: SplicePlan.Replacement
  let type: ONNXDataType
  let shape: Shape
  /// What stays of the old one.
  let kept: KeptFields

  init(_ replacement: SplicePlan.Replacement, type: ONNXDataType, shape: Shape, kept: KeptFields) {
    self.replacement = replacement
    self.type = type
    self.shape = shape
    self.kept = kept
  }

  private func header(_ name: String) -> TensorMessages.Header {
    TensorMessages.Header(name: name, type: type, extents: shape.extents, trailing: kept.bytes)
  }

  /// The `TensorProto` of all elements, here or in another file.
  func dense(named name: String) throws(WireMessage.TooLarge) -> WireMessage {
    if case .external(let location, let offset, let byteCount) = replacement {
      return TensorMessages.external(header(name), location: location, offset: offset, byteCount: byteCount)
    }
    guard let byteCount = type.byteCount(ofElements: shape.elementCount) else {
      throw WireMessage.TooLarge()
    }
    return try TensorMessages.raw(header(name), byteCount: byteCount)
  }

  /// The `SparseTensorProto`.
  func sparse(named name: String) throws(WireMessage.TooLarge) -> WireMessage {
    switch replacement {
    case .sparseValue(let counts, let form), .sparseInitializer(let counts, let form):
      guard let width = type.elementType?.byteWidth else { throw WireMessage.TooLarge() }
      return try TensorMessages.sparse(header(name), form, counts, width: width)
    case .raw, .external, .bitmask: preconditionFailure("not sparse")
    }
  }

  /// The parts of a bitmask, and the nodes that put them together.
  func bitmask(_ names: BitmaskMessages.Names) throws(WireMessage.TooLarge) -> BitmaskMessages {
    guard case .bitmask(let nnz) = replacement else { preconditionFailure("no bitmask") }
    guard let width = type.elementType?.byteWidth, nnz < .max else { throw WireMessage.TooLarge() }
    return BitmaskMessages(names, header(""), shape, nnz: nnz, width: width)
  }
}

extension ONNXDataType {
  /// The least IR version that has the type. (onnx 1.23, comments of `Version` in onnx.proto.)
  var leastVersion: Int64 {
    switch self {
    case .bfloat16: 4
    case .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ: 9
    case .uint4, .int4: 10
    case .float4E2M1: 11
    case .float8E8M0: 12
    case .uint2, .int2: 13
    case .float6E2M3, .float6E3M2: 14
    default: 0
    }
  }
}

extension SpliceTarget {
  /// What messages call it.
  var words: String {
    switch self {
    case .raw: "dense"
    case .external: "external data"
    case .sparseValue: "sparse_value"
    case .sparseInitializer: "sparse_initializer"
    case .bitmask: "bitmask"
    }
  }
}
