internal import Inspection

/// The order in which people count: `layer 2` before `layer 10`.
public enum NaturalOrder {
  /// Whether one text comes before another; runs of ASCII digits count as numbers of any length, all else
  /// goes by bytes.
  public static func precedes(_ first: String, _ second: String) -> Bool {
    compare(first.utf8Span.span, second.utf8Span.span) < 0
  }

  /// Negative where the first text comes before the second, positive where it comes after, 0 for the same
  /// bytes. A ``FoldedName/star`` is the least number.
  static func compare(_ first: Span<UInt8>, _ second: Span<UInt8>) -> Int {
    var (a, b) = (0, 0)
    // Numbers that are equal but for zeros before them decide only where nothing else does.
    var zeros = 0
    while a < first.count && b < second.count {
      let (left, right) = (first[a], second[b])
      guard left.isDigit && right.isDigit else {
        if left != right { return Int(left.rank) - Int(right.rank) }
        a &+= 1
        b &+= 1
        continue
      }
      let (startA, startB) = (a, b)
      while a < first.count && first[a] == UInt8(ascii: "0") { a &+= 1 }
      while b < second.count && second[b] == UInt8(ascii: "0") { b &+= 1 }
      let (leadingA, leadingB) = (a - startA, b - startB)
      var difference = 0
      while a < first.count, b < second.count, first[a].isDigit, second[b].isDigit {
        if difference == 0 { difference = Int(first[a]) - Int(second[b]) }
        a &+= 1
        b &+= 1
      }
      // The longer number is the larger one.
      if a < first.count && first[a].isDigit { return 1 }
      if b < second.count && second[b].isDigit { return -1 }
      if difference != 0 { return difference }
      if zeros == 0 { zeros = leadingA - leadingB }
    }
    let left = (first.count - a) - (second.count - b)
    return left != 0 ? left : zeros
  }
}

extension UInt8 {
  /// Where a byte stands among others: the star just before the digits.
  fileprivate var rank: Int {
    self == FoldedName.star ? 2 * Int(UInt8(ascii: "0")) - 1 : 2 * Int(self)
  }
}
