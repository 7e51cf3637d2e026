/// A pattern as a list of instructions, that of each assertion behind that of the pattern itself.
struct PatternProgram: Sendable {
  /// A step; the next one is the one behind it unless it says otherwise.
  enum Instruction: Sendable {
    /// Takes one scalar.
    case unit(PatternUnit)
    /// Goes on if the place is right.
    case place(PlaceTest)
    /// Goes on if an assertion holds.
    case look(Int)
    /// Goes on behind it and at another instruction.
    case split(Int)
    /// Goes on at another instruction.
    case jump(Int)
    /// The pattern, or the assertion, matches.
    case accept
  }

  /// An assertion's instructions.
  struct Look: Sendable {
    /// Where they are.
    let instructions: Range<Int>
    /// Whether they must not match.
    let negated: Bool
    /// How far before the place they start.
    let back: Int
    /// The assertions within it.
    let inner: Range<Int>
  }

  private(set) var instructions: [Instruction] = []
  /// Where the pattern's own instructions end.
  private(set) var mainLength = 0
  /// The assertions, inner ones first.
  private(set) var looks: [Look] = []
  /// The sets that units name by number.
  let sets: [ScalarSet]

  /// Compiles a pattern.
  init(_ pattern: String) throws(PatternFault) {
    var parser = try PatternParser(pattern)
    let node = try parser.parse()
    let length = parser.looks.reduce(node.length + 1) { $0 + $1.body.length + 1 }
    guard length <= PatternLimit.programLength.maximum else {
      throw PatternFault(pattern: pattern, .exceeds(.programLength), offset: 0)
    }
    sets = parser.sets
    emit(node)
    instructions.append(.accept)
    mainLength = instructions.count
    for look in parser.looks {
      let start = instructions.count
      emit(look.body)
      instructions.append(.accept)
      let back = look.isBehind ? look.body.least : 0
      looks.append(
        Look(
          instructions: start..<instructions.count,
          negated: look.negated,
          back: back,
          inner: look.inner
        )
      )
    }
    precondition(instructions.count == length, "a part's length was counted wrong")
  }

  /// Whether a unit takes a scalar.
  func takes(_ unit: PatternUnit, _ value: UInt32) -> Bool {
    switch unit {
    case .scalar(let scalar): value == scalar
    case .any: true
    case .anyButNewline: value != 0x0A
    case .set(let number): sets[number].contains(value)
    }
  }

  /// Appends a part's instructions; the recursion follows the groups of the pattern.
  private mutating func emit(_ node: PatternNode) {
    switch node.kind {
    case .unit(let unit): instructions.append(.unit(unit))
    case .place(let test): instructions.append(.place(test))
    case .look(let number): instructions.append(.look(number))
    case .sequence(let parts): for part in parts { emit(part) }
    case .alternation(let parts): emitAlternation(parts)
    case .repetition(let body, let least, let most): emitRepetition(body, least: least, most: most)
    }
  }

  private mutating func emitAlternation(_ parts: [PatternNode]) {
    var jumps: [Int] = []
    for (index, part) in parts.enumerated() {
      let split = instructions.count
      let isLast = index == parts.count - 1
      if !isLast { instructions.append(.split(0)) }
      emit(part)
      if !isLast {
        jumps.append(instructions.count)
        instructions.append(.jump(0))
        instructions[split] = .split(instructions.count)
      }
    }
    for jump in jumps { instructions[jump] = .jump(instructions.count) }
  }

  private mutating func emitRepetition(_ body: PatternNode, least: Int, most: Int?) {
    guard body.most > 0 else {
      if least > 0 { emit(body) }
      return
    }
    guard let most else {
      if least == 0 {
        let split = instructions.count
        instructions.append(.split(0))
        emit(body)
        instructions.append(.jump(split))
        instructions[split] = .split(instructions.count)
      } else {
        for _ in 1..<least { emit(body) }
        let start = instructions.count
        emit(body)
        instructions.append(.split(start))
      }
      return
    }
    for _ in 0..<least { emit(body) }
    var splits: [Int] = []
    for _ in least..<most {
      splits.append(instructions.count)
      instructions.append(.split(0))
      emit(body)
    }
    for split in splits { instructions[split] = .split(instructions.count) }
  }
}
