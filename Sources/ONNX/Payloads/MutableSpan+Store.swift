extension MutableSpan where Element == UInt8 {
  /// Stores the bytes of an integer from `index` on, the lowest first.
  @inline(__always)
  mutating func store<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, at index: Int) {
    // Unsafe for other elements, of which not all bits may mean something; the bounds are checked.
    var bytes = unsafe mutableBytes
    bytes.storeBytes(of: value.littleEndian, toByteOffset: index, as: Value.self)
  }
}
