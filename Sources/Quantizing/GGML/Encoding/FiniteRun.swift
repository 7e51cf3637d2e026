/// Numbers of single precision of which none may be NaN or infinite.
struct FiniteRun {
  /// The numbers, of any alignment.
  let numbers: UnsafeRawPointer
  /// How many: a multiple of 32.
  let count: Int

  /// The index of the first that is NaN or infinite.
  var firstNonFinite: Int? {
    var first = NumberLanes.zero
    var second = NumberLanes.zero
    var third = NumberLanes.zero
    var fourth = NumberLanes.zero
    var index = 0
    while index < count {
      first += NumberLanes(numbers, at: index)
      second += NumberLanes(numbers, at: index &+ 8)
      third += NumberLanes(numbers, at: index &+ 16)
      fourth += NumberLanes(numbers, at: index &+ 24)
      index &+= 32
    }
    // Neither NaN nor infinity can be summed away; a sum of finite numbers that is too large is looked at too.
    let sums = (first + second) + (third + fourth)
    return (sums - sums) == .zero ? nil : search()
  }

  private func search() -> Int? {
    (0..<count).first { index in
      !numbers.loadUnaligned(fromByteOffset: index * 4, as: Float.self).isFinite
    }
  }
}
