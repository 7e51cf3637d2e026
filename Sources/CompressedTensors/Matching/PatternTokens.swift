/// The characters of a pattern, a backslash and what follows it taken as one, as Python's `re` reads them.
struct PatternTokens {
  /// A character, or an escaped one.
  enum Token: Hashable {
    /// A character that stands for itself or is special.
    case plain(Unicode.Scalar)
    /// A backslash and a character.
    case escape(Unicode.Scalar)

    /// How many scalars of the pattern it takes.
    var width: Int {
      switch self {
      case .plain: 1
      case .escape: 2
      }
    }

    /// As it stands in the pattern.
    var text: String {
      switch self {
      case .plain(let scalar): String(scalar)
      case .escape(let scalar): "\\\(scalar)"
      }
    }
  }

  private let pattern: String
  private let scalars: [Unicode.Scalar]
  /// The token at ``position``; nil at the end.
  private(set) var next: Token?
  /// Where ``next`` starts.
  private(set) var position = 0

  /// The tokens of `pattern`.
  init(_ pattern: String) throws(PatternFault) {
    self.pattern = pattern
    let limit = PatternLimit.patternLength
    scalars = Array(pattern.unicodeScalars.prefix(limit.maximum + 1))
    guard scalars.count <= limit.maximum else {
      throw PatternFault(pattern: pattern, .exceeds(limit), offset: limit.maximum)
    }
    try seek(to: 0)
  }

  /// A fault of this pattern; where ``next`` stands unless `offset` says otherwise.
  func fault(_ rule: PatternFault.Rule, at offset: Int? = nil) -> PatternFault {
    PatternFault(pattern: pattern, rule, offset: offset ?? position)
  }

  /// Goes to a position where a token starts.
  mutating func seek(to position: Int) throws(PatternFault) {
    self.position = position
    next = nil
    guard position < scalars.count else { return }
    guard scalars[position] == "\\" else {
      next = .plain(scalars[position])
      return
    }
    guard position + 1 < scalars.count else { throw fault(.escapeAtEnd) }
    next = .escape(scalars[position + 1])
  }

  /// The next token, which is taken; nil at the end.
  mutating func take() throws(PatternFault) -> Token? {
    guard let token = next else { return nil }
    try seek(to: position + token.width)
    return token
  }

  /// Takes the next token if it is this character.
  mutating func take(_ scalar: Unicode.Scalar) throws(PatternFault) -> Bool {
    guard next == .plain(scalar) else { return false }
    try seek(to: position + 1)
    return true
  }

  /// Takes up to `count` digits of a base.
  mutating func takeDigits(_ count: Int = .max, base: UInt32) throws(PatternFault) -> String {
    var digits = ""
    while digits.utf8.count < count, case .plain(let scalar)? = next, scalar.digit(base: base) != nil {
      digits.unicodeScalars.append(scalar)
      try seek(to: position + 1)
    }
    return digits
  }
}

extension Unicode.Scalar {
  /// The value of an ASCII digit of a base up to 16.
  func digit(base: UInt32) -> UInt32? {
    let digit: UInt32
    switch self {
    case "0"..."9": digit = value - 0x30
    case "a"..."f": digit = value - 0x61 + 10
    case "A"..."F": digit = value - 0x41 + 10
    default: return nil
    }
    return digit < base ? digit : nil
  }
}
