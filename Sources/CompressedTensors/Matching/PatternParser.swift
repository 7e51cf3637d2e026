/// Reads a pattern as Python 3.11's `re` does (`Lib/re/_parser.py`), with its refusals and their offsets.
struct PatternParser {
  /// An assertion: whether a part matches from a place on, or before it.
  struct Look {
    /// The part.
    let body: PatternNode
    /// Whether it must not match.
    let negated: Bool
    /// Whether it ends at the place instead of starting there.
    let isBehind: Bool
    /// Where it stands in the pattern.
    let offset: Int
    /// The assertions within it.
    let inner: Range<Int>
  }

  var tokens: PatternTokens
  /// The assertions, inner ones first.
  var looks: [Look] = []
  /// The sets that units name by number.
  var sets: [ScalarSet] = []
  private var setNumbers: [ScalarSet: Int] = [:]
  /// The groups so far, with that of the whole pattern.
  var groupCount = 1
  var groupNames: [[UInt32]: Int] = [:]

  /// A parser of `pattern`.
  init(_ pattern: String) throws(PatternFault) { tokens = try PatternTokens(pattern) }

  /// The whole pattern.
  ///
  /// Open groups are a list of ours instead of calls within calls, which would need much of a thread's stack.
  mutating func parse() throws(PatternFault) -> PatternNode {
    var outer: [OpenGroup] = []
    var group = OpenGroup(.plain, flags: [], start: 0, firstLook: 0)
    while let token = tokens.next {
      let start = tokens.position
      if token == .plain(")") {
        guard let next = outer.popLast() else { throw tokens.fault(.unbalancedParenthesis) }
        _ = try tokens.take()
        let node = closed(group)
        group = next
        group.append(node, as: .item)
        continue
      }
      _ = try tokens.take()
      if token == .plain("|") {
        group.endPart()
      } else if token == .plain("(") {
        guard let opened = try opening(&group, isWhole: outer.isEmpty, from: start) else { continue }
        guard outer.count < PatternLimit.nesting.maximum else {
          throw tokens.fault(.exceeds(.nesting), at: start)
        }
        outer.append(group)
        group = opened
      } else {
        try item(token, &group, from: start)
      }
    }
    guard outer.isEmpty else { throw tokens.fault(.unterminatedGroup, at: group.start) }
    // Python looks at widths last, so that any other mistake is told first.
    for look in looks where look.isBehind && look.body.least != look.body.most {
      throw tokens.fault(.variableLookbehind, at: look.offset)
    }
    return group.node
  }

  /// What a group stands for once it ends.
  private mutating func closed(_ group: OpenGroup) -> PatternNode {
    guard case .look(let isBehind, let negated) = group.kind else { return group.node }
    let inner = group.firstLook..<looks.count
    looks.append(
      Look(body: group.node, negated: negated, isBehind: isBehind, offset: group.start, inner: inner)
    )
    return .look(looks.count - 1)
  }

  /// What a token other than a bar or a parenthesis adds to a group.
  private mutating func item(
    _ token: PatternTokens.Token,
    _ group: inout OpenGroup,
    from start: Int
  ) throws(PatternFault) {
    let flags = group.flags
    if flags.contains(.verbose), try skips(token) { return }
    switch token {
    case .escape(let scalar):
      let node = try escape(scalar, flags, from: start)
      if case .place = node.kind { group.append(node, as: .anchor) } else { group.append(node, as: .item) }
    case .plain("["): group.append(try set(flags, from: start), as: .item)
    case .plain("."): group.append(.unit(flags.contains(.dotAll) ? .any : .anyButNewline), as: .item)
    case .plain("^"): group.append(.place(flags.contains(.multiline) ? .lineStart : .start), as: .anchor)
    case .plain("$"):
      group.append(.place(flags.contains(.multiline) ? .lineEnd : .endOrFinalNewline), as: .anchor)
    case .plain(let scalar):
      if let count = try quantifier(scalar, from: start) {
        try repeatLast(&group, count, from: start)
      } else {
        group.append(literal(scalar.value, flags), as: .item)
      }
    }
  }

  /// Whether a token means nothing under the flag `x`; takes the rest of a comment.
  private mutating func skips(_ token: PatternTokens.Token) throws(PatternFault) -> Bool {
    switch token {
    case .plain(" "), .plain("\t"), .plain("\n"), .plain("\r"), .plain("\u{0B}"), .plain("\u{0C}"):
      return true
    case .plain("#"):
      while let taken = try tokens.take(), taken != .plain("\n") {}
      return true
    default: return false
    }
  }

  /// The counts of a quantifier; nil if the character starts none, as a brace may.
  private mutating func quantifier(
    _ scalar: Unicode.Scalar,
    from start: Int
  ) throws(PatternFault) -> (least: Int, most: Int?)? {
    switch scalar {
    case "?": return (0, 1)
    case "*": return (0, nil)
    case "+": return (1, nil)
    case "{": break
    default: return nil
    }
    guard tokens.next != .plain("}") else { return nil }
    let lower = try tokens.takeDigits(base: 10)
    let upper = try tokens.take(",") ? try tokens.takeDigits(base: 10) : lower
    guard try tokens.take("}") else {
      try tokens.seek(to: start + 1)
      return nil
    }
    let least = try count(lower, from: start) ?? 0
    let most = try count(upper, from: start)
    if let most, most < least { throw tokens.fault(.reversedRepeat, at: start + 1) }
    return (least, most)
  }

  private func count(_ digits: String, from start: Int) throws(PatternFault) -> Int? {
    if digits.isEmpty { return nil }
    guard let count = UInt32(digits), count < .max else { throw tokens.fault(.repeatTooLarge, at: start) }
    return Int(count)
  }

  private mutating func repeatLast(
    _ group: inout OpenGroup,
    _ count: (least: Int, most: Int?),
    from start: Int
  ) throws(PatternFault) {
    switch group.previous {
    case .nothing, .anchor: throw tokens.fault(.nothingToRepeat, at: start)
    case .quantifier: throw tokens.fault(.multipleRepeat, at: start)
    case .item: break
    }
    // A lazy quantifier finds another match, but finds one where a greedy one does.
    if try !tokens.take("?"), tokens.next == .plain("+") {
      throw tokens.fault(.unsupported(.possessiveRepeat))
    }
    group.repeatLast(least: count.least, most: count.most)
  }

  /// A unit for one scalar, in any case if the flags ask for it.
  mutating func literal(_ value: UInt32, _ flags: PatternFlags) -> PatternNode {
    guard flags.contains(.ignoreCase) else { return .unit(.scalar(value)) }
    return unit(ScalarSet([value...value], folding: CaseFolding(flags)))
  }

  /// A unit for a set; equal sets are kept once.
  mutating func unit(_ set: ScalarSet) -> PatternNode {
    let number = setNumbers[set] ?? sets.count
    if number == sets.count {
      sets.append(set)
      setNumbers[set] = number
    }
    return .unit(.set(number))
  }
}
