/// Names that a file may hold and that must do no harm on a screen.
enum Hostile {
  static let names: [String] = [
    "a\nb", "a\tb", "a\r", "\u{1B}[2J\u{1B}[31m", "\u{9B}31m", "a\u{202E}gpj.exe", "a\u{200B}", "a",
    "\u{FEFF}a", "\u{2066}x\u{2069}", " ", "  a  ", "\\", "\\u{A}", "\\\\u{A}", "\u{0}", "\u{7F}",
    "\u{2028}x", "\u{E000}", "\u{10FFFF}", "重み.0.バイアス", "😀.weight", "🇫🇷🇩🇪", "e\u{301}.x",
    "\u{E9}.x", String(repeating: "\u{301}", count: 40), "x" + String(repeating: "\u{301}", count: 40),
    String(repeating: "長", count: 90), String(repeating: "\n", count: 90),
    String(repeating: "a.", count: 300), String(repeating: "model.layers.0.", count: 20) + "weight", "0.1.2",
    "...", "*", "layers.*.x", "<script>alert(1)</script>", "\u{915}\u{93F}\u{902}", "\u{5D0}\u{5D1}1",
    "a\u{A0}b", "\u{3000}", "\u{2800}",
  ]
}

/// A small seeded generator (SplitMix64), so that a failure can be brought about again.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Collects what a report hands to its sink.
final class Collector {
  private(set) var text = ""
  private(set) var pieces = 0

  func take(_ piece: String) {
    text += piece
    pieces += 1
  }

  func take(bytes: borrowing [UInt8]) { take(String(decoding: copy bytes, as: UTF8.self)) }

  /// The lines without colour.
  var lines: [String] {
    var plain = ""
    var isEscape = false
    for scalar in text.unicodeScalars {
      if scalar == "\u{1B}" { isEscape = true }
      if !isEscape { plain.unicodeScalars.append(scalar) }
      if scalar == "m" { isEscape = false }
    }
    return plain.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// The lines that hold this text.
  func lines(with part: String) -> [String] { lines.filter { $0.contains(part) } }
}
