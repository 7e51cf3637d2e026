internal import ModelIR

/// Words within names, letters of either case alike.
enum NameWords {
  /// Whether the name ends so, in just these letters.
  static func ends(_ name: TensorName, in ending: [UInt8]) -> Bool {
    let bytes = name.text.utf8Span.span
    let start = bytes.count - ending.count
    return start >= 0 && ending.indices.reversed().allSatisfy { bytes[start + $0] == ending[$0] }
  }

  /// Whether `word`, in lower case, stands in the name.
  static func contains(_ word: [UInt8], in name: TensorName) -> Bool {
    let bytes = name.text.utf8Span.span
    guard let first = word.first, bytes.count >= word.count else { return false }
    var start = 0
    while start <= bytes.count &- word.count {
      if lowered(bytes[start]) == first {
        var index = 1
        while index < word.count && lowered(bytes[start &+ index]) == word[index] { index &+= 1 }
        if index == word.count { return true }
      }
      start &+= 1
    }
    return false
  }

  private static func lowered(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }

  /// The parts of a name between its dots, without a last one that is `weight`.
  static func parts(_ name: TensorName) -> [Substring] {
    var parts = name.text.split(separator: ".", omittingEmptySubsequences: false)
    if parts.count > 1 && parts.last == "weight" { parts.removeLast() }
    return parts
  }

  /// What stands before the first part of a name that is a number, and that number: the stack of blocks that a layer is
  /// in, and which of them; nil where no part is one, or the first is.
  static func block(_ name: TensorName) -> (stack: String, number: UInt64)? {
    let text = name.text
    var start = text.utf8.startIndex
    while let end = text.utf8[start...].firstIndex(of: UInt8(ascii: "."))
      ?? (start < text.utf8.endIndex ? text.utf8.endIndex : nil)
    {
      if let number = number(text[start..<end]), start > text.utf8.startIndex {
        return (String(text[..<text.utf8.index(before: start)]), number)
      }
      if end == text.utf8.endIndex { return nil }
      start = text.utf8.index(after: end)
    }
    return nil
  }

  /// The number that a part of a name is; nil for all others.
  static func number(_ part: Substring) -> UInt64? {
    guard let first = part.utf8.first, first.isDigit else { return nil }
    return UInt64(part)
  }
}

extension UInt8 {
  /// Whether it is an ASCII digit.
  package var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
}
