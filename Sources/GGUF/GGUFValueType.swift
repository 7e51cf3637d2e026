public import ModelIR

/// The type of a metadata value, with the numbers that GGUF files give them.
///
/// (GGUF specification, "File Structure", `gguf_metadata_value_type`.)
public enum GGUFValueType: UInt32, Sendable, Hashable, CaseIterable {
  case uint8 = 0
  case int8 = 1
  case uint16 = 2
  case int16 = 3
  case uint32 = 4
  case int32 = 5
  case float32 = 6
  case bool = 7
  case string = 8
  case array = 9
  case uint64 = 10
  case int64 = 11
  case float64 = 12

  /// The name that llama.cpp shows: `u8`, `f32`, `str`.
  public var name: String {
    switch self {
    case .uint8: "u8"
    case .int8: "i8"
    case .uint16: "u16"
    case .int16: "i16"
    case .uint32: "u32"
    case .int32: "i32"
    case .float32: "f32"
    case .bool: "bool"
    case .string: "str"
    case .array: "arr"
    case .uint64: "u64"
    case .int64: "i64"
    case .float64: "f64"
    }
  }

  /// The type of this name.
  public init?(name: String) {
    guard let type = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = type
  }

  /// The bytes of a value; nil for strings and arrays, which say it themselves.
  public var byteWidth: Int? {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    case .string, .array: nil
    }
  }

  /// The type that stores `value`; nil for integers of a width that GGUF lacks.
  public init?(of value: MetadataValue) {
    switch value {
    case .string: self = .string
    case .bool: self = .bool
    case .float32: self = .float32
    case .float64: self = .float64
    case .array: self = .array
    case .unsigned(_, bits: 8): self = .uint8
    case .unsigned(_, bits: 16): self = .uint16
    case .unsigned(_, bits: 32): self = .uint32
    case .unsigned(_, bits: 64): self = .uint64
    case .signed(_, bits: 8): self = .int8
    case .signed(_, bits: 16): self = .int16
    case .signed(_, bits: 32): self = .int32
    case .signed(_, bits: 64): self = .int64
    case .signed, .unsigned: return nil
    }
  }

  /// The value of a type of fixed width, whose bytes are the low ones of `word`; nil for the other types.
  func value(ofWord word: UInt64) -> MetadataValue? {
    switch self {
    case .uint8: .unsigned(word & 0xFF, bits: 8)
    case .uint16: .unsigned(word & 0xFFFF, bits: 16)
    case .uint32: .unsigned(word & 0xFFFF_FFFF, bits: 32)
    case .uint64: .unsigned(word, bits: 64)
    case .int8: .signed(Int64(Int8(truncatingIfNeeded: word)), bits: 8)
    case .int16: .signed(Int64(Int16(truncatingIfNeeded: word)), bits: 16)
    case .int32: .signed(Int64(Int32(truncatingIfNeeded: word)), bits: 32)
    case .int64: .signed(Int64(bitPattern: word), bits: 64)
    case .float32: .float32(bitPattern: UInt32(truncatingIfNeeded: word))
    case .float64: .float64(bitPattern: word)
    case .bool: .bool(word & 0xFF != 0)
    case .string, .array: nil
    }
  }
}
