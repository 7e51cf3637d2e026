/// A protobuf message in the making: its bytes, but for payloads, of which only the length is known.
///
/// It is written by hand instead of by protobuf-c: that packs a field of varints only from an array of all of them
/// (8 bytes of memory a nonzero), ends strings at their first NUL, and cuts lengths of 4 GiB and more to 32 bits
/// without a word. What is left for it to do is a tag and a length per field.
package struct WireMessage: Sendable {
  /// What is streamed into a message.
  package enum Payload: Sendable, Hashable {
    /// Elements, or the nonzeros of a sparse tensor.
    case values
    /// The indices of the nonzeros.
    case indices
    /// One bit for each element of the row-major order, the first in the lowest bit.
    case mask
  }

  /// A run of the message.
  package enum Piece: Sendable, Hashable {
    /// These bytes.
    case bytes([UInt8])
    /// A payload of so many bytes.
    case payload(Payload, byteCount: UInt64)
  }

  /// A length that exceeds 64 bits.
  package struct TooLarge: Error, Hashable {
    /// No more is known.
    package init() {}
  }

  /// The longest message that other readers take, in bytes. (onnx 1.23, `MAXIMUM_PROTOBUF`.)
  package static let largest: UInt64 = (1 << 31) - 1

  /// The runs, in order; no two of bytes are neighbours.
  package private(set) var pieces: [Piece] = []
  /// The length of all runs, in bytes.
  package private(set) var byteCount: UInt64 = 0

  /// An empty message.
  package init() {}

  /// Where a payload starts in the message, in bytes; nil if it has none of this kind.
  package func offset(of wanted: Payload) -> UInt64? {
    var offset: UInt64 = 0
    for piece in pieces {
      switch piece {
      case .bytes(let bytes): offset += UInt64(bytes.count)
      case .payload(wanted, _): return offset
      case .payload(_, let byteCount): offset += byteCount
      }
    }
    return nil
  }

  /// The message as a field of another: its tag and length before it.
  /// - Throws: ``TooLarge``.
  package func asField(_ field: UInt32) throws(TooLarge) -> WireMessage {
    var outer = WireMessage()
    try outer.append(field, self)
    return outer
  }

  /// Appends a field that is an integer; negative ones are sign-extended to 64 bits before.
  mutating func append(_ field: UInt32, varint value: UInt64) {
    append(tag(field, 0))
    append(Varint.bytes(of: value))
  }

  /// Appends a field of bytes: text, or a message that is at hand.
  mutating func append(_ field: UInt32, bytes: some Collection<UInt8>) {
    append(tag(field, 2))
    append(Varint.bytes(of: UInt64(bytes.count)))
    append(bytes)
  }

  /// Appends a field of text.
  mutating func append(_ field: UInt32, _ text: String) { append(field, bytes: text.utf8) }

  /// Appends a field that is a message.
  /// - Throws: ``TooLarge``.
  mutating func append(_ field: UInt32, _ message: WireMessage) throws(TooLarge) {
    append(tag(field, 2))
    append(Varint.bytes(of: message.byteCount))
    for piece in message.pieces {
      switch piece {
      case .bytes(let bytes): append(bytes)
      case .payload(let payload, let byteCount): try append(payload, byteCount)
      }
    }
    try check()
  }

  /// Appends a field of bytes that are streamed: `prefix`, and the payload behind it.
  /// - Throws: ``TooLarge``.
  mutating func append(
    _ field: UInt32,
    _ payload: Payload,
    byteCount: UInt64,
    after prefix: [UInt8] = []
  ) throws(TooLarge) {
    let (length, overflow) = byteCount.addingReportingOverflow(UInt64(prefix.count))
    if overflow { throw TooLarge() }
    append(tag(field, 2))
    append(Varint.bytes(of: length))
    append(prefix)
    try append(payload, byteCount)
    try check()
  }

  /// Appends fields that are encoded already.
  mutating func append(_ bytes: some Collection<UInt8>) {
    guard !bytes.isEmpty else { return }
    byteCount &+= UInt64(bytes.count)
    if case .bytes(let last) = pieces.last {
      pieces[pieces.count - 1] = .bytes(last + bytes)
    } else {
      pieces.append(.bytes(Array(bytes)))
    }
  }

  private mutating func append(_ payload: Payload, _ count: UInt64) throws(TooLarge) {
    let (sum, overflow) = byteCount.addingReportingOverflow(count)
    if overflow { throw TooLarge() }
    byteCount = sum
    pieces.append(.payload(payload, byteCount: count))
  }

  /// Leaves room for the few bytes around payloads, so that only payloads can overflow.
  private func check() throws(TooLarge) {
    if byteCount > UInt64(Int64.max) { throw TooLarge() }
  }

  private func tag(_ field: UInt32, _ wireType: UInt64) -> [UInt8] {
    Varint.bytes(of: UInt64(field) << 3 | wireType)
  }
}
