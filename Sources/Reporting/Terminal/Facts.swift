/// Lines of a label and what there is to say about it, labels aligned.
struct Facts {
  private var facts: [(label: String, tone: Tone, pieces: [Cell])] = []

  var isEmpty: Bool { facts.isEmpty }

  /// Adds a fact; pieces that do not fit the line go to the next.
  mutating func add(_ label: String, _ pieces: [Cell], tone: Tone = .dim) {
    facts.append((label, tone, pieces))
  }

  /// Writes the facts.
  func write(separator: String = "  ", to writer: inout LineWriter) throws {
    let style = writer.style
    let width = facts.reduce(0) { max($0, DisplayWidth.cells(of: $1.label)) } + 4
    for fact in facts {
      let rest = width - 2 - DisplayWidth.cells(of: fact.label)
      // The label is painted afterwards, so that the flow counts cells and not control sequences.
      let plain = "  " + fact.label + String(repeating: " ", count: rest)
      var lines = Flow.lines(
        fact.pieces,
        separator: separator,
        start: plain,
        indent: min(width, style.width / 2),
        style: style
      )
      let painted = "  " + style.paint(fact.label, fact.tone) + lines[0].dropFirst(2 + fact.label.count)
      lines[0] = painted
      try writer.lines(lines)
    }
  }
}
