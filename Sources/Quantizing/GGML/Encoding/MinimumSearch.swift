/// Searches, for eight groups of 32 numbers at once, the scale and the minimum of the codes 0 to `top` that come
/// close to the numbers: Q4_K and Q5_K.
///
/// Each lane does what ggml's encoder without importances does for one group. It tries some inverse scales,
/// numbers each group with them, fits the scale and the minimum to those codes by weighted least squares, and keeps
/// what has the least weighted square error; the first one wins. A minimum that wins counts in all later trials.
struct MinimumSearch {
  /// The largest code.
  let top: Float
  /// What the first trial adds to `top`; each later one adds 0.1 more.
  let firstOffset: Float
  /// The number of the last trial, the first being 0.
  let lastTrial: Int

  /// What was found for each group.
  struct Result {
    /// The scales; 0 for groups of one number only.
    var scales: NumberLanes
    /// The minima, none of them positive.
    var minima: NumberLanes
    /// The inverse scales that numbered the groups; 0 for groups of one number only.
    var inverses: NumberLanes
    /// The minima that numbered the groups.
    var codeMinima: NumberLanes
  }

  /// Memory for a search.
  struct Workspace {
    /// The numbers: element by element, a lane for each group.
    let numbers: UnsafeMutablePointer<NumberLanes>
    /// Their weights.
    let weights: UnsafeMutablePointer<NumberLanes>
    /// Their codes in the current trial.
    let codes: UnsafeMutablePointer<NumberLanes>

    /// How many lanes of eight it takes.
    static var size: Int { 96 }

    /// Uses ``size`` lanes from here on.
    init(_ start: UnsafeMutablePointer<NumberLanes>) {
      numbers = start
      weights = start + 32
      codes = start + 64
    }
  }

  /// Searches with the numbers of the workspace.
  @inline(__always)
  func run(_ space: Workspace) -> Result {
    weigh(space)
    let (sums, lowest, highest) = survey(space)
    var minima = NumberLanes.smaller(lowest, .zero)
    // Groups of one number only go along with a range that harms nothing, and never improve.
    let one = NumberLanes(repeating: 1)
    let maxima = NumberLanes.choose(highest, where: minima, isLessThan: highest, else: one)
    let tops = NumberLanes(repeating: top)

    var inverses = tops / (maxima - minima)
    var scales = one / inverses
    var result = Result(scales: scales, minima: minima, inverses: inverses, codeMinima: minima)
    number(space, inverses, minima)
    var leastErrors = errors(space, scales, minima)

    var trial = 0
    while trial <= lastTrial {
      let offset = firstOffset + 0.1 * Float(trial) + top
      inverses = NumberLanes(repeating: offset) / (maxima - minima)
      let fit = number(space, inverses, minima)
      let determinants = sums.weights * fit.squares - fit.codes * fit.codes
      scales = (sums.weights * fit.products - sums.numbers * fit.codes) / determinants
      var fitted = (fit.squares * sums.numbers - fit.codes * fit.products) / determinants
      scales = .choose(fit.products / fit.squares, where: .zero, isLessThan: fitted, else: scales)
      fitted = .choose(.zero, where: .zero, isLessThan: fitted, else: fitted)
      let all = errors(space, scales, fitted)
      let infinite = NumberLanes(repeating: .infinity)
      let errors = NumberLanes.choose(all, where: .zero, isLessThan: determinants, else: infinite)
      result.scales = .choose(scales, where: errors, isLessThan: leastErrors, else: result.scales)
      result.inverses = .choose(inverses, where: errors, isLessThan: leastErrors, else: result.inverses)
      result.codeMinima = .choose(minima, where: errors, isLessThan: leastErrors, else: result.codeMinima)
      minima = .choose(fitted, where: errors, isLessThan: leastErrors, else: minima)
      leastErrors = .choose(errors, where: errors, isLessThan: leastErrors, else: leastErrors)
      trial &+= 1
    }
    let flat = NumberLanes.smaller(lowest, .zero)
    result.scales = .choose(result.scales, where: flat, isLessThan: highest, else: .zero)
    result.inverses = .choose(result.inverses, where: flat, isLessThan: highest, else: .zero)
    result.minima = minima
    return result
  }

  /// Weighs each number: its magnitude plus the root of the group's mean square.
  @inline(__always)
  private func weigh(_ space: Workspace) {
    var squares = NumberLanes.zero
    var index = 0
    while index < 32 {
      squares += space.numbers[index] * space.numbers[index]
      index &+= 1
    }
    let mean = squares / NumberLanes(repeating: 32)
    var root = mean
    for lane in 0..<8 { root[lane] = mean[lane].squareRoot() }
    index = 0
    while index < 32 {
      space.weights[index] = root + space.numbers[index].magnitudes
      index &+= 1
    }
  }

  /// The sums of the weights and of the weighted numbers, the smallest numbers and the largest.
  @inline(__always)
  private func survey(
    _ space: Workspace
  ) -> (sums: (weights: NumberLanes, numbers: NumberLanes), lowest: NumberLanes, highest: NumberLanes) {
    var lowest = space.numbers[0]
    var highest = space.numbers[0]
    var weights = space.weights[0]
    var numbers = weights * space.numbers[0]
    var index = 1
    while index < 32 {
      lowest = .smaller(space.numbers[index], lowest)
      highest = .larger(space.numbers[index], highest)
      weights += space.weights[index]
      numbers += space.weights[index] * space.numbers[index]
      index &+= 1
    }
    return ((weights, numbers), lowest, highest)
  }

  /// The weighted sums over the codes, their squares, and their products with the numbers.
  private struct Sums {
    var codes = NumberLanes.zero
    var squares = NumberLanes.zero
    var products = NumberLanes.zero

    @inline(__always)
    mutating func add(_ code: NumberLanes, _ number: NumberLanes, _ weight: NumberLanes) {
      let weighted = weight * code
      codes += weighted
      squares += weighted * code
      products += weighted * number
    }
  }

  /// Numbers the groups.
  ///
  /// ggml takes its integers from a number's lowest bits, which are odd beyond 2^22. No position that counts is so
  /// far from the codes: a minimum near the largest number of a wide group misses the smallest by too much to win.
  /// Where a range is so small that its inverse is infinite, all determinants are 0 and nothing wins.
  @inline(__always) @discardableResult
  private func number(_ space: Workspace, _ inverses: NumberLanes, _ minima: NumberLanes) -> Sums {
    let tops = NumberLanes(repeating: top)
    var sums = Sums()
    var index = 0
    while index < 32 {
      let number = space.numbers[index]
      let code = (inverses * (number - minima)).nearestNumbers(from: .zero, to: tops)
      space.codes[index] = code
      sums.add(code, number, space.weights[index])
      index &+= 1
    }
    return sums
  }

  /// The weighted sums of the squares by which the codes miss the numbers.
  @inline(__always)
  private func errors(_ space: Workspace, _ scales: NumberLanes, _ minima: NumberLanes) -> NumberLanes {
    var errors = NumberLanes.zero
    var index = 0
    while index < 32 {
      let difference = scales * space.codes[index] + minima - space.numbers[index]
      errors += space.weights[index] * (difference * difference)
      index &+= 1
    }
    return errors
  }
}
