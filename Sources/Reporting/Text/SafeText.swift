public import ModelIR

/// The one way by which names and strings from a file come onto a screen or into a line of text.
///
/// What could break a line, hide, reorder or steer a terminal is spelled in hexadecimal, as `\u{202E}`: control characters, bidi
/// controls and other invisible ones, spaces that are not the common one, separators, private use and
/// unassigned scalars. A backslash is doubled, so that no name looks like another one's spelling.
public enum SafeText {
  /// The text with everything spelled out that must not be shown as it is, and with `asciiOnly` everything
  /// beyond ASCII too.
  public static func escape(_ text: String, asciiOnly: Bool = false) -> String {
    if isHarmless(text) { return text }
    var result = ""
    var pieces = PieceReader(text.unicodeScalars, asciiOnly: asciiOnly)
    while let piece = pieces.next() { result += piece.text }
    return result
  }

  /// The text escaped and, where it takes more than `cells` columns of a terminal, cut in its middle.
  ///
  /// No escape is cut apart. Of what is left, `endShare` hundredths are the text's end. Of a long text only
  /// the beginning and the end are looked at.
  public static func escape(
    _ text: String,
    cells: Int,
    asciiOnly: Bool = false,
    endShare: Int = 50
  ) -> String {
    let ellipsis = asciiOnly ? "..." : "…"
    let kept = cells - ellipsis.count
    let count = text.utf8.count
    // The usual name is of visible ASCII, where bytes are cells.
    if count <= longestLook && isHarmless(text) {
      if count <= cells { return text }
      if kept >= 0 {
        let end = kept * endShare / 100
        return String(text.prefix(kept - end)) + ellipsis + String(text.suffix(end))
      }
    }
    var head: [Piece] = []
    var width = 0
    var pieces = PieceReader(text.unicodeScalars, asciiOnly: asciiOnly)
    while width <= cells, let piece = pieces.next() {
      head.append(piece)
      width += piece.cells
    }
    if width <= cells { return head.reduce(into: "") { $0 += $1.text } }
    guard kept >= 0 else { return String(repeating: ".", count: max(0, cells)) }
    // A piece takes a cell or more and is at most four scalars: these hold the end that is shown.
    var ends = PieceReader(text.unicodeScalars.suffix(4 * cells + 4), asciiOnly: asciiOnly, isStart: false)
    var tail: [Piece] = []
    while let piece = ends.next() { tail.append(piece) }
    let end = Self.longest(tail.reversed(), cells: kept * endShare / 100)
    let start = Self.longest(head, cells: kept - end.cells)
    return start.pieces.reduce(into: "") { $0 += $1.text } + ellipsis
      + end.pieces.reversed().reduce(into: "") { $0 += $1.text }
  }

  /// A tensor's name for people; the empty name, which a file may hold, is `\u{}`.
  public static func name(_ name: TensorName) -> String {
    name.text.isEmpty ? emptyName : escape(name.text)
  }

  /// What stands for the empty name: no other name is spelled like this.
  static let emptyName = "\\u{}"

  /// Whether the text consists of visible ASCII without a backslash, with spaces inside only.
  static func isHarmless(_ text: String) -> Bool {
    let bytes = text.utf8Span.span
    guard bytes.count > 0 else { return true }
    if bytes[0] == 0x20 || bytes[bytes.count - 1] == 0x20 { return false }
    for index in bytes.indices {
      let byte = bytes[index]
      if byte < 0x20 || byte > 0x7E || byte == UInt8(ascii: "\\") { return false }
    }
    return true
  }

  /// How long a text may be for looking at all of it only to cut it.
  private static let longestLook = 1000

  private static func longest(_ pieces: [Piece], cells: Int) -> (pieces: ArraySlice<Piece>, cells: Int) {
    var width = 0
    var count = 0
    while count < pieces.count, width + pieces[count].cells <= cells {
      width += pieces[count].cells
      count += 1
    }
    return (pieces[..<count], width)
  }
}

/// A part of a text that is shown whole or not at all: a character with its marks, or an escape.
private struct Piece {
  var text: String
  var cells: Int
}

/// Cuts a text into pieces.
private struct PieceReader<Scalars: BidirectionalCollection<Unicode.Scalar>> {
  /// How many marks may stand on one character: real scripts need two or three, and a heap of them spills
  /// over the lines above and below.
  private static var markLimit: Int { 3 }

  private let scalars: Scalars
  private let asciiOnly: Bool
  private let isStart: Bool
  private var index: Scalars.Index

  init(_ scalars: Scalars, asciiOnly: Bool, isStart: Bool = true) {
    self.scalars = scalars
    self.asciiOnly = asciiOnly
    self.isStart = isStart
    index = scalars.startIndex
  }

  mutating func next() -> Piece? {
    guard index < scalars.endIndex else { return nil }
    let scalar = scalars[index]
    let isFirst = isStart && index == scalars.startIndex
    scalars.formIndex(after: &index)
    let isEdge = scalar == " " && (isFirst || index == scalars.endIndex)
    if scalar == "\\" { return Piece(text: "\\\\", cells: 2) }
    guard !isEdge, !scalar.isMark, isShown(scalar) else {
      let text = "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      return Piece(text: text, cells: text.utf8.count)
    }
    var text = String(scalar)
    var marks = 0
    while marks < Self.markLimit, index < scalars.endIndex, scalars[index].isMark, isShown(scalars[index]) {
      text.unicodeScalars.append(scalars[index])
      scalars.formIndex(after: &index)
      marks += 1
    }
    // Spacing marks take cells of their own.
    return Piece(text: text, cells: text.unicodeScalars.reduce(0) { $0 + DisplayWidth.cells(of: $1) })
  }

  private func isShown(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII ? scalar.value >= 0x20 && scalar.value < 0x7F : !asciiOnly && scalar.isVisible
  }
}

extension Unicode.Scalar {
  /// Whether the scalar is drawn upon the one before it.
  fileprivate var isMark: Bool {
    guard value >= 0x300 else { return false }
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .spacingMark: return true
    default: return false
    }
  }

  /// Whether a scalar beyond ASCII shows itself, and nothing but itself.
  fileprivate var isVisible: Bool {
    switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
      .spaceSeparator:
      false
    default: !properties.isDefaultIgnorableCodePoint && value != 0x2800
    }
  }
}
