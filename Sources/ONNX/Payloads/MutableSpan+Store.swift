extension MutableSpan where Element == UInt8 {
  /// Stores the bytes of an integer from `index` on, the lowest first.
  @inline(__always)
  mutating func store<Value: FixedWidthInteger>(_ value: Value, at index: Int) {
    var byte = 0
    while byte < MemoryLayout<Value>.size {
      self[index &+ byte] = UInt8(truncatingIfNeeded: value &>> Value(truncatingIfNeeded: byte &* 8))
      byte &+= 1
    }
  }
}
