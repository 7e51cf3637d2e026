internal import CXXHash

/// xxh64 with seed 0, which finds what a disk or a wire did to bytes. It is no defence against intent.
public enum Checksum {
  /// The hash of `bytes[range]`.
  public static func of(_ bytes: [UInt8], _ range: Range<Int>) -> UInt64 {
    bytes.withUnsafeBytes { of(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }

  static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 { XXH64(bytes.baseAddress, bytes.count, 0) }
}
