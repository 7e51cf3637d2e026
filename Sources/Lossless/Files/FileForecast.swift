internal import ModelIR
public import SparseCoding
internal import Synchronization

/// What a file would take when compressed, foreseen from some of its chunks.
public struct FileForecast: Sendable, Hashable {
  /// The bytes of all indexes and frames.
  public var byteCount: Double
  /// The standard error of that.
  public var standardError: Double
  /// The bytes that were compressed to tell it.
  public var sampledByteCount: UInt64

  /// A forecast of these figures.
  public init(byteCount: Double, standardError: Double, sampledByteCount: UInt64) {
    self.byteCount = byteCount
    self.standardError = standardError
    self.sampledByteCount = sampledByteCount
  }

  /// Several files together.
  public static func + (left: FileForecast, right: FileForecast) -> FileForecast {
    let (a, b) = (left.standardError, right.standardError)
    return FileForecast(
      byteCount: left.byteCount + right.byteCount,
      standardError: (a * a + b * b).squareRoot(),
      sampledByteCount: left.sampledByteCount + right.sampledByteCount
    )
  }
}

extension FileCompressor {
  /// The most regions that are sampled: of more, evenly spread ones stand for all.
  private static let mostSampled = 512

  /// Compresses chunks of about `budget` bytes, at least one of each sampled region, and tells what all would take.
  ///
  /// Memory: for each thread a chunk and its frames; some 200 bytes a sampled region.
  /// - Throws: what reading throws.
  public func forecast(budget: UInt64, on pool: ChunkPool) throws -> FileForecast {
    let regions = file.regions
    let count = min(regions.count, Self.mostSampled)
    let places = (0..<count).map { (2 * $0 + 1) * regions.count / (2 * count) }
    let grids = try places.map { try grid(of: regions[$0]) }
    let rest = file.remainderByteCount
    let plain = CompressionGrid(kind: .elements(.uint8), byteCount: rest, rowBytes: nil, isSparse: false)
    let forecast = CompressionForecast(of: grids + [plain], budget: budget)
    let tasks = (grids + [plain]).indices.flatMap { tensor in
      forecast.chunks(ofTensor: tensor).map { (tensor: tensor, chunk: $0) }
    }
    let records = Mutex([ChunkRecord?](repeating: nil, count: tasks.count))
    try pool.forEach(tasks.count) {
      ForecastBuffers(ChunkEncoder(level: level))
    } _: { index, buffers in
      let (tensor, chunk) = tasks[index]
      let grid = tensor < grids.count ? grids[tensor] : plain
      let count = grid.byteCount(ofChunk: chunk)
      buffers.makeRoom(count)
      if tensor < grids.count {
        let start = regions[places[tensor]].range.lowerBound + grid.start(ofChunk: chunk)
        try source.read(count, at: start, into: &buffers.input, startingAt: 0)
      } else {
        try readRemainder(grid.start(ofChunk: chunk), count, into: &buffers.input)
      }
      let record = buffers.encoder.encode(
        buffers.input,
        0..<count,
        as: grid.kind,
        into: &buffers.frames,
        startingAt: 0
      )
      records.withLock { $0[index] = record }
    }
    var filled = forecast
    for (task, record) in zip(tasks, records.withLock({ $0 })) {
      if let record { filled.add(tensor: task.tensor, chunk: task.chunk, record) }
    }
    let remainder = filled.compressedBytes(ofTensor: grids.count)
    // Sampled regions stand for the others by their bytes.
    let sampled = grids.reduce(0.0) { $0 + Double($1.byteCount) }
    let all = regions.reduce(0.0) { $0 + Double($1.byteCount) }
    let scale = sampled > 0 ? all / sampled : 1
    return FileForecast(
      byteCount: (filled.compressedBytes - remainder) * scale + remainder,
      standardError: filled.standardError * scale,
      sampledByteCount: filled.sampleBytes
    )
  }
}

/// What one thread compresses samples with.
private final class ForecastBuffers {
  var encoder: ChunkEncoder
  var input: [UInt8] = []
  var frames: [UInt8] = []

  init(_ encoder: consuming ChunkEncoder) { self.encoder = encoder }

  func makeRoom(_ count: Int) {
    if input.count < count { input = [UInt8](repeating: 0, count: count) }
    let room = ChunkEncoder.mostBytes(forChunkOf: count)
    if frames.count < room { frames = [UInt8](repeating: 0, count: room) }
  }
}
