/// A deterministic JSON writer: keys in the order in which they are given, one way to spell each value.
///
/// Strings are escaped as serde_json does it: `"` and `\`, the short escapes, other control characters as
/// `\u00xx`; all else stands as it is. The text is handed on in pieces, so that a report of any length takes
/// the memory of one.
public struct JSONWriter: ~Copyable {
  private var buffer: [UInt8] = []
  private let indent: Int?
  private let flushAt: Int
  private let sink: ((borrowing [UInt8]) throws -> Void)?
  /// For each open array or object, whether it has had no item yet.
  private var fresh: [Bool] = []
  private var afterKey = false

  /// A writer that keeps the text; `indent` spaces a level, or nil for none and no line breaks.
  public init(indent: Int? = nil) {
    self.indent = indent
    flushAt = .max
    sink = nil
  }

  /// A writer that hands pieces of some 64 KiB to `sink`.
  public init(indent: Int?, sink: @escaping (borrowing [UInt8]) throws -> Void) {
    self.indent = indent
    flushAt = 65_536
    self.sink = sink
  }

  private mutating func beginValue() {
    if afterKey {
      afterKey = false
      return
    }
    guard let innermost = fresh.indices.last else { return }
    if fresh[innermost] { fresh[innermost] = false } else { buffer.append(UInt8(ascii: ",")) }
    breakLine()
  }

  private mutating func breakLine() {
    guard let indent else { return }
    buffer.append(UInt8(ascii: "\n"))
    buffer.append(contentsOf: repeatElement(0x20, count: indent * fresh.count))
  }

  private mutating func endValue() throws {
    if buffer.count >= flushAt { try flush() }
  }

  private mutating func flush() throws {
    guard let sink else { return }
    try sink(buffer)
    buffer.removeAll(keepingCapacity: true)
  }

  private mutating func open(_ byte: UInt8) {
    beginValue()
    buffer.append(byte)
    fresh.append(true)
  }

  private mutating func close(_ byte: UInt8) throws {
    if !fresh.removeLast() { breakLine() }
    buffer.append(byte)
    try endValue()
  }

  /// Writes an object whose members `body` writes.
  public mutating func object(_ body: (inout JSONWriter) throws -> Void) throws {
    open(UInt8(ascii: "{"))
    try body(&self)
    try close(UInt8(ascii: "}"))
  }

  /// Writes an array whose elements `body` writes.
  public mutating func array(_ body: (inout JSONWriter) throws -> Void) throws {
    open(UInt8(ascii: "["))
    try body(&self)
    try close(UInt8(ascii: "]"))
  }

  /// Writes a key; its value comes next.
  public mutating func key(_ name: String) {
    beginValue()
    Self.append(quoting: name.utf8, to: &buffer)
    buffer.append(UInt8(ascii: ":"))
    if indent != nil { buffer.append(0x20) }
    afterKey = true
  }

  /// Writes a string.
  public mutating func value(_ text: String) throws {
    beginValue()
    Self.append(quoting: text.utf8, to: &buffer)
    try endValue()
  }

  /// Writes an integer.
  public mutating func value(_ number: some FixedWidthInteger) throws {
    beginValue()
    buffer.append(contentsOf: String(number).utf8)
    try endValue()
  }

  /// Writes a number by the shortest digits that give it back; one that is not finite as a string.
  public mutating func value(_ number: Double) throws {
    guard number.isFinite else { return try value(number.description) }
    beginValue()
    let text = number.description
    buffer.append(contentsOf: (text.hasSuffix(".0") ? String(text.dropLast(2)) : text).utf8)
    try endValue()
  }

  /// Writes `true` or `false`.
  public mutating func value(_ flag: Bool) throws {
    beginValue()
    buffer.append(contentsOf: (flag ? "true" : "false").utf8)
    try endValue()
  }

  /// Writes `null`.
  public mutating func null() throws {
    beginValue()
    buffer.append(contentsOf: "null".utf8)
    try endValue()
  }

  /// Ends the text, with a line break if it is indented, and returns what no sink has taken.
  public consuming func finish() throws -> [UInt8] {
    if indent != nil { buffer.append(UInt8(ascii: "\n")) }
    if sink != nil { try flush() }
    return buffer
  }

  /// Appends a JSON string of this text.
  public static func append(quoting text: some Sequence<UInt8>, to buffer: inout [UInt8]) {
    buffer.append(UInt8(ascii: "\""))
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""): buffer.append(contentsOf: [UInt8(ascii: "\\"), byte])
      case UInt8(ascii: "\\"): buffer.append(contentsOf: [UInt8(ascii: "\\"), byte])
      case 0x08: buffer.append(contentsOf: "\\b".utf8)
      case 0x0C: buffer.append(contentsOf: "\\f".utf8)
      case 0x0A: buffer.append(contentsOf: "\\n".utf8)
      case 0x0D: buffer.append(contentsOf: "\\r".utf8)
      case 0x09: buffer.append(contentsOf: "\\t".utf8)
      case 0..<0x20:
        let digits = Array("0123456789abcdef".utf8)
        buffer.append(contentsOf: "\\u00".utf8)
        buffer.append(digits[Int(byte >> 4)])
        buffer.append(digits[Int(byte & 15)])
      default: buffer.append(byte)
      }
    }
    buffer.append(UInt8(ascii: "\""))
  }

  /// How many bytes a JSON string of this text takes, quotes included.
  public static func quotedByteCount(_ text: some Sequence<UInt8>) -> Int {
    text.reduce(2) { count, byte in
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x08, 0x09, 0x0A, 0x0C, 0x0D: count + 2
      case 0..<0x20: count + 6
      default: count + 1
      }
    }
  }
}
