/// The attributes that make a `Constant` what it is, and the node around them.
extension NodeMessages {
  /// The attribute `value`.
  /// - Parameters:
  ///   - tensor: the `TensorProto`.
  ///   - trailing: fields that come after, encoded.
  /// - Throws: ``WireMessage/TooLarge``.
  static func value(
    _ tensor: WireMessage,
    trailing: [UInt8] = []
  ) throws(WireMessage.TooLarge) -> WireMessage {
    var attribute = WireMessage()
    attribute.append(1, "value")
    try attribute.append(5, tensor)
    // AttributeProto.AttributeType.TENSOR.
    attribute.append(20, varint: 4)
    attribute.append(trailing)
    return attribute
  }

  /// The attribute `sparse_value`.
  /// - Parameters:
  ///   - sparse: the `SparseTensorProto`.
  ///   - trailing: fields that come after, encoded.
  /// - Throws: ``WireMessage/TooLarge``.
  static func sparseValue(
    _ sparse: WireMessage,
    trailing: [UInt8] = []
  ) throws(WireMessage.TooLarge) -> WireMessage {
    var attribute = WireMessage()
    attribute.append(1, "sparse_value")
    attribute.append(20, varint: AttributeType.sparseTensor.rawValue)
    try attribute.append(22, sparse)
    attribute.append(trailing)
    return attribute
  }
}
