import Lossless
import ModelIR

/// A chunk with its record and frames.
struct CodedChunk {
  let kind: ContentKind
  let bytes: [UInt8]
  var record: ChunkRecord
  var frames: [UInt8]

  init(_ bytes: [UInt8], as kind: ContentKind, by encoder: inout ChunkEncoder) {
    self.kind = kind
    self.bytes = bytes
    // Not at the start of either buffer.
    var room = [UInt8](repeating: 0xA5, count: ChunkEncoder.mostBytes(forChunkOf: bytes.count) + 5)
    record = encoder.encode([7] + bytes, 1..<(1 + bytes.count), as: kind, into: &room, startingAt: 5)
    frames = Array(room[5..<(5 + Int(record.byteCount))])
  }

  init(_ bytes: [UInt8], as kind: ContentKind, level: CompressionLevel = .default) {
    var encoder = ChunkEncoder(level: level)
    self.init(bytes, as: kind, by: &encoder)
  }

  /// The decoded bytes, among bytes that must stay.
  func decoded(by decoder: inout ChunkDecoder) throws -> [UInt8] {
    var restored = [UInt8](repeating: 0x5A, count: bytes.count + 10)
    try decoder.decode(
      [9, 9] + frames,
      2..<(2 + frames.count),
      record,
      as: kind,
      count: bytes.count,
      into: &restored,
      startingAt: 4
    )
    guard restored[..<4].allSatisfy({ $0 == 0x5A }), restored[(4 + bytes.count)...].allSatisfy({ $0 == 0x5A })
    else { throw Outside() }
    return Array(restored[4..<(4 + bytes.count)])
  }

  struct Outside: Error {}
}
