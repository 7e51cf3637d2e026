/// A regular expression of Python 3.11's `re` module for text, matched in bounded time.
///
/// The answer is that of `re.match(pattern, text) is not None`: the match starts where the text starts and ends
/// anywhere. Text is a series of Unicode scalars, as in Python. Backreferences, conditional and atomic groups,
/// possessive quantifiers and `\N{...}` are refused.
package struct PythonPattern: Sendable {
  /// The pattern.
  package let text: String
  private let program: PatternProgram

  /// Compiles a pattern.
  /// - Throws: ``PatternFault`` for what Python refuses, for what cannot be bounded, and beyond a limit.
  package init(_ text: String) throws(PatternFault) {
    self.text = text
    program = try PatternProgram(text)
  }

  /// Whether the start of a text matches.
  /// - Throws: ``PatternFault`` if the text is too long, alone or for this pattern.
  /// - Complexity: O(instructions x scalars) time; O(instructions + scalars) memory, and a byte for each scalar
  ///   and assertion.
  package func matchesPrefix(of text: String) throws(PatternFault) -> Bool {
    try matchesPrefix(of: text.unicodeScalars.prefix(PatternLimit.textLength.maximum + 1).map(\.value))
  }

  /// Whether the start of a text matches; at most one scalar over the limit is needed.
  func matchesPrefix(of scalars: [UInt32]) throws(PatternFault) -> Bool {
    guard scalars.count <= PatternLimit.textLength.maximum else { throw exceeding(.textLength) }
    guard program.instructions.count * (scalars.count + 1) <= PatternLimit.steps.maximum else {
      throw exceeding(.steps)
    }
    var search = PatternSearch(program, scalars)
    return search.matches()
  }

  private func exceeding(_ limit: PatternLimit) -> PatternFault {
    PatternFault(pattern: text, .exceeds(limit), offset: 0)
  }
}
