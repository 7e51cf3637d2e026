internal import ModelIR

extension HeaderParser {
  mutating func readPairs(_ count: UInt64) throws {
    // Names compare by bytes, which strings do not.
    var seen = Set<TensorName>()
    for _ in 0..<count {
      let start = cursor.position
      let key = try readKey()
      currentKey = key
      guard seen.insert(TensorName(key)).inserted else { throw fault(.duplicateKey, at: start) }
      let type = try readType()
      let content = try readContent(of: type)
      header.entries.append(
        GGUFHeader.Entry(key: key, type: type, content: content, range: start..<cursor.position)
      )
      currentKey = nil
    }
  }

  private mutating func readKey() throws -> String {
    let start = cursor.position
    let length = try readLength("a key")
    if length == 0 { try allow(.emptyKey, or: .emptyKey, at: start) }
    guard length <= UInt64(GGUFHeader.longestKey) else {
      throw fault(.keyTooLong(length, limit: GGUFHeader.longestKey), at: start)
    }
    guard let key = try readText(length) else { throw fault(.keyNotUTF8, at: start) }
    if length > 65_535 { note(.longKey, at: start) }
    return key
  }

  private mutating func readType() throws -> GGUFValueType {
    let start = cursor.position
    let number = UInt32(truncatingIfNeeded: try readWord(4, "the type of a value"))
    guard let type = GGUFValueType(rawValue: number) else {
      throw fault(.unknownValueType(number), at: start)
    }
    return type
  }

  private mutating func readContent(of type: GGUFValueType) throws -> GGUFHeader.Entry.Content {
    let start = cursor.position
    switch type {
    case .array: return try readArray()
    case .string:
      let length = try readLength("a string")
      let bytes = cursor.position..<(cursor.position + length)
      guard length <= UInt64(GGUFHeader.longestHeldText) else {
        try skip(length)
        return .text(bytes)
      }
      guard let text = try readText(length) else {
        note(.textNotUTF8, at: start)
        return .text(bytes)
      }
      return .value(.string(text))
    default:
      let word = try readWord(type.byteWidth ?? 8, "a value")
      if type == .bool && word > 1 { note(.oddBool, at: start) }
      guard let value = type.value(ofWord: word) else { preconditionFailure("a scalar has a value") }
      return .value(value)
    }
  }

  private mutating func skip(_ count: UInt64) throws {
    let start = cursor.position
    guard cursor.skip(count) else { throw fault(.cutShort(within: "a value"), at: start) }
  }

  /// Passes over an array. Only the lengths of strings and of arrays within are read.
  private mutating func readArray() throws -> GGUFHeader.Entry.Content {
    let (type, count) = try readArrayHead()
    let start = cursor.position
    /// How many arrays are still to come on each level.
    var open: [UInt64] = []
    var current = (type: type, count: count)
    while true {
      if current.type == .array {
        try allow(.nestedArray, or: .nestedArray, at: start)
        // The element type of the arrays within follows, so the outermost one counts too.
        guard open.count + 1 < GGUFHeader.deepestNesting else {
          throw fault(.nestedTooDeep(limit: GGUFHeader.deepestNesting), at: cursor.position)
        }
        open.append(current.count)
      } else {
        try skipElements(current.count, of: current.type)
      }
      while let left = open.last, left == 0 { open.removeLast() }
      if open.isEmpty { break }
      open[open.count - 1] -= 1
      current = try readArrayHead()
    }
    return .array(of: type, count: count, payload: start..<cursor.position)
  }

  /// The element type and the count of an array, which the file has room for.
  private mutating func readArrayHead() throws -> (type: GGUFValueType, count: UInt64) {
    let start = cursor.position
    let type = try readType()
    let count = try readWord(lengthWidth, "the length of an array")
    let smallest = type.byteWidth ?? (type == .string ? lengthWidth : lengthWidth + 4)
    guard count <= cursor.left / UInt64(smallest) else {
      throw fault(.arrayBeyondEnd(count, of: type, left: cursor.left), at: start)
    }
    guard count <= GGUFHeader.longestRun else { throw fault(.arrayTooLong(count), at: start) }
    return (type, count)
  }

  private mutating func skipElements(_ count: UInt64, of type: GGUFValueType) throws {
    guard type == .string else {
      try skip(count * UInt64(type.byteWidth ?? 1))
      return
    }
    var left = count
    while left > 0 {
      try skip(readLength("a string of an array"))
      left &-= 1
    }
  }
}
