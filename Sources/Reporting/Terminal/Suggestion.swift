/// A command that could be run next.
struct Suggestion {
  /// A part of the command line.
  enum Word: ExpressibleByStringLiteral {
    /// Our own word.
    case word(String)
    /// A path as the user gave it.
    case path(String)

    init(stringLiteral value: String) { self = .word(value) }
  }

  private let words: [Word]

  /// `lacuna` with these words.
  init(_ words: [Word]) { self.words = words }

  /// The line within `room` cells, or nil. Paths that could not be pasted, or that are too long, are replaced
  /// by `PATH`, unless the text has to be `exact`.
  func text(_ style: TerminalStyle, room: Int, exact: Bool = false) -> String? {
    let given = line { ShellWord.quoting($0, asciiOnly: !style.useUnicode) ?? "PATH" }
    if DisplayWidth.cells(of: given) <= room { return given }
    if exact { return nil }
    let placeholder = line { _ in "PATH" }
    return placeholder.utf8.count <= room ? placeholder : nil
  }

  /// The line, however long; with `PATH` for paths that could not be pasted.
  func text() -> String { line { ShellWord.quoting($0) ?? "PATH" } }

  private func line(_ quote: (String) -> String) -> String {
    var line = "lacuna"
    for word in words {
      switch word {
      case .word(let text): line += " " + text
      case .path(let path): line += " " + quote(path)
      }
    }
    return line
  }
}
