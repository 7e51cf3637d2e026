/// Whether a text matches from its start, found by keeping the set of instructions that are reached.
///
/// Each instruction is looked at once for each place, whatever the order in which Python would try them: the
/// time is that of instructions times places, and the memory that of both added. There is no recursion over the
/// text.
struct PatternSearch {
  private let program: PatternProgram
  private let text: [UInt32]
  private var looks: LookTable

  /// A search of `text`.
  init(_ program: PatternProgram, _ text: [UInt32]) {
    self.program = program
    self.text = text
    looks = LookTable(program, text)
  }

  /// Whether the text's start matches.
  mutating func matches() -> Bool {
    let instructions = program.instructions
    var seenAt = [Int](repeating: -1, count: program.mainLength)
    var pending = [0]
    var next: [Int] = []
    var position = 0
    while !pending.isEmpty {
      while let index = pending.popLast() {
        if seenAt[index] == position { continue }
        seenAt[index] = position
        switch instructions[index] {
        case .accept: return true
        case .unit(let unit):
          if position < text.count, program.takes(unit, text[position]) { next.append(index + 1) }
        case .place(let test): if test.holds(text, position) { pending.append(index + 1) }
        case .look(let number): if looks.holds(number, at: position) { pending.append(index + 1) }
        case .split(let other):
          pending.append(other)
          pending.append(index + 1)
        case .jump(let other): pending.append(other)
        }
      }
      swap(&pending, &next)
      position += 1
    }
    return false
  }
}
