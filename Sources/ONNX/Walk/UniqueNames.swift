internal import ModelIR

/// Gives out names, each once: to one that is taken `#2`, `#3` and so on are appended.
struct UniqueNames {
  /// The names that are taken, and the number to try next.
  private var taken: [TensorName: Int] = [:]

  /// `name`, or what becomes of it.
  mutating func make(_ name: String) -> TensorName {
    let wanted = TensorName(name)
    guard let known = taken[wanted] else {
      taken[wanted] = 2
      return wanted
    }
    var number = known
    while true {
      let candidate = TensorName("\(name)#\(number)")
      number += 1
      if taken[candidate] == nil {
        taken[candidate] = 2
        taken[wanted] = number
        return candidate
      }
    }
  }
}
