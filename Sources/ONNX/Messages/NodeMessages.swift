/// How nodes are written. (onnx 1.23, `NodeProto` and `AttributeProto`.)
package enum NodeMessages {
  /// A `Constant` that is a sparse tensor: every node that reads `output` reads it dense.
  ///
  /// It has to stand before the nodes that read it.
  /// - Parameters:
  ///   - output: the name that it defines.
  ///   - sparse: the `SparseTensorProto`.
  /// - Throws: ``WireMessage/TooLarge``.
  package static func constant(
    _ output: String,
    sparse: WireMessage
  ) throws(WireMessage.TooLarge) -> WireMessage {
    var attribute = WireMessage()
    attribute.append(1, "sparse_value")
    attribute.append(20, varint: AttributeType.sparseTensor.rawValue)
    try attribute.append(22, sparse)
    return try node("Constant", [], output, attribute)
  }

  /// The numbers of attribute types. (onnx 1.23, `AttributeProto.AttributeType`.)
  enum AttributeType: UInt64 {
    case integer = 2
    case string = 3
    case sparseTensor = 11
  }

  /// An attribute that is an integer.
  static func attribute(_ name: String, _ value: UInt64) -> WireMessage {
    var message = WireMessage()
    message.append(1, name)
    message.append(3, varint: value)
    message.append(20, varint: AttributeType.integer.rawValue)
    return message
  }

  /// An attribute that is text.
  static func attribute(_ name: String, _ value: String) -> WireMessage {
    var message = WireMessage()
    message.append(1, name)
    message.append(4, value)
    message.append(20, varint: AttributeType.string.rawValue)
    return message
  }

  /// A node of one output and at most one attribute.
  static func node(
    _ operation: String,
    _ inputs: [String],
    _ output: String,
    _ attribute: WireMessage? = nil
  ) throws(WireMessage.TooLarge) -> WireMessage {
    var message = WireMessage()
    for input in inputs { message.append(1, input) }
    message.append(2, output)
    message.append(4, operation)
    if let attribute { try message.append(5, attribute) }
    return message
  }
}
