import ByteIO
import Lossless
import ModelIR
import Synchronization
import TestSupport
import Testing

@Suite("Restored files")
struct RestoredSourceTests {
  /// Bytes that count which of them are read.
  final class CountingSource: ByteSource {
    let source: any ByteSource
    let reads = Mutex<[Range<UInt64>]>([])
    var byteCount: UInt64 { source.byteCount }
    var displayName: String { source.displayName }

    init(_ source: any ByteSource) { self.source = source }

    func read(_ count: Int, at offset: UInt64, into buffer: inout [UInt8], startingAt start: Int) throws {
      reads.withLock { $0.append(offset..<(offset + UInt64(count))) }
      try source.read(count, at: offset, into: &buffer, startingAt: start)
    }

    func rest() throws {}
  }

  private let temporary: TemporaryFolder

  init() throws { temporary = try TemporaryFolder() }

  /// A file of random regions with gaps between them, and compressed.
  private func sample(
    _ generator: inout SeededGenerator
  ) throws -> (bytes: [UInt8], file: FileRegions, stored: CountingSource, places: [Range<UInt64>]) {
    var regions: [FileRegion] = []
    var end: UInt64 = 0
    for number in 0..<16 {
      let gap = [0, 0, 3, 40, 300_000][Int(generator.next() % 5)]
      let count = [1, 2, 64, 1000, 20_000, 70_000, 200_000][Int(generator.next() % 7)]
      let start = end + UInt64(gap)
      let kind: [ContentKind] = [
        .elements(.uint8), .elements(.bfloat16), .elements(.float32), .elements(.float4E2M1), .blocks(.q4_0),
      ]
      let chosen = kind[Int(generator.next() % 5)]
      let bytes = UInt64(chosen == .blocks(.q4_0) ? count / 8 * 18 + 18 : count * chosen.unitBytes)
      regions.append(
        FileRegion(
          name: TensorName("t\(number)"),
          kind: chosen,
          rowBytes: number % 2 == 0 ? nil : UInt64(chosen.unitBytes),
          range: start..<(start + bytes)
        )
      )
      end = start + bytes
    }
    end += generator.next() % 100
    var bytes = generator.bytes(Int(end))
    // Half of the regions are mostly zeros.
    for region in regions where region.range.lowerBound % 2 == 0 {
      for place in region.range where place % 5 != 0 { bytes[Int(place)] = 0 }
    }
    let file = try #require(FileRegions(regions, byteCount: end))
    let transaction = try OutputTransaction.besideFile(temporary.path("x"), force: true, inputs: [])
    let output = try transaction.create("x")
    let result = try FileCompressor(
      MemorySource(bytes, named: "m"),
      file,
      level: .default,
      progress: WorkProgress()
    ).run(threads: 2, memory: 32_000_000, to: output, at: 0)
    try transaction.commit()
    var digest = ContentDigest()
    digest.update(bytes[...])
    try #require(result.digest == digest.hexadecimal())
    let stored = CountingSource(MemorySource(try temporary.read("x"), named: "x"))
    return (bytes, file, stored, result.places)
  }

  @Test("indexes and frames stand one behind the other, without a hole")
  func places() throws {
    try withSeed { generator in
      let sample = try sample(&generator)
      var end: UInt64 = 0
      for place in sample.places.sorted(by: { $0.lowerBound < $1.lowerBound }) {
        try #require(place.lowerBound == end)
        end = place.upperBound
      }
      try #require(end == sample.stored.byteCount)
      // What is in no region comes first.
      try #require(sample.places.last?.lowerBound == 0)
    }
  }

  @Test("any range reads as the bytes that were compressed")
  func ranges() throws {
    try withSeed { generator in
      let (bytes, file, stored, places) = try sample(&generator)
      let source = RestoredSource(stored, file, places: places)
      var buffer = [UInt8](repeating: 0, count: 1 << 21)
      for _ in 0..<400 {
        let start = Int(generator.next() % UInt64(bytes.count))
        let most = [1, 40, 5000, 1 << 18, 1 << 21][Int(generator.next() % 5)]
        let count = min(bytes.count - start, Int(generator.next() % UInt64(most)) + 1)
        let target = Int(generator.next() % UInt64(buffer.count - count + 1))
        try source.read(count, at: UInt64(start), into: &buffer, startingAt: target)
        try #require(buffer[target..<(target + count)] == bytes[start..<(start + count)])
      }
      let end = source.byteCount
      #expect(throws: SourceEndFault.self) { try source.read(2, at: end - 1, into: &buffer, startingAt: 0) }
    }
  }

  @Test(
    "a read takes the index and the chunks that it touches, and no others; neighbours decode no chunk twice"
  )
  func touchedChunks() throws {
    try withSeed { generator in
      let rows: UInt64 = 8192
      let bytes = generator.bytes(Int(rows) * 512)
      let region = FileRegion(name: "w", kind: .elements(.bfloat16), rowBytes: 512, range: 0..<(rows * 512))
      let file = try #require(FileRegions([region], byteCount: rows * 512))
      let transaction = try OutputTransaction.besideFile(temporary.path("x"), force: true, inputs: [])
      let result = try FileCompressor(
        MemorySource(bytes, named: "m"),
        file,
        level: .default,
        progress: WorkProgress()
      ).run(threads: 1, memory: 1, to: transaction.create("x"), at: 0)
      try transaction.commit()
      let stored = CountingSource(MemorySource(try temporary.read("x"), named: "x"))
      let source = RestoredSource(stored, file, places: result.places)
      let chunks = try #require(result.chunks > 12 ? result.chunks : nil)
      // Ten rows within one chunk of 512: the index and one chunk.
      var buffer = [UInt8](repeating: 0, count: 1 << 20)
      try source.read(5120, at: 700 * 512, into: &buffer, startingAt: 0)
      try #require(Array(buffer[..<5120]) == Array(bytes[700 * 512..<(710 * 512)]))
      let first = stored.reads.withLock { $0 }
      let taken = first.reduce(0) { $0 + $1.count }
      let all = Int(stored.byteCount)
      try #require(taken < all / Int(chunks) * 2, "\(taken) of \(all)")
      // Pieces that meet within chunks: each chunk once.
      stored.reads.withLock { $0 = [] }
      var offset: UInt64 = 0
      while offset < source.byteCount {
        let count = min(100_000, source.byteCount - offset)
        try source.read(Int(count), at: offset, into: &buffer, startingAt: 0)
        offset += count
      }
      let again = stored.reads.withLock { $0 }.filter { $0.count > 10_000 }
      // The chunk that is known already is not read again.
      try #require(again.count == Int(chunks) - 1, "\(again.count) of \(chunks)")
    }
  }

  @Test("regions that overlap, leave the file or are empty are none")
  func regions() {
    /// A region of these bytes.
    func region(_ range: Range<UInt64>) -> FileRegion {
      FileRegion(name: "w", kind: .elements(.uint8), rowBytes: nil, range: range)
    }
    #expect(FileRegions([region(0..<4), region(3..<5)], byteCount: 10) == nil)
    #expect(FileRegions([region(4..<5), region(0..<4)], byteCount: 10) == nil)
    #expect(FileRegions([region(4..<11)], byteCount: 10) == nil)
    #expect(FileRegions([region(4..<4)], byteCount: 10) == nil)
    #expect(FileRegions([region(0..<4), region(4..<10)], byteCount: 10)?.remainderByteCount == 0)
    #expect(FileRegions([], byteCount: 10)?.remainderByteCount == 10)
  }
}
