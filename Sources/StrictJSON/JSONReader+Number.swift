extension JSONReader {
  /// Reads an unsigned 64-bit integer in plain decimal digits: no sign, no leading zero, no fraction, no
  /// exponent, as serde reads a `usize`.
  public mutating func readUInt64() throws -> UInt64 {
    let kind = try peekKind()
    guard kind == .number else { throw failure(.wrongKind(found: kind, expected: "an unsigned integer")) }
    let start = offset
    var value: UInt64 = 0
    var digits = 0
    while let byte = try peekByte() {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
        let (sum, carry) = tens.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
        if overflow || carry || (digits > 0 && value == 0) { throw JSONError(.notUnsignedInteger, at: start) }
        value = sum
        digits += 1
        position += 1
        continue
      case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
        throw JSONError(.notUnsignedInteger, at: start)
      default: break
      }
      break
    }
    return value
  }

  /// Reads a number, and returns it if it is a whole one that 64 bits hold, however it is written.
  public mutating func readWholeNumber() throws -> UInt64? {
    let value = try readDouble()
    // Beyond 2^53 a double is no exact reading of plain digits; those are read as what they are.
    return UInt64(numberText) ?? UInt64(exactly: value)
  }

  /// Reads and drops a number.
  mutating func skipNumber() throws { _ = try readDouble() }

  /// The digits of the number that was read last.
  var numberText: String { String(decoding: scratch, as: UTF8.self) }

  /// Reads a number as it is spelled.
  public mutating func readNumberText() throws -> String {
    _ = try readDouble()
    return numberText
  }

  /// Reads `NaN` or `Infinity`, where they pass.
  private mutating func readNonFinite() throws -> Double? {
    guard takesNonFinite, let byte = try peekByte() else { return nil }
    switch byte {
    case UInt8(ascii: "N"):
      try readWord("NaN")
      scratch.append(contentsOf: "NaN".utf8)
      return .nan
    case UInt8(ascii: "I"):
      try readWord("Infinity")
      let isNegative = !scratch.isEmpty
      scratch.append(contentsOf: "Infinity".utf8)
      return isNegative ? -.infinity : .infinity
    default: return nil
    }
  }

  /// Reads a number; one beyond double precision is refused, as serde_json does.
  public mutating func readDouble() throws -> Double {
    _ = try peekSignificant()
    scratch.removeAll(keepingCapacity: true)
    let start = offset
    func fail() -> JSONError { JSONError(.badNumber, at: start) }

    if try peekByte() == UInt8(ascii: "-") { try take() }
    if let odd = try readNonFinite() { return odd }
    if try peekByte() == UInt8(ascii: "0") {
      try take()
      if let byte = try peekByte(), byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { throw fail() }
    } else if try takeDigits() == 0 {
      throw fail()
    }
    if try peekByte() == UInt8(ascii: ".") {
      try take()
      if try takeDigits() == 0 { throw fail() }
    }
    if let byte = try peekByte(), byte | 0x20 == UInt8(ascii: "e") {
      try take()
      if let sign = try peekByte(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
        try take()
      }
      if try takeDigits() == 0 { throw fail() }
    }
    guard let value = Double(numberText), value.isFinite || takesNonFinite else {
      throw JSONError(.numberOutOfRange, at: start)
    }
    return value
  }

  private mutating func take() throws {
    scratch.append(window[position])
    position += 1
    // A number of a million digits is grammar, not sense.
    if scratch.count > 4096 { throw failure(.numberOutOfRange) }
  }

  private mutating func takeDigits() throws -> Int {
    var count = 0
    while let byte = try peekByte(), byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
      try take()
      count += 1
    }
    return count
  }
}
