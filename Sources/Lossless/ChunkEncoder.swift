/// Codes chunks one after the other; each thread has its own.
///
/// Memory: a few buffers of the size of the largest chunk so far, which are used again.
public struct ChunkEncoder: ~Copyable {
  /// How much work is spent.
  public let level: CompressionLevel

  /// An encoder.
  public init(level: CompressionLevel = .default) { self.level = level }

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
    let written = bytes.withUnsafeBytes { bytes in
      frames.withUnsafeMutableBytes { frames in
        RawFrame.write(
          UnsafeRawBufferPointer(rebasing: bytes[range]),
          to: UnsafeMutableRawBufferPointer(rebasing: frames[start...])
        )
      }
    }
    var record = ChunkRecord(mode: .raw)
    record.planeBytes[0] = UInt32(written)
    record.hash = Checksum.of(bytes, range)
    return record
  }
}
