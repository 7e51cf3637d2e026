internal import Quantizing

/// What the user says where a file does not.
public struct Assumptions: Sendable, Hashable {
  /// One thing that can be said.
  public enum Item: String, Sendable, Hashable, CaseIterable {
    /// Integers of 3, 5, 6 and 7 bits leave the upper bits of their words empty, as versions before 0.18 packed
    /// them.
    case paddedWords = "padded-words"
    /// They are one bit stream a row, as later versions pack them.
    case denseWords = "dense-words"
    /// The exponents of MXFP4 scales are 2 too small, as versions before 0.14 wrote them.
    case smallExponents = "small-exponents"
    /// They are right.
    case rightExponents = "right-exponents"
  }

  /// How integers of 3, 5, 6 and 7 bits share words.
  var packing: IntegerPacking.Arrangement?
  /// Whether the exponents of MXFP4 scales are 2 too small.
  var hasSmallExponents: Bool?

  /// These; of two that contradict each other the later.
  public init(_ items: [Item] = []) {
    for item in items {
      switch item {
      case .paddedWords: packing = .padded
      case .denseWords: packing = .dense
      case .smallExponents: hasSmallExponents = true
      case .rightExponents: hasSmallExponents = false
      }
    }
  }
}
