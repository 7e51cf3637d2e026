/// Where in a text each assertion of a pattern holds.
///
/// An assertion is decided for all places at once, the first time that it is asked: from the text's end to its
/// start, it keeps the set of instructions that lead to a match. So however often a pattern asks, an assertion
/// costs its instructions times the places, once.
struct LookTable {
  private let program: PatternProgram
  private let text: [UInt32]
  /// For each assertion, whether its part matches from a place on; empty until it is asked.
  private var matchesFrom: [[Bool]]

  /// The assertions of a program in `text`.
  init(_ program: PatternProgram, _ text: [UInt32]) {
    self.program = program
    self.text = text
    matchesFrom = Array(repeating: [], count: program.looks.count)
  }

  /// Whether an assertion holds at a place.
  mutating func holds(_ number: Int, at position: Int) -> Bool {
    let look = program.looks[number]
    if matchesFrom[number].isEmpty {
      // Those within it first: deciding it asks only what is decided.
      for inner in look.inner where matchesFrom[inner].isEmpty {
        matchesFrom[inner] = sweep(program.looks[inner].instructions)
      }
      matchesFrom[number] = sweep(look.instructions)
    }
    return holdsDecided(number, at: position)
  }

  /// Whether an assertion that is decided holds at a place.
  private func holdsDecided(_ number: Int, at position: Int) -> Bool {
    let look = program.looks[number]
    // Nothing that takes this much ends here.
    guard position >= look.back else { return look.negated }
    return matchesFrom[number][position - look.back] != look.negated
  }

  /// Whether the instructions lead to a match from each place.
  private func sweep(_ range: Range<Int>) -> [Bool] {
    let instructions = program.instructions[range]
    let origins = LookOrigins(instructions)
    var result = [Bool](repeating: false, count: text.count + 1)
    var leads = [Bool](repeating: false, count: range.count)
    var leadsNext = leads
    var pending: [Int] = []
    for position in (0...text.count).reversed() {
      swap(&leads, &leadsNext)
      for index in 0..<range.count {
        switch instructions[range.lowerBound + index] {
        case .accept: leads[index] = true
        case .unit(let unit):
          leads[index] = position < text.count && leadsNext[index + 1] && program.takes(unit, text[position])
        case .place, .look, .split, .jump: leads[index] = false
        }
        if leads[index] { pending.append(index) }
      }
      while let index = pending.popLast() {
        for origin in origins[index] where !leads[origin] {
          switch instructions[range.lowerBound + origin] {
          case .place(let test): leads[origin] = test.holds(text, position)
          case .look(let number): leads[origin] = holdsDecided(number, at: position)
          case .split, .jump: leads[origin] = true
          case .unit, .accept: break
          }
          if leads[origin] { pending.append(origin) }
        }
      }
      result[position] = leads[0]
    }
    return result
  }
}

/// For each instruction of an assertion, those that lead to it without taking text.
private struct LookOrigins {
  private var starts: [Int]
  private var origins: [Int]

  init(_ instructions: ArraySlice<PatternProgram.Instruction>) {
    let first = instructions.startIndex
    var edges: [(from: Int, to: Int)] = []
    for index in instructions.indices {
      switch instructions[index] {
      case .place, .look: edges.append((index - first, index + 1 - first))
      case .split(let other):
        edges.append((index - first, index + 1 - first))
        edges.append((index - first, other - first))
      case .jump(let other): edges.append((index - first, other - first))
      case .unit, .accept: break
      }
    }
    starts = Array(repeating: 0, count: instructions.count + 1)
    for edge in edges { starts[edge.to + 1] += 1 }
    for index in 0..<instructions.count { starts[index + 1] += starts[index] }
    origins = Array(repeating: 0, count: edges.count)
    var next = starts
    for edge in edges {
      origins[next[edge.to]] = edge.from
      next[edge.to] += 1
    }
  }

  /// The instructions that lead to one.
  subscript(index: Int) -> ArraySlice<Int> { origins[starts[index]..<starts[index + 1]] }
}
