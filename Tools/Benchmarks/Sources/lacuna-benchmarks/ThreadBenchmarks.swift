internal import ModelIR
internal import SparseCoding

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// What two threads do to encoding and scanning in memory.
struct ThreadBenchmarks {
  private static let encodingBar = 0.8
  private static let scanningBar = 1.7
  private let setting: Setting

  init(_ setting: Setting) { self.setting = setting }

  func run() throws -> [Row] {
    try WeightType.allCases.flatMap { type in
      try encoding(type) + scanning(type)
    }
  }

  private var rounds: Int { setting.isQuick ? 5 : 15 }

  private func encoding(_ type: WeightType) throws -> [Row] {
    let matrix = ChunkedMatrix(Weights(type, .percent(50)), byteCount: setting.bufferBytes)
    let byteCount = matrix.byteCount
    let (source, target) = (Buffer(byteCount: byteCount), Buffer(byteCount: byteCount))
    defer { for buffer in [source, target] { buffer.free() } }
    guard let coder = ChunkCoder(layout: .bitmask, elementType: matrix.elementType, grid: matrix.grid) else {
      throw WrongResult(description: "\(type.rawValue) has no coder")
    }
    let pool = ChunkPool(threads: 2)
    let samples = try Interleaved.measure(
      rounds: rounds,
      [
        { try Interleaved.seconds { try copyHalves(source, to: target, byteCount, pool) } },
        { try Interleaved.seconds { try encode(matrix, coder, pool, to: nil) } },
        { try Interleaved.seconds { try encode(matrix, coder, pool, to: target) } },
      ]
    )
    let input = "\(type.rawValue), 50 % zeros"
    return [
      .throughput(
        .threads,
        "encode bitmask, \(input)",
        bytes: byteCount,
        samples[1],
        against: samples[0],
        named: "memcpy by two threads",
        bar: .ratioAtLeast(Self.encodingBar)
      ),
      .throughput(
        .threads,
        "the same, parts copied out",
        bytes: byteCount,
        samples[2],
        against: samples[0],
        named: "memcpy by two threads"
      ),
    ]
  }

  private func copyHalves(_ source: Buffer, to target: Buffer, _ byteCount: Int, _ pool: ChunkPool) throws {
    let half = byteCount / 2
    try pool.forEach(2) {
    } _: { index, _ in
      PlainMemory.copy(source, to: target, index == 0 ? 0..<half : half..<byteCount)
    }
  }

  /// Encodes all chunks, into buffers that are used again for each, and copies the parts to `output`, as
  /// writing them to a file does.
  private func encode(_ matrix: ChunkedMatrix, _ coder: ChunkCoder, _ pool: ChunkPool, to output: Buffer?)
    throws
  {
    try pool.forEach(matrix.chunks.count) {
      EncodedChunk()
    } _: { index, encoded in
      let chunk = matrix.grid[index]
      let count = try coder.encode(matrix.chunks[index], chunk, before: 0, into: &encoded)
      Blackhole.take(UInt64(count))
      guard let output else { return }
      let start = output.start + Int(matrix.grid.denseRange(of: chunk).offset)
      memcpy(start, encoded.structure, encoded.structureByteCount)
      memcpy(start + encoded.structureByteCount, encoded.values, encoded.valueByteCount)
    }
  }

  private func scanning(_ type: WeightType) throws -> [Row] {
    let matrix = ChunkedMatrix(Weights(type, .percent(50)), byteCount: setting.bufferBytes)
    let samples = try Interleaved.measure(
      rounds: rounds,
      [1, 2].map { threads in
        { try Interleaved.seconds { try scan(matrix, ChunkPool(threads: threads)) } }
      }
    )
    return [
      .throughput(
        .threads,
        "statistics, \(type.rawValue), 50 % zeros",
        bytes: matrix.byteCount,
        samples[1],
        against: samples[0],
        named: "the same by one thread",
        bar: .ratioAtLeast(Self.scanningBar)
      )
    ]
  }

  private func scan(_ matrix: ChunkedMatrix, _ pool: ChunkPool) throws {
    try pool.forEach(matrix.chunks.count) {
      ChunkScanner()
    } _: { index, scanner in
      var counts = ScanCounts()
      scanner.scan(
        matrix.chunks[index],
        matrix.grid[index],
        of: matrix.grid,
        matrix.elementType,
        into: &counts
      )
      Blackhole.take(counts.nonzero)
    }
  }
}
