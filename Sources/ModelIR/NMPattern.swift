/// N:M sparsity: at most `kept` nonzeros in every `group` consecutive elements.
public struct NMPattern: Sendable, Hashable {
  /// N: how many elements of a group may be nonzero.
  public let kept: Int
  /// M: how many consecutive elements make a group.
  public let group: Int

  /// The largest group that layouts and checks support.
  public static let largestGroup = 32

  /// A pattern with 1 <= N < M <= 32, else nil.
  public init?(kept: Int, group: Int) {
    guard kept >= 1, kept < group, group <= Self.largestGroup else { return nil }
    self.kept = kept
    self.group = group
  }

  private init(_ kept: Int, of group: Int) {
    self.kept = kept
    self.group = group
  }

  /// 2:4, which NVIDIA's sparse tensor cores take.
  public static let twoOfFour = NMPattern(2, of: 4)
  /// 1:2, which they take of 32-bit floats.
  public static let oneOfTwo = NMPattern(1, of: 2)

  /// The patterns that inspection tries and that an automatic layout may choose: those that papers and
  /// runtimes use.
  public static let common: [NMPattern] = [
    NMPattern(1, of: 2), NMPattern(2, of: 4), NMPattern(4, of: 8), NMPattern(8, of: 16),
    NMPattern(1, of: 4), NMPattern(2, of: 8),
  ]

  /// The bits that an index within a group takes: ceil(log2 M).
  public var indexBits: Int { Int.bitWidth - (group - 1).leadingZeroBitCount }

  /// How many values a row of `columns` elements keeps: the sum over its groups of min(N, length).
  public func keptPerRow(columns: UInt64) -> UInt64 {
    let (full, tail) = columns.quotientAndRemainder(dividingBy: UInt64(group))
    return full * UInt64(kept) + min(UInt64(kept), tail)
  }

  /// How many index bytes a row of `columns` elements takes.
  public func indexBytesPerRow(columns: UInt64) -> UInt64 {
    let kept = keptPerRow(columns: columns)
    // kept * bits may exceed 64 bits for the longest rows; eight values take exactly `indexBits` bytes.
    return kept / 8 * UInt64(indexBits) + (kept % 8 * UInt64(indexBits) + 7) / 8
  }
}

extension NMPattern: CustomStringConvertible, LosslessStringConvertible {
  /// `2:4`.
  public var description: String { "\(kept):\(group)" }

  /// Reads `N:M` in plain decimal digits.
  public init?(_ description: String) {
    let parts = description.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isASCII && $0.isNumber } }),
      let kept = Int(parts[0]), let group = Int(parts[1])
    else { return nil }
    self.init(kept: kept, group: group)
  }
}
