/// Text that is broken into lines.
enum Flow {
  /// Pieces one after the other with a separator between them; a line is broken between pieces, within our
  /// own words only where a piece is longer than a line, and a string from a file is cut to a line.
  /// The first line starts with `start`, the others are indented.
  static func lines(
    _ pieces: [Cell],
    separator: String = " · ",
    start: String = "",
    indent: Int = 0,
    style: TerminalStyle
  ) -> [String] {
    var lines: [String] = []
    var line = start
    var width = DisplayWidth.cells(of: start)
    var isFresh = true
    for (piece, separator) in words(pieces, separator, room: style.width - max(indent, width), style) {
      let gap = DisplayWidth.cells(of: separator)
      var fitted = piece.fitted(style.width - (isFresh ? width : indent), style)
      if !isFresh {
        if width + gap + fitted.cells <= style.width {
          line += separator
          width += gap
        } else {
          lines.append(line)
          line = String(repeating: " ", count: indent)
          width = indent
          fitted = piece.fitted(style.width - indent, style)
        }
      }
      line += style.paint(fitted.text, piece.tone)
      width += fitted.cells
      isFresh = false
    }
    lines.append(line)
    return lines
  }

  /// The pieces, the long ones of our own word by word, each with the separator before it.
  private static func words(
    _ pieces: [Cell],
    _ separator: String,
    room: Int,
    _ style: TerminalStyle
  ) -> [(Cell, String)] {
    pieces.flatMap { piece -> [(Cell, String)] in
      guard case .text(let text) = piece.content, DisplayWidth.cells(of: text) > room else {
        return [(piece, separator)]
      }
      return text.split(separator: " ").enumerated().map {
        (Cell(String($1), piece.tone), $0 == 0 ? separator : " ")
      }
    }
  }

  /// Safe text broken at spaces; a word that is longer than a line is broken where the line ends.
  static func paragraph(
    _ text: String,
    start: String = "",
    startTone: Tone = .plain,
    indent: Int,
    tone: Tone = .plain,
    style: TerminalStyle
  ) -> [String] {
    var lines: [String] = []
    var head = style.paint(start, startTone)
    var room = style.width - DisplayWidth.cells(of: start)
    var line = ""
    var width = 0
    /// Ends the line.
    func breakLine() {
      while line.utf8.last == UInt8(ascii: " ") { line.removeLast() }
      lines.append(head + style.paint(line, tone))
      head = String(repeating: " ", count: indent)
      room = style.width - indent
      line = ""
      width = 0
    }
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      let cells = DisplayWidth.cells(of: String(word))
      if width > 0 && width + 1 + cells <= room {
        line += " " + word
        width += 1 + cells
        continue
      }
      if width > 0 { breakLine() }
      if cells <= room {
        line = String(word)
        width = cells
        continue
      }
      for scalar in word.unicodeScalars {
        let next = DisplayWidth.cells(of: scalar)
        if width + next > room { breakLine() }
        line.unicodeScalars.append(scalar)
        width += next
      }
    }
    if width > 0 || lines.isEmpty { breakLine() }
    return lines
  }
}
