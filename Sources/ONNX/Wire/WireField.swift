/// How a field is written. (Protocol Buffers, encoding.)
enum WireType: UInt8, Sendable {
  case varint = 0
  case fixed64 = 1
  case lengthDelimited = 2
  case groupStart = 3
  case groupEnd = 4
  case fixed32 = 5
}

/// A field of a message, its content not read.
struct WireField: Sendable {
  /// Its number.
  var number: UInt32
  /// How it is written.
  var type: WireType
  /// Where its tag starts.
  var start: UInt64
  /// Where the length starts, for length-delimited fields; else where the content does.
  var lengthStart: UInt64
  /// The bytes behind tag and length.
  var content: Range<UInt64>
  /// The value of a varint or a fixed-width field.
  var value: UInt64

  /// The bytes of the whole field.
  var range: Range<UInt64> { start..<content.upperBound }
}
