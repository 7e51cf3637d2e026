internal import CKernels

/// Searches, for consecutive groups of 32 numbers, the scale and the minimum of the codes 0 to `top` that come
/// close to the numbers, as ggml's encoders without importances do: Q4_K and Q5_K.
struct MinimumSearch {
  /// The largest code.
  let top: Float
  /// What the first trial adds to `top`; each later one adds 0.1 more.
  let firstOffset: Float
  /// The number of the last trial, the first being 0.
  let lastTrial: Int32

  /// What was found for each group.
  struct Result {
    /// The scales; 0 for groups of one number only.
    let scales: UnsafeMutablePointer<Float>
    /// The minima, none of them positive.
    let minima: UnsafeMutablePointer<Float>
    /// The inverse scales that numbered the groups; 0 for groups of one number only.
    let inverses: UnsafeMutablePointer<Float>
    /// The minima that numbered the groups.
    let codeMinima: UnsafeMutablePointer<Float>

    /// How many numbers the result for so many groups takes.
    static func size(groupCount: Int) -> Int { 4 * groupCount }

    /// Takes ``size(groupCount:)`` numbers from here on.
    init(_ start: UnsafeMutablePointer<Float>, groupCount: Int) {
      scales = start
      minima = start + groupCount
      inverses = start + 2 * groupCount
      codeMinima = start + 3 * groupCount
    }
  }

  /// Searches for the groups that start here, of any alignment.
  func run(_ numbers: UnsafeRawPointer, groupCount: Int, into result: Result) {
    lacuna_search_minimum(
      BlockKernels.current,
      numbers.assumingMemoryBound(to: UInt8.self),
      groupCount,
      lacuna_minimum_search(top: top, first_offset: firstOffset, last_trial: lastTrial),
      lacuna_minimum_fit(
        scales: result.scales,
        minima: result.minima,
        inverses: result.inverses,
        code_minima: result.codeMinima
      )
    )
  }
}
