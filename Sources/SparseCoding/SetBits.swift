internal import CKernels

/// The set bits of masks.
package enum SetBits {
  /// How many bits of some bytes are set.
  static func count(_ bytes: UnsafePointer<UInt8>, _ byteCount: Int, _ set: KernelSet) -> Int {
    var count = 0
    var index = 0
    if UInt(bitPattern: bytes) % 8 == 0 {
      let words = byteCount / 8
      // Without the kernel a population is a dozen steps where the least of processors is built for.
      count = bytes.withMemoryRebound(to: UInt64.self, capacity: words) {
        Int(lacuna_population(set.code, $0, words))
      }
      index = words &* 8
    }
    while index &+ 8 <= byteCount {
      count &+= UnsafeRawPointer(bytes + index).loadUnaligned(as: UInt64.self).nonzeroBitCount
      index &+= 8
    }
    while index < byteCount {
      count &+= bytes[index].nonzeroBitCount
      index &+= 1
    }
    return count
  }

  /// How many bits of each row are set.
  /// - Parameters:
  ///   - mask: holds the rows, one behind the other.
  ///   - bytesPerRow: the bytes of a row.
  ///   - rows: how many rows there are.
  package static func counts(inRowsOf mask: [UInt8], bytesPerRow: Int, rows: Int) -> [UInt64] {
    precondition(rows >= 0 && bytesPerRow >= 0 && rows * bytesPerRow <= mask.count)
    let set = KernelSet.current
    return mask.withUnsafeBufferPointer { mask in
      guard let base = mask.baseAddress else { return [UInt64](repeating: 0, count: rows) }
      return (0..<rows).map { UInt64(count(base + $0 * bytesPerRow, bytesPerRow, set)) }
    }
  }
}
