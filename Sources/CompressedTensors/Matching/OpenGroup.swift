/// A group of a pattern whose end is not read yet; the pattern as a whole is the outermost.
struct OpenGroup {
  /// What the group is for.
  enum Kind: Hashable {
    /// It holds parts together.
    case plain
    /// It is an assertion.
    case look(isBehind: Bool, negated: Bool)
  }

  /// What a quantifier would follow.
  enum Previous {
    /// The start of a part.
    case nothing
    /// An anchor, which cannot be repeated.
    case anchor
    /// A quantifier.
    case quantifier
    /// Anything else.
    case item
  }

  /// What it is for.
  let kind: Kind
  /// What holds within it.
  var flags: PatternFlags
  /// Where its parenthesis stands.
  let start: Int
  /// How many assertions ended before it.
  let firstLook: Int
  /// What a quantifier would follow now.
  private(set) var previous = Previous.nothing
  private var items: [PatternNode] = []
  private var parts: [PatternNode] = []

  /// An empty group.
  init(_ kind: Kind, flags: PatternFlags, start: Int, firstLook: Int) {
    self.kind = kind
    self.flags = flags
    self.start = start
    self.firstLook = firstLook
  }

  /// Whether nothing is in it that could match.
  var isEmpty: Bool { items.isEmpty && parts.isEmpty }

  /// Adds to the part at hand.
  mutating func append(_ item: PatternNode, as previous: Previous) {
    items.append(item)
    self.previous = previous
  }

  /// Ends a part at a bar.
  mutating func endPart() {
    parts.append(part)
    items = []
    previous = .nothing
  }

  /// Repeats the last item.
  mutating func repeatLast(least: Int, most: Int?) {
    guard let last = items.popLast() else { return }
    append(.repetition(last, least: least, most: most), as: .quantifier)
  }

  private var part: PatternNode { items.count == 1 ? items[0] : .sequence(items) }

  /// What it holds.
  var node: PatternNode { parts.isEmpty ? part : .alternation(parts + [part]) }
}
