/// Codes chunks one after the other; each thread has its own.
///
/// A chunk's frames are a function of its bytes, its kind, the level and the version of libzstd.
///
/// Memory: a few buffers of the size of the largest chunk so far, six times as much in all, which are used again.
public struct ChunkEncoder: ~Copyable {
  /// How much work is spent.
  public let level: CompressionLevel
  private let coder: ChunkCoder

  /// An encoder.
  public init(level: CompressionLevel = .default) { self.init(level: level, usesSequences: false) }

  /// An encoder that reaches Huffman's code as with a libzstd that lacks the parameter for it.
  package init(level: CompressionLevel, usesSequences: Bool) {
    self.level = level
    coder = ChunkCoder(level: level, usesSequences: usesSequences)
  }

  /// The bytes that a buffer needs to take the frames of a chunk of so many bytes.
  public static func mostBytes(forChunkOf count: Int) -> Int { count + count / 1024 + 1024 }

  /// Codes `bytes[range]`, one chunk, and writes its frames to `frames` from `start` on, where there is room for
  /// ``mostBytes(forChunkOf:)``.
  /// - Returns: the record, whose `byteCount` says how much was written.
  public mutating func encode(
    _ bytes: [UInt8],
    _ range: Range<Int>,
    as kind: ContentKind,
    into frames: inout [UInt8],
    startingAt start: Int
  ) -> ChunkRecord {
    let room = Self.mostBytes(forChunkOf: range.count)
    var record = bytes.withUnsafeBufferPointer { bytes in
      frames.withUnsafeMutableBufferPointer { frames in
        coder.encode(
          UnsafeBufferPointer(rebasing: bytes[range]),
          as: kind,
          to: UnsafeMutableBufferPointer(rebasing: frames[start..<(start + room)])
        )
      }
    }
    record.hash = Checksum.of(bytes, range)
    return record
  }
}
