/// A part of a pattern, with how much text it takes and how many instructions it needs.
struct PatternNode {
  /// What the part is.
  indirect enum Kind {
    /// One scalar of the text.
    case unit(PatternUnit)
    /// A condition on the place.
    case place(PlaceTest)
    /// An assertion, by its number.
    case look(Int)
    /// One after the other.
    case sequence([PatternNode])
    /// One of several.
    case alternation([PatternNode])
    /// A repeat; without an upper count if that is nil.
    case repetition(PatternNode, least: Int, most: Int?)
  }

  /// Counts that stand for everything above them, so that products of counts stay in range.
  private static let widthCap = 1 << 30
  private static let lengthCap = PatternLimit.programLength.maximum + 1

  /// What it is.
  let kind: Kind
  /// The least scalars that it takes.
  let least: Int
  /// The most scalars that it takes.
  let most: Int
  /// Its instructions, without those of its assertions; one over the limit stands for all above it.
  let length: Int

  private init(_ kind: Kind, least: Int, most: Int, length: Int) {
    self.kind = kind
    self.least = min(least, Self.widthCap)
    self.most = min(most, Self.widthCap)
    self.length = min(length, Self.lengthCap)
  }

  /// One scalar.
  static func unit(_ unit: PatternUnit) -> PatternNode {
    PatternNode(.unit(unit), least: 1, most: 1, length: 1)
  }

  /// A condition on the place.
  static func place(_ test: PlaceTest) -> PatternNode {
    PatternNode(.place(test), least: 0, most: 0, length: 1)
  }

  /// An assertion.
  static func look(_ number: Int) -> PatternNode {
    PatternNode(.look(number), least: 0, most: 0, length: 1)
  }

  /// Parts one after the other.
  static func sequence(_ parts: [PatternNode]) -> PatternNode {
    PatternNode(
      .sequence(parts),
      least: parts.reduce(0) { $0 + $1.least },
      most: parts.reduce(0) { $0 + $1.most },
      length: parts.reduce(0) { $0 + $1.length }
    )
  }

  /// One of at least one part.
  static func alternation(_ parts: [PatternNode]) -> PatternNode {
    PatternNode(
      .alternation(parts),
      least: parts.map(\.least).min() ?? 0,
      most: parts.map(\.most).max() ?? 0,
      length: parts.reduce(0) { $0 + $1.length } + 2 * (parts.count - 1)
    )
  }

  /// A part again and again.
  static func repetition(_ body: PatternNode, least: Int, most: Int?) -> PatternNode {
    let length: Int
    if body.most == 0 {
      // What takes no text needs to hold only once, and not at all if it may be left out.
      length = least == 0 ? 0 : body.length
    } else if let most {
      length = least * body.length + (most - least) * (body.length + 1)
    } else {
      length = least == 0 ? body.length + 2 : least * body.length + 1
    }
    return PatternNode(
      .repetition(body, least: least, most: most),
      least: least * body.least,
      most: most.map { $0 * body.most } ?? (body.most == 0 ? 0 : widthCap),
      length: length
    )
  }
}

/// What takes one scalar.
enum PatternUnit: Hashable, Sendable {
  /// This one.
  case scalar(UInt32)
  /// Any.
  case any
  /// Any but a newline.
  case anyButNewline
  /// One of a set, by its number.
  case set(Int)
}

/// A condition on a place in the text.
enum PlaceTest: Hashable, Sendable {
  /// `\A`, and `^`.
  case start
  /// `^` under the flag `m`.
  case lineStart
  /// `\Z`.
  case end
  /// `$`: the end, or before a newline that is the last character.
  case endOrFinalNewline
  /// `$` under the flag `m`.
  case lineEnd
  /// `\b`, or `\B` if `negated`.
  case wordBoundary(negated: Bool, asciiOnly: Bool)

  /// Whether it holds before the scalar at `position`.
  func holds(_ text: [UInt32], _ position: Int) -> Bool {
    switch self {
    case .start: return position == 0
    case .lineStart: return position == 0 || text[position - 1] == 0x0A
    case .end: return position == text.count
    case .endOrFinalNewline:
      return position == text.count || position == text.count - 1 && text[position] == 0x0A
    case .lineEnd: return position == text.count || text[position] == 0x0A
    case .wordBoundary(let negated, let asciiOnly):
      // Python until 3.13: neither holds in an empty text.
      if text.isEmpty { return false }
      let word = ScalarCategory(kind: .word, asciiOnly: asciiOnly, negated: false)
      let before = position > 0 && word.contains(text[position - 1])
      let after = position < text.count && word.contains(text[position])
      return (before != after) != negated
    }
  }
}
