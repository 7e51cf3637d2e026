extension PatternParser {
  /// The set behind a `[` that stands at `start`.
  mutating func set(_ flags: PatternFlags, from start: Int) throws(PatternFault) -> PatternNode {
    let negated = try tokens.take("^")
    var ranges: [ClosedRange<UInt32>] = []
    var categories: [ScalarCategory] = []
    var isEmpty = true
    while true {
      guard let token = try tokens.take() else { throw tokens.fault(.unterminatedSet, at: start) }
      // The first character may be a bracket that stands for itself.
      if token == .plain("]"), !isEmpty { break }
      isEmpty = false
      let first = try member(token, flags)
      guard try tokens.take("-") else {
        add(first, &ranges, &categories)
        continue
      }
      guard let end = try tokens.take() else { throw tokens.fault(.unterminatedSet, at: start) }
      if end == .plain("]") {
        add(first, &ranges, &categories)
        ranges.append(0x2D...0x2D)
        break
      }
      let last = try member(end, flags)
      guard let lower = first.scalar, let upper = last.scalar, lower <= upper else {
        let text = "\(token.text)-\(end.text)"
        throw tokens.fault(.badRange(text), at: tokens.position - text.unicodeScalars.count)
      }
      ranges.append(lower...upper)
    }
    return unit(ScalarSet(ranges, categories, negated: negated, folding: CaseFolding(flags)))
  }

  private mutating func member(
    _ token: PatternTokens.Token,
    _ flags: PatternFlags
  ) throws(PatternFault) -> (scalar: UInt32?, category: ScalarCategory?) {
    switch token {
    case .plain(let scalar): return (scalar.value, nil)
    case .escape(let scalar): return try setEscape(scalar, flags, from: tokens.position - token.width)
    }
  }

  private func add(
    _ member: (scalar: UInt32?, category: ScalarCategory?),
    _ ranges: inout [ClosedRange<UInt32>],
    _ categories: inout [ScalarCategory]
  ) {
    if let scalar = member.scalar { ranges.append(scalar...scalar) }
    // A class twice says nothing new, and a long list of them would slow down every comparison.
    if let category = member.category, !categories.contains(category) { categories.append(category) }
  }
}
