internal import CKernels

/// Which implementation of the kernels encodes and compares indices: the sets have the names that they have elsewhere.
package enum IndexKernels: String, Sendable, CaseIterable {
  /// Plain C.
  case scalar
  /// AVX2, for which there is none but the plain one.
  case avx2
  /// AVX-512.
  case avx512

  private var code: lacuna_kernels {
    switch self {
    case .scalar: LACUNA_KERNELS_SCALAR
    case .avx2: LACUNA_KERNELS_AVX2
    case .avx512: LACUNA_KERNELS_AVX512
    }
  }

  /// Whether this machine can run it.
  package var isAvailable: Bool { lacuna_kernels_available(code) }

  /// The bytes that are overwritten behind the last index.
  static let slack = Int(LACUNA_INDEX_SLACK)

  /// How many of `count` consecutive numbers from `first` on take as many bytes as the first one, and how many those
  /// are; nil where the kernels cannot take them.
  static func run(_ first: UInt64, count: Int) -> (count: Int, length: Int)? {
    guard first % 64 == 0, count > 0 else { return nil }
    let length = Varint.byteCount(of: first)
    guard length <= Int(LACUNA_INDEX_BYTES) else { return nil }
    // A multiple of 64 too: what follows can be the next run.
    let end: UInt64 = 1 &<< UInt64(7 * length)
    return (Int(min(UInt64(count), end - first)), length)
  }

  /// Writes the numbers of a mask's set bits, all of `length` bytes, the first bit's being `first`.
  /// - Parameters:
  ///   - count: how many bits.
  ///   - place: where the first goes; behind the last one ``slack`` bytes are there.
  func encode(
    _ mask: Span<UInt8>,
    _ count: Int,
    from first: UInt64,
    length: Int,
    _ output: inout MutableSpan<UInt8>,
    _ place: inout Int
  ) {
    precondition(mask.count >= (count + 7) / 8)
    let needed = mask.setBits(count) * length
    precondition(place >= 0 && output.count - place >= needed + Self.slack)
    unsafe mask.withUnsafeBufferPointer { mask in
      unsafe output.withUnsafeMutableBufferPointer { output in
        guard let mask = mask.baseAddress, let output = output.baseAddress else { return }
        place += unsafe lacuna_encode_indices(code, mask, count, first, UInt32(length), output + place)
      }
    }
  }

  /// Whether the bytes from a place on are the numbers of a mask's set bits, all of `length` bytes; then the place goes
  /// behind them.
  func matches(
    _ bytes: Span<UInt8>,
    _ place: inout Int,
    _ mask: Span<UInt8>,
    _ count: Int,
    from first: UInt64,
    length: Int
  ) -> Bool {
    precondition(mask.count >= (count + 7) / 8 && place >= 0 && place <= bytes.count)
    let rest = bytes.extracting(place...)
    let found = unsafe mask.withUnsafeBufferPointer { mask in
      unsafe rest.withUnsafeBufferPointer { rest in
        // A span without bytes has no address.
        guard let mask = mask.baseAddress, let start = rest.baseAddress else {
          return count == 0 ? 0 : Int.max
        }
        return unsafe lacuna_match_indices(code, start, rest.count, mask, count, first, UInt32(length))
      }
    }
    // SIZE_MAX, which says that they are not, is negative here.
    if found < 0 || found > rest.count { return false }
    place += found
    return true
  }
}

extension Span where Element == UInt8 {
  /// How many of the first `count` bits are set.
  fileprivate func setBits(_ count: Int) -> Int {
    var total = 0
    var done = 0
    while done < count {
      total &+= maskWord(at: done / 8, bits: count &- done).nonzeroBitCount
      done &+= 64
    }
    return total
  }
}
