internal import GGUF
internal import ModelIR
internal import StrictJSON

/// One `[key, type, value]` of a carried text.
enum CarriedPair {
  /// What is wrong with it.
  struct Problem: Error {
    let words: String
  }

  /// Reads one.
  /// - Throws: ``Problem``, or `JSONError`.
  static func read(_ reader: inout JSONReader) throws -> MetadataItem {
    try reader.beginArray()
    guard try reader.nextElement() else { throw Problem(words: "an empty pair") }
    let key = try reader.readString()
    guard try reader.nextElement() else { throw Problem(words: "key \"\(key)\" without a type") }
    let name = try reader.readString()
    let isArray = name.hasPrefix("[") && name.hasSuffix("]")
    guard let type = GGUFValueType(name: isArray ? String(name.dropFirst().dropLast()) : name), type != .array
    else { throw Problem(words: "key \"\(key)\" has the unknown type \"\(name)\"") }
    guard try reader.nextElement() else { throw Problem(words: "key \"\(key)\" without a value") }
    let item: MetadataItem
    if isArray {
      var values: [MetadataValue] = []
      try reader.beginArray()
      while try reader.nextElement() { values.append(try value(of: type, key, &reader)) }
      item = .new(key: key, value: .array(values), of: type)
    } else {
      item = .new(key: key, value: try value(of: type, key, &reader))
    }
    guard try !reader.nextElement() else { throw Problem(words: "key \"\(key)\" with more than a value") }
    return item
  }

  private static func value(
    of type: GGUFValueType,
    _ key: String,
    _ reader: inout JSONReader
  ) throws -> MetadataValue {
    let text: String
    switch type {
    case .string: return .string(try reader.readString())
    case .bool: return .bool(try reader.readBoolean())
    case .float32, .float64:
      if try reader.peekKind() == .string {
        text = try reader.readString()
        guard text.hasPrefix("0x"), let bits = UInt64(text.dropFirst(2), radix: 16) else { break }
        if type == .float64 { return .float64(bitPattern: bits) }
        if let bits = UInt32(exactly: bits) { return .float32(bitPattern: bits) }
        break
      }
      text = try reader.readNumberText()
      if type == .float64, let number = Double(text) { return .float64(bitPattern: number.bitPattern) }
      if type == .float32, let number = Float(text) { return .float32(bitPattern: number.bitPattern) }
    default:
      text = try reader.readNumberText()
      if let value = integer(of: type, text) { return value }
    }
    throw Problem(words: "key \"\(key)\": \"\(text)\" is no value of type \(type.name)")
  }

  private static func integer(of type: GGUFValueType, _ text: String) -> MetadataValue? {
    switch type {
    case .uint8: UInt8(text).map { .unsigned(UInt64($0), bits: 8) }
    case .uint16: UInt16(text).map { .unsigned(UInt64($0), bits: 16) }
    case .uint32: UInt32(text).map { .unsigned(UInt64($0), bits: 32) }
    case .uint64: UInt64(text).map { .unsigned($0, bits: 64) }
    case .int8: Int8(text).map { .signed(Int64($0), bits: 8) }
    case .int16: Int16(text).map { .signed(Int64($0), bits: 16) }
    case .int32: Int32(text).map { .signed(Int64($0), bits: 32) }
    case .int64: Int64(text).map { .signed($0, bits: 64) }
    default: nil
    }
  }
}
