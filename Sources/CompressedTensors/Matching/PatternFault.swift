public import ModelIR

/// A pattern that Python refuses, that cannot be matched in bounded time, or that exceeds a limit.
public struct PatternFault: Fault, Hashable {
  /// The rules, one case each; the words are those of Python 3.11 where it has the rule.
  public enum Rule: Sendable, Hashable {
    /// A quantifier behind nothing, or behind an anchor.
    case nothingToRepeat
    /// A quantifier behind a quantifier.
    case multipleRepeat
    /// A counted repeat whose lower count exceeds the upper.
    case reversedRepeat
    /// A count of 2^32 - 1 or more.
    case repeatTooLarge
    /// A `[` without its `]`.
    case unterminatedSet
    /// A range whose end comes before its start, or that ends in a class such as `\d`.
    case badRange(String)
    /// A backslash before a letter that means nothing.
    case badEscape(String)
    /// A backslash that ends the pattern.
    case escapeAtEnd
    /// `\x`, `\u` or `\U` with too few digits.
    case incompleteEscape(String)
    /// Three octal digits over 377.
    case octalTooLarge(String)
    /// A `(` without its `)`.
    case unterminatedGroup
    /// A `(?#` without its `)`.
    case unterminatedComment
    /// A `)` without its `(`.
    case unbalancedParenthesis
    /// A pattern that ends where a group's kind should stand.
    case unexpectedEnd
    /// `(?` and characters that mean nothing.
    case unknownExtension(String)
    /// `(?P<>`.
    case missingGroupName
    /// A group's name that does not end.
    case unterminatedGroupName
    /// A group's name that is no identifier.
    case badGroupName(String)
    /// A group's name twice.
    case repeatedGroupName(String, number: Int, first: Int)
    /// A reference to a group that is not there.
    case invalidGroupReference(Int)
    /// Flags within the pattern that break a rule.
    case flags(FlagRule)
    /// A look-behind whose width is not fixed.
    case variableLookbehind
    /// A valid pattern that cannot be matched in bounded time, or that this matcher leaves out.
    case unsupported(Construct)
    /// A limit.
    case exceeds(PatternLimit)
  }

  /// The rules of flags within a pattern, in Python's words.
  public enum FlagRule: String, Sendable, Hashable {
    /// `(?i)` behind something.
    case late = "global flags not at the start of the expression"
    /// A letter that is no flag.
    case unknown = "unknown flag"
    /// Nothing behind the minus.
    case missing = "missing flag"
    /// Flags that do not end.
    case unterminated = "missing -, : or )"
    /// Flags turned off that do not end.
    case missingColon = "missing :"
    /// One flag both ways.
    case onAndOff = "bad inline flags: flag turned on and off"
    /// `(?-a:`.
    case cannotTurnOff = "bad inline flags: cannot turn off flags 'a', 'u' and 'L'"
    /// `(?L)`, which is for bytes.
    case locale = "bad inline flags: cannot use 'L' flag with a str pattern"
    /// `(?au)`.
    case incompatible = "bad inline flags: flags 'a', 'u' and 'L' are incompatible"
  }

  /// What Python 3.11 knows and this matcher refuses.
  public enum Construct: String, Sendable, Hashable, CaseIterable {
    /// `\1` and `(?P=name)`.
    case backreference = "backreferences"
    /// `(?(1)a|b)`.
    case conditional = "conditional groups"
    /// `(?>a)`.
    case atomicGroup = "atomic groups"
    /// `a*+`.
    case possessiveRepeat = "possessive quantifiers"
    /// `\N{EM DASH}`.
    case characterName = "character names"
    /// `(?t)`, which newer versions of Python refuse.
    case templateFlag = "template flags"
  }

  /// The pattern, without the `re:` of a list.
  public let pattern: String
  /// The place in the pattern, in Unicode scalars from its start.
  public let offset: Int
  /// The broken rule.
  public let rule: Rule
  /// The place of the pattern's entry in its list, if it comes from one.
  public let entry: Int?

  /// A violation of `rule`.
  public init(pattern: String, _ rule: Rule, offset: Int, entry: Int? = nil) {
    self.pattern = pattern
    self.offset = offset
    self.rule = rule
    self.entry = entry
  }

  /// The same fault, of an entry of a list.
  func inEntry(_ entry: Int) -> PatternFault {
    PatternFault(pattern: pattern, rule, offset: offset, entry: entry)
  }

  /// What is wrong and where; the file is for the caller to add.
  public var diagnosis: Diagnosis {
    let shown = String(String.UnicodeScalarView(pattern.unicodeScalars.prefix(80)))
    let ellipsis = pattern.unicodeScalars.dropFirst(80).isEmpty ? "" : "..."
    let place = entry.map { "entry \($0): " } ?? ""
    return Diagnosis(
      .badData,
      "\(place)pattern \"\(shown)\(ellipsis)\": \(rule.words) at position \(offset)",
      expected: "a regular expression of Python's re module"
    )
  }
}

extension PatternFault.Rule {
  /// The rule in words.
  public var words: String {
    switch self {
    case .nothingToRepeat: "nothing to repeat"
    case .multipleRepeat: "multiple repeat"
    case .reversedRepeat: "min repeat greater than max repeat"
    case .repeatTooLarge: "the repetition number is too large"
    case .unterminatedSet: "unterminated character set"
    case .badRange(let range): "bad character range \(range)"
    case .badEscape(let escape): "bad escape \(escape)"
    case .escapeAtEnd: "bad escape (end of pattern)"
    case .incompleteEscape(let escape): "incomplete escape \(escape)"
    case .octalTooLarge(let escape): "octal escape value \(escape) outside of range 0-0o377"
    case .unterminatedGroup: "missing ), unterminated subpattern"
    case .unterminatedComment: "missing ), unterminated comment"
    case .unbalancedParenthesis: "unbalanced parenthesis"
    case .unexpectedEnd: "unexpected end of pattern"
    case .unknownExtension(let text): "unknown extension \(text)"
    case .missingGroupName: "missing group name"
    case .unterminatedGroupName: "missing >, unterminated name"
    case .badGroupName(let name): "bad character in group name '\(name)'"
    case .repeatedGroupName(let name, let number, let first):
      "redefinition of group name '\(name)' as group \(number); was group \(first)"
    case .invalidGroupReference(let number): "invalid group reference \(number)"
    case .flags(let rule): rule.rawValue
    case .variableLookbehind: "look-behind requires fixed-width pattern"
    case .unsupported(let construct): "\(construct.rawValue) are not supported"
    case .exceeds(let limit): limit.words
    }
  }
}
