/// Decodes chunks one after the other; each thread has its own.
///
/// Memory: a few buffers of the size of the largest chunk so far, six times as much in all, which are used again.
/// Nothing is allocated that ``CompressionGrid/mostChunkBytes`` does not bound, and no frame yields more than its
/// chunk has room for.
public struct ChunkDecoder: ~Copyable {
  private let restorer = ChunkRestorer()

  /// A decoder.
  public init() {}

  /// Decodes the frames `frames[range]` of a chunk of `count` bytes into `bytes` from `start` on, and proves its
  /// hash.
  ///
  /// `bytes` is at least `start + count` bytes long. Where this throws, these bytes are unspecified and the rest is
  /// as it was.
  /// - Throws: ``ChunkFault``.
  public mutating func decode(
    _ frames: [UInt8],
    _ range: Range<Int>,
    _ record: ChunkRecord,
    as kind: ContentKind,
    count: Int,
    into bytes: inout [UInt8],
    startingAt start: Int
  ) throws(ChunkFault) {
    guard record.byteCount == UInt64(range.count) else { throw ChunkFault(rule: .planes) }
    let broken = frames.withUnsafeBufferPointer { frames in
      bytes.withUnsafeMutableBufferPointer { bytes in
        restorer.restore(
          UnsafeBufferPointer(rebasing: frames[range]),
          record,
          as: kind,
          into: UnsafeMutableBufferPointer(rebasing: bytes[start..<(start + count)])
        )
      }
    }
    if let broken { throw ChunkFault(rule: broken) }
    guard Checksum.of(bytes, start..<(start + count)) == record.hash else { throw ChunkFault(rule: .hash) }
  }
}
