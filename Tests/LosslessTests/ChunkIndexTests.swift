import Lossless
import ModelIR
import Testing

@Suite struct ChunkIndexTests {
  @Test("an index comes back as it was written") func roundTrip() throws {
    let grid = CompressionGrid(kind: .elements(.bfloat16), byteCount: 700_000, rowBytes: 768, isSparse: false)
    var encoder = ChunkEncoder()
    let bytes = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    var frames = [UInt8](repeating: 0, count: ChunkEncoder.mostBytes(forChunkOf: grid.chunkBytes))
    var records: [ChunkRecord] = []
    var payload: [UInt8] = []
    for index in 0..<grid.count {
      let start = Int(grid.start(ofChunk: index))
      let count = grid.byteCount(ofChunk: index)
      let record = encoder.encode(bytes, start..<(start + count), as: grid.kind, into: &frames, startingAt: 0)
      payload += frames[..<Int(record.byteCount)]
      records.append(record)
    }
    let index = ChunkIndex(grid: grid, records: records)
    let stored = index.encoded() + payload
    let read = try ChunkIndex(
      from: MemorySource(stored, named: "x"),
      at: 0,
      compressedBytes: UInt64(stored.count),
      kind: grid.kind,
      byteCount: grid.byteCount
    )
    #expect(read.records == records)
    #expect(read.grid == grid)
    var decoder = ChunkDecoder()
    var restored = [UInt8](repeating: 0, count: bytes.count)
    var from = Int(read.byteCount)
    for (number, record) in read.records.enumerated() {
      try decoder.decode(
        stored,
        from..<(from + Int(record.byteCount)),
        record,
        as: grid.kind,
        count: grid.byteCount(ofChunk: UInt64(number)),
        into: &restored,
        startingAt: Int(grid.start(ofChunk: UInt64(number)))
      )
      from += Int(record.byteCount)
    }
    #expect(restored == bytes)
  }
}
