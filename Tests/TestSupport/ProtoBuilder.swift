/// Messages of Protocol Buffers, field by field, right or wrong as the test wants it.
package struct ProtoBuilder {
  package var bytes: [UInt8] = []

  package init(_ fill: (inout ProtoBuilder) -> Void = { _ in }) { fill(&self) }

  package static func varint(_ value: UInt64) -> [UInt8] {
    var rest = value
    var bytes: [UInt8] = []
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  package mutating func raw(_ more: [UInt8]) { bytes += more }
  package mutating func integer(_ number: UInt64, _ value: Int64) {
    bytes += Self.varint(number << 3) + Self.varint(UInt64(bitPattern: value))
  }
  package mutating func float(_ number: UInt64, _ value: Float) {
    bytes += Self.varint(number << 3 | 5)
    for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(shift))) }
  }
  package mutating func bytes(_ number: UInt64, _ content: [UInt8]) {
    bytes += Self.varint(number << 3 | 2) + Self.varint(UInt64(content.count)) + content
  }
  package mutating func text(_ number: UInt64, _ content: String) { bytes(number, Array(content.utf8)) }
  package mutating func message(_ number: UInt64, _ fill: (inout ProtoBuilder) -> Void) {
    bytes(number, ProtoBuilder(fill).bytes)
  }

  /// A `TensorProto`'s name, type and dimensions.
  package mutating func tensorHead(_ name: String, type: Int64, _ dims: [Int64]) {
    for extent in dims { integer(1, extent) }
    integer(2, type)
    if !name.isEmpty { text(8, name) }
  }

  /// An entry of `external_data`.
  package mutating func external(_ key: String, _ value: String) {
    message(13) {
      $0.text(1, key)
      $0.text(2, value)
    }
  }

  /// A model with a graph.
  package static func model(graph: (inout ProtoBuilder) -> Void) -> [UInt8] {
    ProtoBuilder {
      $0.integer(1, 10)
      $0.message(7, graph)
      $0.message(8) { $0.integer(2, 21) }
    }.bytes
  }

  /// A model with one initializer.
  package static func model(ofTensor initializer: (inout ProtoBuilder) -> Void) -> [UInt8] {
    model(graph: { $0.message(5, initializer) })
  }

  /// A model whose one node has one attribute.
  package static func model(_ operation: String, attribute: (inout ProtoBuilder) -> Void) -> [UInt8] {
    model(graph: {
      $0.message(1) {
        $0.text(2, "out")
        $0.text(4, operation)
        $0.message(5, attribute)
      }
    })
  }
}
