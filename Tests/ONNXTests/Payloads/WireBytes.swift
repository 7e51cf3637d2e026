/// Protobuf fields, written plainly; it shares no code with the writer.
enum WireBytes {
  /// A varint, which takes `padding` bytes more than it has to.
  static func varint(_ value: UInt64, padding: Int = 0) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = value
    repeat {
      bytes.append(UInt8(rest & 0x7F))
      rest >>= 7
    } while rest > 0
    bytes += [UInt8](repeating: 0, count: padding)
    for index in bytes.indices.dropLast() { bytes[index] |= 0x80 }
    return bytes
  }

  /// A field that is an integer.
  static func field(_ number: UInt64, _ value: UInt64) -> [UInt8] { varint(number << 3) + varint(value) }

  /// A field of bytes, or a message.
  static func field(_ number: UInt64, _ bytes: [UInt8]) -> [UInt8] {
    varint(number << 3 | 2) + varint(UInt64(bytes.count)) + bytes
  }

  /// A field of text.
  static func field(_ number: UInt64, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

  /// The content of a `TensorProto` without elements.
  static func tensor(_ name: String, _ type: Int32, _ extents: [UInt64]) -> [UInt8] {
    extents.flatMap { field(1, $0) } + field(2, UInt64(type)) + field(8, name)
  }

  /// A model of one graph with these fields.
  static func model(graph: [UInt8], irVersion: UInt64 = 10, operatorSet: UInt64 = 21) -> [UInt8] {
    field(1, irVersion) + field(7, graph + field(2, "g")) + field(8, field(1, "") + field(2, operatorSet))
  }

  /// An integer's bytes, the lowest first.
  static func littleEndian(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }
}
