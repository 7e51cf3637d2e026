/// The bytes of a protobuf message, put together apart from Lacuna's own writer.
struct WireBytes {
  private(set) var bytes: [UInt8] = []

  /// No bytes yet.
  init() {}

  /// The fields of two messages, one behind the other.
  init(_ first: WireBytes, _ second: WireBytes) { bytes = first.bytes + second.bytes }

  /// Adds an integer.
  mutating func add(_ field: Int, _ value: Int) {
    addVarint(field << 3)
    addVarint(value)
  }

  /// Adds a text.
  mutating func add(_ field: Int, _ text: String) {
    open(field, byteCount: text.utf8.count)
    bytes += text.utf8
  }

  /// Adds a message.
  mutating func add(_ field: Int, _ message: WireBytes) {
    open(field, byteCount: message.bytes.count)
    bytes += message.bytes
  }

  /// Adds what stands before so many bytes of a field.
  mutating func open(_ field: Int, byteCount: Int) {
    addVarint(field << 3 | 2)
    addVarint(byteCount)
  }

  private mutating func addVarint(_ value: Int) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }
}
