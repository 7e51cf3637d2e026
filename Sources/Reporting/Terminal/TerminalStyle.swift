/// What a terminal, or whatever takes its place, can show.
public struct TerminalStyle: Sendable, Hashable {
  /// The least width that reports are made for.
  public static let narrowest = 40

  /// The columns of a line, at least ``narrowest``.
  public let width: Int
  /// Whether colour may be used; it only ever says what words say too.
  public let useColor: Bool
  /// Whether characters beyond ASCII may be used.
  public let useUnicode: Bool

  /// A terminal of so many columns.
  public init(width: Int = 80, useColor: Bool = false, useUnicode: Bool = true) {
    self.width = max(width, Self.narrowest)
    self.useColor = useColor
    self.useUnicode = useUnicode
  }
}

/// What a piece of text is to the reader, which decides its colour.
enum Tone: Sendable, Hashable {
  /// Text.
  case plain
  /// What the line is about: bold.
  case strong
  /// Secondary.
  case dim
  /// Wants a look: yellow.
  case look
  /// Failed: red.
  case failure

  /// What selects the colour in a terminal (ECMA-48, SGR).
  fileprivate var code: String? {
    switch self {
    case .plain: nil
    case .strong: "1"
    case .dim: "2"
    case .look: "33"
    case .failure: "31"
    }
  }
}

extension TerminalStyle {
  /// The text in the colour of its tone.
  func paint(_ text: String, _ tone: Tone) -> String {
    guard useColor, let code = tone.code, !text.isEmpty else { return text }
    return "\u{1B}[\(code)m\(text)\u{1B}[0m"
  }

  /// A string from a file, cut to so many columns; names tell more by their ends.
  func escape(_ text: String, cells: Int) -> String {
    SafeText.escape(text, cells: cells, asciiOnly: !useUnicode, endShare: 64)
  }

  /// A string from a file, whole.
  func escape(_ text: String) -> String { SafeText.escape(text, asciiOnly: !useUnicode) }

  /// Our own signs in ASCII, one for one, so that no width changes; strings from files hold none by then.
  static func ascii(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "×": result += "x"
      case "·": result += "|"
      case "→": result += ">"
      case "…": result += "~"
      case "–", "─": result += "-"
      case "±": result += "+"
      default: result.unicodeScalars.append(scalar.isASCII ? scalar : "?")
      }
    }
    return result
  }
}
