internal import ModelIR

/// Appends little-endian GGUF to bytes.
enum MetadataEncoder {
  static func append(_ word: UInt64, bytes width: Int, to bytes: inout [UInt8]) {
    for place in 0..<width { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(place * 8))) }
  }

  static func append(_ text: String, to bytes: inout [UInt8]) {
    append(UInt64(text.utf8.count), bytes: 8, to: &bytes)
    bytes.append(contentsOf: text.utf8)
  }

  /// Appends a key and its value.
  /// - Parameter elementType: what an array holds.
  /// - Throws: the rule that the value breaks.
  static func append(
    key: String,
    _ value: MetadataValue,
    of elementType: GGUFValueType?,
    to bytes: inout [UInt8]
  ) throws(Problem) {
    guard let type = GGUFValueType(of: value) else { throw .noType }
    append(key, to: &bytes)
    append(UInt64(type.rawValue), bytes: 4, to: &bytes)
    guard case .array(let values) = value else {
      try append(value, to: &bytes)
      return
    }
    guard let elementType = elementType ?? values.first.flatMap({ GGUFValueType(of: $0) }) else {
      throw .untypedArray
    }
    if elementType == .array { throw .nestedArray }
    append(UInt64(elementType.rawValue), bytes: 4, to: &bytes)
    append(UInt64(values.count), bytes: 8, to: &bytes)
    for value in values {
      guard GGUFValueType(of: value) == elementType else { throw .mixedArray }
      try append(value, to: &bytes)
    }
  }

  /// Why a value has no form in GGUF.
  enum Problem: Error {
    case noType, untypedArray, nestedArray, mixedArray, outOfRange
  }

  /// Appends a scalar or a string.
  private static func append(_ value: MetadataValue, to bytes: inout [UInt8]) throws(Problem) {
    switch value {
    case .string(let text): append(text, to: &bytes)
    case .bool(let flag): bytes.append(flag ? 1 : 0)
    case .float32(let bits): append(UInt64(bits), bytes: 4, to: &bytes)
    case .float64(let bits): append(bits, bytes: 8, to: &bytes)
    case .unsigned(let number, let bits):
      guard bits == 64 || number >> UInt64(bits) == 0 else { throw .outOfRange }
      append(number, bytes: bits / 8, to: &bytes)
    case .signed(let number, let bits):
      guard bits == 64 || [0, -1].contains(number >> Int64(bits - 1)) else { throw .outOfRange }
      append(UInt64(bitPattern: number), bytes: bits / 8, to: &bytes)
    case .array: throw .nestedArray
    }
  }
}
