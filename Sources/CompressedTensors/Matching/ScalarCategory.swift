/// The classes that have an escape of their own, over Unicode or over ASCII.
struct ScalarCategory: Hashable, Sendable {
  /// The classes.
  enum Kind: Hashable, Sendable {
    /// `\d`.
    case digit
    /// `\s`.
    case space
    /// `\w`.
    case word
  }

  /// The class.
  var kind: Kind
  /// Whether only ASCII counts.
  var asciiOnly: Bool
  /// Whether it is everything else: `\D`, `\S`, `\W`.
  var negated: Bool

  /// Whether a scalar is in it.
  func contains(_ value: UInt32) -> Bool {
    let within =
      switch kind {
      case .digit: isDigit(value)
      case .space: isSpace(value)
      case .word: isWord(value)
      }
    return within != negated
  }

  private func isDigit(_ value: UInt32) -> Bool {
    if value < 0x80 { return (0x30...0x39).contains(value) }
    guard !asciiOnly, let scalar = Unicode.Scalar(value) else { return false }
    return scalar.properties.numericType == .decimal
  }

  /// Python's `str.isspace` counts the four separators from 0x1C on; its ASCII class does not.
  private func isSpace(_ value: UInt32) -> Bool {
    switch value {
    case 0x09...0x0D, 0x20: true
    case 0x1C...0x1F, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: !asciiOnly
    default: false
    }
  }

  /// Python's `str.isalnum` and the underscore.
  private func isWord(_ value: UInt32) -> Bool {
    if value < 0x80 {
      switch value {
      case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: return true
      default: return false
      }
    }
    guard !asciiOnly, let properties = Unicode.Scalar(value)?.properties else { return false }
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
    default: return properties.numericType != nil
    }
  }
}
