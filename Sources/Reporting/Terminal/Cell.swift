/// What stands in one place of a table or a line, before it is known how much room there is.
struct Cell {
  /// What is shown.
  enum Content {
    /// Our own words.
    case text(String)
    /// A string from a file: escaped and cut to the room when it is shown.
    case foreign(String)
    /// A bar that fills the room by this share.
    case bar(part: UInt64, whole: UInt64)
  }

  var content: Content
  var tone: Tone

  /// Our own words in a tone.
  init(_ text: String, _ tone: Tone = .plain) {
    content = .text(text)
    self.tone = tone
  }

  /// A string from a file.
  init(foreign text: String, _ tone: Tone = .plain) {
    content = .foreign(text)
    self.tone = tone
  }

  /// A bar.
  init(bar part: UInt64, of whole: UInt64, _ tone: Tone = .plain) {
    content = .bar(part: part, whole: whole)
    self.tone = tone
  }

  /// The cells that it takes if there is room; a bar takes what its column has.
  func cells(_ style: TerminalStyle, atMost limit: Int) -> Int {
    switch content {
    case .text(let text): min(DisplayWidth.cells(of: text), limit)
    case .foreign(let text): min(DisplayWidth.cells(of: shown(text, limit, style)), limit)
    case .bar: 0
    }
  }

  /// The text within `room` cells, with its width.
  func fitted(_ room: Int, _ style: TerminalStyle) -> (text: String, cells: Int) {
    let text =
      switch content {
      // Our words hold no escape, so that cutting them as if they came from a file changes nothing else.
      case .text(let text): DisplayWidth.cells(of: text) <= room ? text : SafeText.cut(text, cells: room)
      case .foreign(let text): shown(text, room, style)
      case .bar(let part, let whole): Bar.text(part, of: whole, cells: room, style: style)
      }
    return (text, DisplayWidth.cells(of: text))
  }

  private func shown(_ text: String, _ room: Int, _ style: TerminalStyle) -> String {
    text.isEmpty ? SafeText.emptyName : style.escape(text, cells: room)
  }
}

extension SafeText {
  /// Our own words, which need no escaping, cut at their end.
  static func cut(_ text: String, cells: Int) -> String {
    guard cells > 0 else { return "" }
    var result = ""
    var width = 0
    for scalar in text.unicodeScalars {
      let next = DisplayWidth.cells(of: scalar)
      if width + next > cells { break }
      width += next
      result.unicodeScalars.append(scalar)
    }
    return result
  }
}
