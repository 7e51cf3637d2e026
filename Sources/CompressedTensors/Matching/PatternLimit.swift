/// What bounds the work and the memory that a pattern from a file can cause.
public enum PatternLimit: Sendable, Hashable, CaseIterable {
  /// Unicode scalars in a pattern.
  case patternLength
  /// Instructions of a compiled pattern, after counted repeats are written out.
  case programLength
  /// Groups and assertions within one another.
  case nesting
  /// Unicode scalars in a text.
  case textLength
  /// Instructions times places in the text, for one answer.
  case steps

  /// The largest number that is allowed.
  public var maximum: Int {
    switch self {
    case .patternLength: 4096
    case .programLength: 20_000
    case .nesting: 50
    case .textLength: 65_536
    case .steps: 1 << 24
    }
  }

  /// The limit in words.
  var words: String {
    switch self {
    case .patternLength: "the pattern is longer than \(maximum) characters"
    case .programLength: "the repeats make the pattern longer than \(maximum) steps"
    case .nesting: "groups are nested more than \(maximum) deep"
    case .textLength: "the name to match is longer than \(maximum) characters"
    case .steps: "pattern and name together need more than \(maximum) steps"
    }
  }
}
