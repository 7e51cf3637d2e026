extension PatternParser {
  /// What a backslash and a character stand for outside a set.
  mutating func escape(
    _ scalar: Unicode.Scalar,
    _ flags: PatternFlags,
    from start: Int
  ) throws(PatternFault) -> PatternNode {
    let asciiOnly = flags.contains(.ascii)
    switch scalar {
    case "A": return .place(.start)
    case "Z": return .place(.end)
    case "b": return .place(.wordBoundary(negated: false, asciiOnly: asciiOnly))
    case "B": return .place(.wordBoundary(negated: true, asciiOnly: asciiOnly))
    case "0":
      let digits = try tokens.takeDigits(2, base: 8)
      return literal(UInt32(digits, radix: 8) ?? 0, flags)
    case "1"..."9": return literal(try octal(scalar, from: start), flags)
    default: break
    }
    if let category = category(scalar, flags) { return unit(ScalarSet([], [category])) }
    return literal(try character(scalar, from: start), flags)
  }

  /// What a backslash and a character stand for within a set: a scalar, or a class.
  mutating func setEscape(
    _ scalar: Unicode.Scalar,
    _ flags: PatternFlags,
    from start: Int
  ) throws(PatternFault) -> (scalar: UInt32?, category: ScalarCategory?) {
    if let category = category(scalar, flags) { return (nil, category) }
    if scalar == "b" { return (0x08, nil) }
    guard scalar.digit(base: 8) != nil else { return (try character(scalar, from: start), nil) }
    let digits = try String(scalar) + tokens.takeDigits(2, base: 8)
    return (try octalValue(digits, from: start), nil)
  }

  private func category(_ scalar: Unicode.Scalar, _ flags: PatternFlags) -> ScalarCategory? {
    let kind: ScalarCategory.Kind
    switch scalar {
    case "d", "D": kind = .digit
    case "s", "S": kind = .space
    case "w", "W": kind = .word
    default: return nil
    }
    return ScalarCategory(kind: kind, asciiOnly: flags.contains(.ascii), negated: scalar.value < 0x60)
  }

  /// The escapes that mean the same everywhere.
  private mutating func character(_ scalar: Unicode.Scalar, from start: Int) throws(PatternFault) -> UInt32 {
    switch scalar {
    case "a": return 0x07
    case "t": return 0x09
    case "n": return 0x0A
    case "v": return 0x0B
    case "f": return 0x0C
    case "r": return 0x0D
    case "x": return try hexadecimal(scalar, count: 2, from: start)
    case "u": return try hexadecimal(scalar, count: 4, from: start)
    case "U": return try hexadecimal(scalar, count: 8, from: start)
    case "N": throw tokens.fault(.unsupported(.characterName), at: start)
    case "a"..."z", "A"..."Z", "0"..."9": throw tokens.fault(.badEscape("\\\(scalar)"), at: start)
    default: return scalar.value
    }
  }

  private mutating func hexadecimal(
    _ scalar: Unicode.Scalar,
    count: Int,
    from start: Int
  ) throws(PatternFault) -> UInt32 {
    let digits = try tokens.takeDigits(count, base: 16)
    let text = "\\\(scalar)\(digits)"
    guard digits.utf8.count == count else { throw tokens.fault(.incompleteEscape(text), at: start) }
    // Python's strings hold surrogates, so they may be written; no text of ours has one.
    guard let value = UInt32(digits, radix: 16), value <= 0x10FFFF else {
      throw tokens.fault(.badEscape(text), at: start)
    }
    return value
  }

  /// Three octal digits; any other number behind a backslash is a reference to a group.
  private mutating func octal(_ first: Unicode.Scalar, from start: Int) throws(PatternFault) -> UInt32 {
    var digits = String(first)
    digits += try tokens.takeDigits(1, base: 10)
    if digits.utf8.count == 2, UInt32(digits, radix: 8) != nil {
      digits += try tokens.takeDigits(1, base: 8)
      if digits.utf8.count == 3 { return try octalValue(digits, from: start) }
    }
    guard let number = Int(digits), number < groupCount else {
      throw tokens.fault(.invalidGroupReference(Int(digits) ?? 0), at: start + 1)
    }
    throw tokens.fault(.unsupported(.backreference), at: start)
  }

  private func octalValue(_ digits: String, from start: Int) throws(PatternFault) -> UInt32 {
    guard let value = UInt32(digits, radix: 8), value <= 0o377 else {
      throw tokens.fault(.octalTooLarge("\\\(digits)"), at: start)
    }
    return value
  }
}
