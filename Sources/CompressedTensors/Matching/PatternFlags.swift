/// The flags that hold at a place of a pattern.
struct PatternFlags: OptionSet, Hashable {
  let rawValue: UInt8

  /// `i`: letters match in either case.
  static let ignoreCase = PatternFlags(rawValue: 1)
  /// `m`: `^` and `$` match at every line.
  static let multiline = PatternFlags(rawValue: 2)
  /// `s`: `.` matches a newline too.
  static let dotAll = PatternFlags(rawValue: 4)
  /// `x`: white space and comments mean nothing.
  static let verbose = PatternFlags(rawValue: 8)
  /// `a`: classes and cases are those of ASCII.
  static let ascii = PatternFlags(rawValue: 16)
  /// `u`: classes and cases are those of Unicode, which they are anyway.
  static let unicode = PatternFlags(rawValue: 32)

  /// The two that exclude each other.
  static let types: PatternFlags = [.ascii, .unicode]

  /// The flags with these turned on and off, as a group does it.
  func changed(on: PatternFlags, off: PatternFlags) -> PatternFlags {
    let kept = on.isDisjoint(with: .types) ? self : subtracting(.types)
    return kept.union(on).subtracting(off)
  }

  /// The flag of a letter.
  static func named(_ letter: Unicode.Scalar) -> PatternFlags? {
    switch letter {
    case "i": .ignoreCase
    case "m": .multiline
    case "s": .dotAll
    case "x": .verbose
    case "a": .ascii
    case "u": .unicode
    default: nil
    }
  }
}
