extension Hasher {
  /// Feeds bytes, eight at a time, and their count.
  public mutating func combine(bytes: Span<UInt8>) {
    var index = 0
    while index &+ 8 <= bytes.count {
      var word: UInt64 = 0
      for position in 0..<8 { word |= UInt64(bytes[index &+ position]) &<< UInt64(position &* 8) }
      combine(word)
      index &+= 8
    }
    var tail = UInt64(bytes.count)
    while index < bytes.count {
      tail = tail &<< 8 | UInt64(bytes[index])
      index &+= 1
    }
    combine(tail)
  }
}
