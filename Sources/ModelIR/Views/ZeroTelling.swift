/// Elements of a byte each that need not be decoded to tell which are zero.
package protocol ZeroTelling: Sendable {
  /// Writes one bit for each of `count` elements from number `first` on: 1 where the element is not 0.
  ///
  /// - Parameters:
  ///   - scratch: a buffer that is used again.
  ///   - words: takes the bits, the first element's lowest; grows if need be. Bits of the last word that belong to
  ///     no element become 0.
  /// - Returns: whether it could be told; if not, these elements have to be decoded.
  /// - Throws: what reading throws.
  func nonzeroBits(
    _ count: Int,
    from first: UInt64,
    scratch: inout [UInt8],
    into words: inout [UInt64]
  ) throws -> Bool
}
