/// Collects lines and hands them on in pieces.
struct LineWriter: ~Copyable {
  private static var pieceSize: Int { 32_768 }

  let style: TerminalStyle
  private let sink: (String) throws -> Void
  private var buffer = ""

  /// A writer of lines for `style` that hands them to `sink`.
  init(_ style: TerminalStyle, to sink: @escaping (String) throws -> Void) {
    self.style = style
    self.sink = sink
  }

  /// Writes a line.
  mutating func line(_ text: String = "") throws {
    buffer += style.useUnicode ? text : TerminalStyle.ascii(text)
    buffer += "\n"
    if buffer.utf8.count >= Self.pieceSize { try flush() }
  }

  /// Writes lines.
  mutating func lines(_ texts: [String]) throws {
    for text in texts { try line(text) }
  }

  /// Hands on what is left.
  consuming func finish() throws { try flush() }

  private mutating func flush() throws {
    if buffer.isEmpty { return }
    try sink(buffer)
    buffer.removeAll(keepingCapacity: true)
  }
}
