/// How many columns of a terminal a text takes.
public enum DisplayWidth {
  /// The columns that a text takes, without control sequences.
  public static func cells(of text: String) -> Int {
    var isASCII = true
    let bytes = text.utf8Span.span
    for index in bytes.indices where bytes[index] >= 0x80 {
      isASCII = false
      break
    }
    return isASCII ? bytes.count : text.unicodeScalars.reduce(0) { $0 + cells(of: $1) }
  }

  /// The columns that a scalar takes: 0 for what is drawn upon another one, 2 for East Asian wide ones and
  /// emoji, else 1.
  public static func cells(of scalar: Unicode.Scalar) -> Int {
    let value = scalar.value
    if value < 0x300 { return value < 0x20 || (0x7F..<0xA0).contains(value) || value == 0xAD ? 0 : 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .lineSeparator, .paragraphSeparator: return 0
    default: break
    }
    if (0x1160...0x11FF).contains(value) || (0xD7B0...0xD7FF).contains(value) { return 0 }
    // Two regional indicators make one flag of two columns.
    if (0x1F1E6...0x1F1FF).contains(value) { return 1 }
    return isWide(value) || scalar.properties.isEmojiPresentation ? 2 : 1
  }

  /// The ranges that Unicode's EastAsianWidth.txt calls wide or fullwidth; emoji have a property of their
  /// own.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2329...0x232A, 0x2630...0x2637, 0x268A...0x268F, 0x2E80...0x303E, 0x3041...0xA4CF,
    0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60,
    0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1D300...0x1D376, 0x1F200...0x1F265,
    0x1F300...0x1F320, 0x20000...0x3FFFD,
  ]

  private static func isWide(_ value: UInt32) -> Bool {
    guard value >= 0x1100 else { return false }
    for range in wide where value <= range.upperBound { return value >= range.lowerBound }
    return false
  }
}
