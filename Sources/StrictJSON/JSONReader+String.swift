extension JSONReader {
  /// Reads a string.
  public mutating func readString() throws -> String {
    let start = try beginString()
    if let stop = plainStringEnd() {
      let text = try Self.text(of: window.span.extracting(position..<stop), startingAt: start)
      position = stop + 1
      return text
    }
    try collectString(from: start, keeping: true)
    return try Self.text(of: scratch.span, startingAt: start)
  }

  /// The text of bytes that must be UTF-8. By way of a span: `String(validating:as:)` takes four times as long.
  private static func text(of bytes: Span<UInt8>, startingAt start: UInt64) throws -> String {
    do {
      return String(copying: try UTF8Span(validating: bytes))
    } catch {
      throw JSONError(.notUTF8, at: start)
    }
  }

  /// Reads a string and gives its UTF-8 to `body`, without making a `String` of it.
  public mutating func readText<Result>(_ body: (ArraySlice<UInt8>) throws -> Result) throws -> Result {
    let start = try beginString()
    if let stop = plainStringEnd() {
      guard isUTF8(window[position..<stop]) else { throw JSONError(.notUTF8, at: start) }
      defer { position = stop + 1 }
      return try body(window[position..<stop])
    }
    try collectString(from: start, keeping: true)
    guard isUTF8(scratch[...]) else { throw JSONError(.notUTF8, at: start) }
    return try body(scratch[...])
  }

  /// Reads and drops a string, whatever its length, in the memory of one window.
  mutating func skipString() throws {
    try collectString(from: beginString(), keeping: false)
  }

  /// Reads the opening quote and returns where it is.
  private mutating func beginString() throws -> UInt64 {
    let kind = try peekKind()
    guard kind == .string else { throw failure(.wrongKind(found: kind, expected: "a string")) }
    let start = offset
    position += 1
    return start
  }

  /// Where the closing quote is, if the string lies in the window in one piece without an escape.
  private borrowing func plainStringEnd() -> Int? {
    // A span of just these bytes: its bounds are the loop's, so none is checked twice.
    let bytes = window.span.extracting(position..<end)
    for index in bytes.indices {
      let byte = bytes[index]
      if byte > UInt8(ascii: "\\") { continue }
      if byte == UInt8(ascii: "\"") { return position &+ index }
      if byte < 0x20 || byte == UInt8(ascii: "\\") { return nil }
    }
    return nil
  }

  private func isUTF8(_ bytes: ArraySlice<UInt8>) -> Bool {
    if bytes.allSatisfy({ $0 < 0x80 }) { return true }
    return String(validating: bytes, as: UTF8.self) != nil
  }

  /// Reads up to and including the closing quote; `scratch` then holds the decoded bytes, or with `keeping`
  /// off the few that were not validated yet.
  private mutating func collectString(from start: UInt64, keeping: Bool) throws {
    scratch.removeAll(keepingCapacity: true)
    while true {
      guard let byte = try peekByte() else { throw failure(.unexpectedEnd) }
      switch byte {
      case UInt8(ascii: "\""):
        if !keeping && !isUTF8(scratch[...]) { throw JSONError(.notUTF8, at: start) }
        position += 1
        return
      case UInt8(ascii: "\\"):
        try collectEscape()
      case 0..<0x20:
        throw failure(.controlCharacter(byte))
      default:
        let stop = ordinaryEnd()
        scratch.append(contentsOf: window[position..<stop])
        position = stop
      }
      if !keeping && scratch.count >= 4096 { try dropValidated(from: start) }
    }
  }

  /// Checks the collected bytes and forgets them, all but a last character that may be incomplete.
  private mutating func dropValidated(from start: UInt64) throws {
    var boundary = scratch.count
    while boundary > 0 && scratch.count - boundary < 3 && scratch[boundary - 1] & 0xC0 == 0x80 {
      boundary -= 1
    }
    if boundary > 0 && scratch[boundary - 1] >= 0xC0 { boundary -= 1 }
    guard isUTF8(scratch[..<boundary]) else { throw JSONError(.notUTF8, at: start) }
    scratch.removeFirst(boundary)
  }

  /// Where the run of bytes that stand for themselves ends.
  private borrowing func ordinaryEnd() -> Int {
    let bytes = window.span
    var index = position
    let end = end
    while index < end {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\"") || byte < 0x20 || byte == UInt8(ascii: "\\") { break }
      index &+= 1
    }
    return index
  }

  private mutating func nextByte() throws -> UInt8 {
    guard let byte = try peekByte() else { throw failure(.unexpectedEnd) }
    position += 1
    return byte
  }

  private mutating func collectEscape() throws {
    let start = offset
    position += 1
    switch try nextByte() {
    case UInt8(ascii: "\""): scratch.append(UInt8(ascii: "\""))
    case UInt8(ascii: "\\"): scratch.append(UInt8(ascii: "\\"))
    case UInt8(ascii: "/"): scratch.append(UInt8(ascii: "/"))
    case UInt8(ascii: "b"): scratch.append(0x08)
    case UInt8(ascii: "f"): scratch.append(0x0C)
    case UInt8(ascii: "n"): scratch.append(0x0A)
    case UInt8(ascii: "r"): scratch.append(0x0D)
    case UInt8(ascii: "t"): scratch.append(0x09)
    case UInt8(ascii: "u"):
      let scalar = try readEscapedScalar(from: start)
      scratch.append(contentsOf: Character(scalar).utf8)
    default: throw JSONError(.badEscape, at: start)
    }
  }

  /// Reads the digits of `\u`, and of the second half where the first needs one.
  private mutating func readEscapedScalar(from start: UInt64) throws -> UnicodeScalar {
    var code = UInt32(try readFourDigits(from: start))
    if code >= 0xD800 && code < 0xDC00 {
      guard try nextByte() == UInt8(ascii: "\\"), try nextByte() == UInt8(ascii: "u") else {
        throw JSONError(.loneSurrogate, at: start)
      }
      let low = UInt32(try readFourDigits(from: start))
      guard low >= 0xDC00 && low < 0xE000 else { throw JSONError(.loneSurrogate, at: start) }
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
    }
    guard let scalar = UnicodeScalar(code) else { throw JSONError(.loneSurrogate, at: start) }
    return scalar
  }

  private mutating func readFourDigits(from start: UInt64) throws -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<4 {
      let byte = try nextByte()
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default: throw JSONError(.badEscape, at: start)
      }
      value = value << 4 | UInt16(digit)
    }
    return value
  }
}
