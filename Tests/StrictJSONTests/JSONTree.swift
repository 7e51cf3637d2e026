import StrictJSON
import Testing

/// A value as the reader's calls give it: order and duplicates kept, text as its bytes, because `==` of two
/// strings would let a normalized one pass.
indirect enum JSONTree: Hashable, Sendable {
  case object([Member])
  case array([JSONTree])
  case text([UInt8])
  case number(Double)
  case boolean(Bool)
  case null

  struct Member: Hashable, Sendable {
    var key: [UInt8]
    var value: JSONTree

    init(_ key: String, _ value: JSONTree) {
      self.key = Array(key.utf8)
      self.value = value
    }
  }

  static func string(_ text: String) -> JSONTree { .text(Array(text.utf8)) }

  /// Reads one value of any kind.
  static func read(_ reader: inout JSONReader) throws -> JSONTree {
    switch try reader.peekKind() {
    case .object:
      var members: [Member] = []
      try reader.beginObject()
      while let key = try reader.nextKey() { members.append(Member(key, try read(&reader))) }
      return .object(members)
    case .array:
      var elements: [JSONTree] = []
      try reader.beginArray()
      while try reader.nextElement() { elements.append(try read(&reader)) }
      return .array(elements)
    case .string: return .string(try reader.readString())
    case .number: return .number(try reader.readDouble())
    case .boolean: return .boolean(try reader.readBoolean())
    case .null:
      #expect(try reader.readNull())
      return .null
    }
  }

  /// Writes the value.
  func write(_ writer: inout JSONWriter) throws {
    switch self {
    case .object(let members):
      try writer.object { writer in
        for member in members {
          writer.key(String(decoding: member.key, as: UTF8.self))
          try member.value.write(&writer)
        }
      }
    case .array(let elements):
      try writer.array { writer in
        for element in elements { try element.write(&writer) }
      }
    case .text(let bytes): try writer.value(String(decoding: bytes, as: UTF8.self))
    case .number(let number): try writer.value(number)
    case .boolean(let flag): try writer.value(flag)
    case .null: try writer.null()
    }
  }
}
