/// The bytes of a safetensors file, well formed or not; it shares no code with the reader and the planner.
package struct SafetensorsBuilder: Sendable {
  /// A tensor of a well-formed file.
  package struct Entry: Sendable {
    /// The name.
    package var name: String
    /// The spelling of the element type.
    package var type: String
    /// The extents.
    package var shape: [UInt64]
    /// The data.
    package var data: [UInt8]

    /// A tensor of these parts.
    package init(_ name: String, _ type: String, _ shape: [UInt64], _ data: [UInt8]) {
      self.name = name
      self.type = type
      self.shape = shape
      self.data = data
    }
  }

  /// The header's text.
  package var header: [UInt8]
  /// What follows the header.
  package var data: [UInt8]
  /// What the first eight bytes say, unless it is the header's length.
  package var declaredLength: UInt64?

  /// A file of this header text and these data, whatever they are.
  package init(header: String, data: [UInt8] = [], declaredLength: UInt64? = nil) {
    self.init(header: Array(header.utf8), data: data, declaredLength: declaredLength)
  }

  /// A file of these header bytes and these data, whatever they are.
  package init(header: [UInt8], data: [UInt8] = [], declaredLength: UInt64? = nil) {
    self.header = header
    self.data = data
    self.declaredLength = declaredLength
  }

  /// A well-formed file of these tensors in this order, if their names and metadata need no escapes.
  package init(_ entries: [Entry], metadata: [(key: String, value: String)]? = nil) {
    var members: [String] = []
    var data: [UInt8] = []
    if let metadata {
      let pairs = metadata.map { "\"\($0.key)\":\"\($0.value)\"" }
      members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    for entry in entries {
      let shape = entry.shape.map(String.init).joined(separator: ",")
      let offsets = "\(data.count),\(data.count + entry.data.count)"
      members.append(
        "\"\(entry.name)\":{\"dtype\":\"\(entry.type)\",\"shape\":[\(shape)],\"data_offsets\":[\(offsets)]}"
      )
      data += entry.data
    }
    self.init(header: "{\(members.joined(separator: ","))}", data: data)
  }

  /// The file.
  package var bytes: [UInt8] {
    let length = declaredLength ?? UInt64(header.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) } + header + data
  }
}
