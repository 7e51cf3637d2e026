/// How tensors are written. (onnx 1.23, `TensorProto` and `SparseTensorProto`; fields in the order of their
/// numbers, as protobuf's own writers put them.)
package enum TensorMessages {
  /// What a tensor is, as its message says it.
  package struct Header: Sendable {
    /// The name; empty for none.
    package var name: String
    /// The type of the elements.
    package var type: ONNXDataType
    /// The extents, outermost first.
    package var extents: [UInt64]
    /// Fields that come after, encoded: `doc_string` and `metadata_props` of the message that this one replaces.
    package var trailing: [UInt8]

    /// A header of these parts.
    package init(name: String, type: ONNXDataType, extents: [UInt64], trailing: [UInt8] = []) {
      self.name = name
      self.type = type
      self.extents = extents
      self.trailing = trailing
    }
  }

  /// A `TensorProto` with its elements in `raw_data`.
  /// - Parameters:
  ///   - payload: what the elements are called.
  ///   - prefix: elements that come before it.
  /// - Throws: ``WireMessage/TooLarge``.
  package static func raw(
    _ header: Header,
    _ payload: WireMessage.Payload = .values,
    byteCount: UInt64,
    after prefix: [UInt8] = []
  ) throws(WireMessage.TooLarge) -> WireMessage {
    var message = start(header)
    if !header.name.isEmpty { message.append(8, header.name) }
    try message.append(9, payload, byteCount: byteCount, after: prefix)
    message.append(header.trailing)
    return message
  }

  /// A `TensorProto` with its few elements at hand.
  static func raw(_ header: Header, _ elements: [UInt8]) -> WireMessage {
    var message = start(header)
    if !header.name.isEmpty { message.append(8, header.name) }
    message.append(9, bytes: elements)
    message.append(header.trailing)
    return message
  }

  /// A `TensorProto` whose elements are in another file.
  /// - Parameters:
  ///   - location: the file's path from the model's folder.
  ///   - offset: where they start there, in bytes.
  ///   - byteCount: how many bytes they are.
  package static func external(
    _ header: Header,
    location: String,
    offset: UInt64,
    byteCount: UInt64
  ) -> WireMessage {
    var message = start(header)
    if !header.name.isEmpty { message.append(8, header.name) }
    // What follows may have lower numbers than these, which readers take.
    for (key, value) in [("location", location), ("offset", "\(offset)"), ("length", "\(byteCount)")] {
      message.append(13, bytes: entry(key, value))
    }
    message.append(14, varint: 1)
    message.append(header.trailing)
    return message
  }

  /// A `StringStringEntryProto`.
  private static func entry(_ key: String, _ value: String) -> [UInt8] {
    var message = WireMessage()
    message.append(1, key)
    message.append(2, value)
    guard case .bytes(let bytes) = message.pieces.first else { return [] }
    return bytes
  }

  /// Extents and type: `dims` not packed, as proto2 has it.
  private static func start(_ header: Header) -> WireMessage {
    var message = WireMessage()
    for extent in header.extents { message.append(1, varint: extent) }
    message.append(2, varint: UInt64(header.type.rawValue))
    return message
  }

  /// A `SparseTensorProto`.
  ///
  /// - Parameters:
  ///   - header: the dense tensor; the name goes to the values, which only sparse initializers need.
  ///   - form: how the indices are written.
  ///   - counts: how many there are, and what they take.
  ///   - width: the bytes of a value.
  /// - Throws: ``WireMessage/TooLarge``.
  package static func sparse(
    _ header: Header,
    _ form: IndexForm,
    _ counts: IndexCounts,
    width: Int
  ) throws(WireMessage.TooLarge) -> WireMessage {
    let (valueBytes, overflow) = counts.nnz.multipliedReportingOverflow(by: UInt64(width))
    guard !overflow, let indexBytes = counts.byteCount(of: form) else { throw WireMessage.TooLarge() }
    var values = header
    values.extents = [counts.nnz]
    var extents = [counts.nnz]
    if form == .coordinateVarints { extents.append(UInt64(header.extents.count)) }
    var indices = start(Header(name: "", type: .int64, extents: extents))
    // An empty packed field is left out; without any data field there would be no tensor.
    if form == .linearRaw || indexBytes == 0 {
      try indices.append(9, .indices, byteCount: indexBytes)
    } else {
      try indices.append(7, .indices, byteCount: indexBytes)
    }
    var message = WireMessage()
    try message.append(1, raw(values, byteCount: valueBytes))
    try message.append(2, indices)
    for extent in header.extents { message.append(3, varint: extent) }
    return message
  }
}
