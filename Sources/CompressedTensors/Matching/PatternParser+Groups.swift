extension PatternParser {
  /// The group that a parenthesis at `start` opens within another; nil if it is a comment, or flags for the
  /// whole pattern.
  mutating func opening(
    _ outer: inout OpenGroup,
    isWhole: Bool,
    from start: Int
  ) throws(PatternFault) -> OpenGroup? {
    var kind = OpenGroup.Kind.plain
    var flags = outer.flags
    if try tokens.take("?") {
      guard let token = try tokens.take() else { throw tokens.fault(.unexpectedEnd) }
      switch token {
      case .plain("P"): try name(from: start)
      case .plain(":"): break
      case .plain("#"):
        try comment(from: start)
        return nil
      case .plain("="): kind = .look(isBehind: false, negated: false)
      case .plain("!"): kind = .look(isBehind: false, negated: true)
      case .plain("<"): kind = .look(isBehind: true, negated: try isNegatedLookbehind(from: start))
      case .plain("("): throw tokens.fault(.unsupported(.conditional), at: start)
      case .plain(">"): throw tokens.fault(.unsupported(.atomicGroup), at: start)
      case .plain(let letter) where letter == "-" || isFlag(letter):
        let change = try flagChange(letter)
        guard let off = change.off else {
          guard isWhole, outer.isEmpty else { throw tokens.fault(.flags(.late), at: start) }
          outer.flags.formUnion(change.on)
          if outer.flags.isSuperset(of: .types) { throw tokens.fault(.flags(.incompatible), at: start) }
          return nil
        }
        flags = flags.changed(on: change.on, off: off)
      default: throw tokens.fault(.unknownExtension("?\(token.text)"), at: start + 1)
      }
    } else {
      groupCount += 1
    }
    return OpenGroup(kind, flags: flags, start: start, firstLook: looks.count)
  }

  private mutating func isNegatedLookbehind(from start: Int) throws(PatternFault) -> Bool {
    guard let sign = try tokens.take() else { throw tokens.fault(.unexpectedEnd) }
    guard sign == .plain("=") || sign == .plain("!") else {
      throw tokens.fault(.unknownExtension("?<\(sign.text)"), at: start + 1)
    }
    return sign == .plain("!")
  }

  private mutating func comment(from start: Int) throws(PatternFault) {
    while let token = try tokens.take() {
      if token == .plain(")") { return }
    }
    throw tokens.fault(.unterminatedComment, at: start)
  }

  /// What follows `(?P`: a name in angle brackets.
  private mutating func name(from start: Int) throws(PatternFault) {
    if try tokens.take("=") { throw tokens.fault(.unsupported(.backreference), at: start) }
    guard try tokens.take("<") else {
      guard let token = try tokens.take() else { throw tokens.fault(.unexpectedEnd) }
      throw tokens.fault(.unknownExtension("?P\(token.text)"), at: start + 1)
    }
    let begin = tokens.position
    var text = String.UnicodeScalarView()
    while true {
      guard let token = try tokens.take() else {
        throw tokens.fault(text.isEmpty ? .missingGroupName : .unterminatedGroupName, at: begin)
      }
      if token == .plain(">") { break }
      text.append(contentsOf: token.text.unicodeScalars)
    }
    guard let first = text.first else { throw tokens.fault(.missingGroupName, at: begin) }
    guard first == "_" || first.properties.isXIDStart, text.allSatisfy(\.properties.isXIDContinue) else {
      throw tokens.fault(.badGroupName(String(text)), at: begin)
    }
    let key = text.map(\.value)
    if let other = groupNames[key] {
      throw tokens.fault(.repeatedGroupName(String(text), number: groupCount, first: other), at: begin)
    }
    groupNames[key] = groupCount
    groupCount += 1
  }

  /// Whether a letter is one of Python's flags, usable or not.
  private func isFlag(_ letter: Unicode.Scalar) -> Bool {
    PatternFlags.named(letter) != nil || letter == "L" || letter == "t"
  }

  /// The flags from `letter` on: those turned on, and those turned off; `off` is nil if they are for the whole
  /// pattern.
  private mutating func flagChange(
    _ letter: Unicode.Scalar
  ) throws(PatternFault) -> (on: PatternFlags, off: PatternFlags?) {
    var (on, off): (PatternFlags, PatternFlags) = ([], [])
    var next = PatternTokens.Token.plain(letter)
    while next != .plain("-") {
      let flag = try flag(next)
      on.formUnion(flag)
      if on.isSuperset(of: .types) { throw tokens.fault(.flags(.incompatible)) }
      next = try flagToken(.unterminated)
      if next == .plain(")") { return (on, nil) }
      if next == .plain(":") { return (on, []) }
    }
    next = try flagToken(.missing)
    while next != .plain(":") || off.isEmpty {
      let flag = try flag(next)
      if !flag.isDisjoint(with: .types) { throw tokens.fault(.flags(.cannotTurnOff)) }
      off.formUnion(flag)
      next = try flagToken(.missingColon)
    }
    if !on.isDisjoint(with: off) { throw tokens.fault(.flags(.onAndOff), at: tokens.position - 1) }
    return (on, off)
  }

  private func flag(_ token: PatternTokens.Token) throws(PatternFault) -> PatternFlags {
    guard case .plain(let letter) = token else { return [] }
    if letter == "L" { throw tokens.fault(.flags(.locale)) }
    guard let flag = PatternFlags.named(letter) else { throw tokens.fault(.unsupported(.templateFlag)) }
    return flag
  }

  /// The next token where a flag may stand, or what ends the flags; `end` is the rule that the end breaks.
  private mutating func flagToken(_ end: PatternFault.FlagRule) throws(PatternFault) -> PatternTokens.Token {
    let start = tokens.position
    guard let token = try tokens.take() else { throw tokens.fault(.flags(end)) }
    if case .plain(let letter) = token {
      if isFlag(letter) { return token }
      if letter == ":", end != .missing { return token }
      if letter == ")" || letter == "-", end == .unterminated { return token }
      if letter.properties.isAlphabetic { throw tokens.fault(.flags(.unknown), at: start) }
    }
    throw tokens.fault(.flags(end), at: start)
  }
}
