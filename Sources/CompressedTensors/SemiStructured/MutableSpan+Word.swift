extension MutableSpan where Element == UInt8 {
  /// Stores the four bytes of a word from `index` on, the lowest first.
  mutating func store(_ word: UInt32, at index: Int) {
    self[index] = UInt8(truncatingIfNeeded: word)
    self[index &+ 1] = UInt8(truncatingIfNeeded: word &>> 8)
    self[index &+ 2] = UInt8(truncatingIfNeeded: word &>> 16)
    self[index &+ 3] = UInt8(truncatingIfNeeded: word &>> 24)
  }
}
