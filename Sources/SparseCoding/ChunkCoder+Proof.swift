internal import ModelIR

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// The comparison that follows every encoding.
extension ChunkCoder {
  /// Decodes what was just encoded and compares it with the dense chunk it was made of.
  /// - Parameters:
  ///   - count: how many values the chunk has.
  ///   - before: how many values of the tensor stand before it.
  ///   - scratch: a buffer used for the decoded chunk.
  public func proves(
    _ encoded: EncodedChunk,
    _ chunk: Chunk,
    count: Int,
    before: UInt64,
    equals dense: [UInt8],
    scratch: inout [UInt8]
  ) -> Bool {
    var rowEnds: [Int] = []
    if layout == .csr {
      guard let ends = encoded.rowEnds(of: chunk, count: count, before: before, width: offsetWidth) else {
        return false
      }
      rowEnds = ends
    }
    return decode(encoded, chunk, rowEnds: rowEnds, into: &scratch)
      && Self.areEqual(scratch, dense, byteCount: chunk.elementCount * lanes.rawValue)
  }

  /// How many elements of two dense chunks differ in their bits, and which is the first.
  public static func differences(
    _ left: [UInt8],
    _ right: [UInt8],
    elementBytes: Int,
    count: Int
  ) -> (count: Int, first: Int?) {
    if areEqual(left, right, byteCount: elementBytes * count) { return (0, nil) }
    var differing = 0
    var first: Int?
    for element in 0..<count {
      let bytes = element * elementBytes..<(element + 1) * elementBytes
      if left[bytes] == right[bytes] { continue }
      differing += 1
      if first == nil { first = element }
    }
    return (differing, first)
  }

  /// Whether the first bytes of two buffers are the same.
  public static func areEqual(_ left: [UInt8], _ right: [UInt8], byteCount: Int) -> Bool {
    precondition(left.count >= byteCount && right.count >= byteCount)
    return left.withUnsafeBytes { left in
      right.withUnsafeBytes { right in
        guard let left = left.baseAddress, let right = right.baseAddress else { return true }
        return memcmp(left, right, byteCount) == 0
      }
    }
  }
}

extension EncodedChunk {
  /// Where the rows of a chunk end, counted from its first value, as the row offsets have it; nil where these
  /// do not ascend from the chunk's first value to its last.
  func rowEnds(of chunk: Chunk, count: Int, before: UInt64, width: IndexWidth) -> [Int]? {
    // A piece of a row other than its first has no offset.
    if chunk.firstColumn > 0 { return [count] }
    return rowOffsets.withUnsafeBytes { bytes in
      var ends: [Int] = []
      ends.reserveCapacity(chunk.rowCount)
      var least: UInt64 = 0
      for row in 0..<chunk.rowCount {
        let offset =
          width == .bits64
          ? bytes.loadUnaligned(fromByteOffset: row * 8, as: UInt64.self)
          : UInt64(bytes.loadUnaligned(fromByteOffset: row * 4, as: UInt32.self))
        let start = offset &- before
        guard start >= least, start <= (row == 0 ? 0 : UInt64(count)) else { return nil }
        if row > 0 { ends.append(Int(start)) }
        least = start
      }
      ends.append(count)
      return ends
    }
  }
}
