/// Decodes chunks one after the other; each thread has its own.
///
/// Memory: a few buffers of the size of the largest chunk so far, which are used again. Nothing is allocated that
/// ``CompressionGrid/mostChunkBytes`` does not bound, and no frame yields more than its chunk has room for.
public struct ChunkDecoder: ~Copyable {
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
    let isWhole = frames.withUnsafeBytes { frames in
      bytes.withUnsafeMutableBytes { bytes in
        RawFrame.read(
          UnsafeRawBufferPointer(rebasing: frames[range]),
          into: UnsafeMutableRawBufferPointer(rebasing: bytes[start..<(start + count)])
        )
      }
    }
    guard isWhole else { throw ChunkFault(rule: .frame) }
    guard Checksum.of(bytes, start..<(start + count)) == record.hash else { throw ChunkFault(rule: .hash) }
  }
}

/// A chunk that does not decode.
public struct ChunkFault: Error, Hashable {
  /// The rules, one case each.
  public enum Rule: Sendable, Hashable {
    /// The planes' sizes are not what its mode can have.
    case planes
    /// A frame is broken, or holds another number of bytes than its plane has.
    case frame
    /// The parts contradict each other: a mask with another number of set bits than there are values, ...
    case parts
    /// The decoded bytes have another hash.
    case hash
  }
  /// The broken rule.
  public let rule: Rule

  /// A chunk that breaks `rule`.
  public init(rule: Rule) { self.rule = rule }

  /// The rule in words, for a message that says where the chunk is.
  public var problem: String {
    switch rule {
    case .planes: "the sizes of its planes are not those of its mode"
    case .frame: "a zstd frame is broken, or has another size than it should"
    case .parts: "its parts contradict each other"
    case .hash: "its bytes have another xxh64 than the index says"
    }
  }
}
