/// Searches, for eight groups of 16 numbers at once, the scale of the codes -32 to 31 that come close to the
/// numbers: Q6_K.
///
/// Each lane does what ggml's encoder without importances does for one group. It takes the inverse scale that
/// makes -32 of the first number of the largest magnitude and 18 inverse scales around it, numbers the group with
/// each, fits the scale to those codes by least squares, weighted with the squares of the numbers, and keeps the
/// best fit; the first one wins.
struct SignedSearch {
  /// Below this magnitude numbers and scales count as zeros.
  static var negligible: Float { 1e-15 }

  /// What was found for each group.
  struct Result {
    /// The scales; 0 for groups of negligible numbers.
    var scales: NumberLanes
    /// The inverse scales that numbered the groups; 0 for groups of negligible numbers.
    var inverses: NumberLanes
  }

  /// Memory for a search.
  struct Workspace {
    /// The numbers: element by element, a lane for each group.
    let numbers: UnsafeMutablePointer<NumberLanes>
    /// Their squares, the weights.
    let squares: UnsafeMutablePointer<NumberLanes>
    /// The squares times the numbers.
    let cubes: UnsafeMutablePointer<NumberLanes>

    /// How many lanes of eight it takes.
    static var size: Int { 48 }

    /// Uses ``size`` lanes from here on.
    init(_ start: UnsafeMutablePointer<NumberLanes>) {
      numbers = start
      squares = start + 16
      cubes = start + 32
    }
  }

  /// Searches with the numbers of the workspace.
  @inline(__always)
  static func run(_ space: Workspace) -> Result {
    var largest = NumberLanes.zero
    var dominant = NumberLanes.zero
    var index = 0
    while index < 16 {
      let number = space.numbers[index]
      let magnitude = number.magnitudes
      dominant = .choose(number, where: largest, isLessThan: magnitude, else: dominant)
      largest = .larger(magnitude, largest)
      space.squares[index] = number * number
      space.cubes[index] = space.squares[index] * number
      index &+= 1
    }
    let limit = NumberLanes(repeating: negligible)
    // Groups of negligible numbers go along with a range that harms nothing.
    let one = NumberLanes(repeating: 1)
    dominant = .choose(one, where: largest, isLessThan: limit, else: dominant)

    var inverses = NumberLanes(repeating: -32) / dominant
    let first = sums(space, inverses)
    var scales = NumberLanes.choose(
      first.products / first.squares,
      where: .zero,
      isLessThan: first.squares,
      else: .zero
    )
    var best = scales * first.products
    var result = Result(scales: scales, inverses: inverses)
    var trial = -9
    while trial <= 9 {
      if trial != 0 {
        inverses = NumberLanes(repeating: -(32 + 0.1 * Float(trial))) / dominant
        let fit = sums(space, inverses)
        // Comparing the fits' products spares the division where nothing improves.
        let gain = NumberLanes.choose(
          fit.products * fit.products,
          where: .zero,
          isLessThan: fit.squares,
          else: NumberLanes(repeating: -.infinity)
        )
        let bar = best * fit.squares
        scales = fit.products / fit.squares
        result.scales = .choose(scales, where: bar, isLessThan: gain, else: result.scales)
        result.inverses = .choose(inverses, where: bar, isLessThan: gain, else: result.inverses)
        best = .choose(scales * fit.products, where: bar, isLessThan: gain, else: best)
      }
      trial &+= 1
    }
    result.scales = .choose(.zero, where: largest, isLessThan: limit, else: result.scales)
    result.inverses = .choose(.zero, where: largest, isLessThan: limit, else: result.inverses)
    return result
  }

  /// The weighted sums of the codes' products with the numbers and of their squares.
  @inline(__always)
  private static func sums(
    _ space: Workspace,
    _ inverses: NumberLanes
  ) -> (products: NumberLanes, squares: NumberLanes) {
    let low = NumberLanes(repeating: -32)
    let high = NumberLanes(repeating: 31)
    var products = NumberLanes.zero
    var squares = NumberLanes.zero
    var index = 0
    while index < 16 {
      let code = (inverses * space.numbers[index]).nearestNumbers(from: low, to: high)
      products += space.cubes[index] * code
      squares += space.squares[index] * code * code
      index &+= 1
    }
    return (products, squares)
  }
}
