internal import Conversion
internal import Inspection
internal import ModelIR
internal import Quantizing
internal import SparseCoding

/// Zeros and patterns counted on the codes of blocks, against a sum of the bytes that are stored.
struct BlockStatisticsBenchmarks {
  private static let bar = 0.3
  private static let barred: [GGMLType] = [.q4_0, .q8_0]
  private static let columns = 4096
  private let setting: Setting

  init(_ setting: Setting) { self.setting = setting }

  func run() throws -> [Row] {
    let data = BlockData(byteCount: setting.bufferBytes, .twoOfFour)
    let others = GGMLType.blocked.filter { !Self.barred.contains($0) && BlockCodes($0) != nil }
    return try Self.barred.flatMap { type in
      [try inMemory(type, data), try ofFile(type, data)]
    } + others.map { try inMemory($0, data) }
  }

  /// All that an inspection counts, from blocks in memory to counts.
  private func inMemory(_ type: GGMLType, _ data: BlockData) throws -> Row {
    let matrix = try CodedMatrix(type, data, columns: Self.columns)
    let counts = matrix.scan()
    // What was encoded keeps the zeros of the weights; blocks drawn at random have others.
    let isRight = counts.patterns[1].violations == 0 && counts.nonzero * 2 <= counts.elements
    guard isRight || BlockEncoder(type) == nil else {
      throw WrongResult(description: "\(type.name): the scan miscounts 2:4 weights")
    }
    let isBarred = Self.barred.contains(type)
    let samples = try Interleaved.measure(
      rounds: setting.isQuick || !isBarred ? 5 : 15,
      [
        { Interleaved.seconds { Blackhole.take(matrix.sum()) } },
        { Interleaved.seconds { Blackhole.take(matrix.scan().nonzero) } },
      ]
    )
    return .throughput(
      .gguf,
      "statistics of \(type.name) codes",
      bytes: matrix.byteCount,
      samples[1],
      against: samples[0],
      named: "sum",
      bar: isBarred ? .ratioAtLeast(Self.bar) : nil
    )
  }

  /// The same of a file: opened, read and reported.
  private func ofFile(_ type: GGMLType, _ data: BlockData) throws -> Row {
    let scratch = setting.scratch
    let path = scratch.file("blocks.gguf")
    defer { scratch.remove("blocks.gguf") }
    let blocks = try data.blocks(type)
    let tensor = GGUFFile.Tensor(
      name: "blk.0.weight",
      type: type,
      dims: [UInt64(Self.columns), UInt64(data.count / Self.columns)]
    )
    try GGUFFile.write([tensor], pattern: blocks, to: path)
    let samples = try Interleaved.measure(
      rounds: setting.isQuick ? 5 : 15,
      [
        { Interleaved.seconds { Blackhole.take(blocks.withUnsafeBytes(PlainMemory.sum)) } },
        { try Interleaved.seconds { try inspect(path) } },
      ]
    )
    return .throughput(
      .gguf,
      "  the same of a file",
      bytes: blocks.count,
      samples[1],
      against: samples[0],
      named: "sum"
    )
  }

  private func inspect(_ path: String) throws {
    let inspector = Inspector(
      pool: ChunkPool(threads: 1),
      chunkBytes: ChunkedMatrix.chunkBytes,
      progress: WorkProgress()
    )
    let reports = try inspector.inspect(OpenedModel(path).model)
    guard let statistics = reports.first?.statistics, statistics.patterns[1].count.violations == 0 else {
      throw WrongResult(description: "\(path): 2:4 weights are miscounted")
    }
    Blackhole.take(statistics.nonzeros)
  }
}

/// A matrix of blocks in memory, cut to chunks as an inspection cuts tensors.
private struct CodedMatrix {
  private let codes: BlockCodes
  private let grid: ChunkGrid
  /// The blocks of each chunk.
  private let chunks: [[UInt8]]

  init(_ type: GGMLType, _ data: BlockData, columns: Int) throws {
    guard let codes = BlockCodes(type), let shape = Shape([UInt64(data.count / columns), UInt64(columns)])
    else { throw WrongResult(description: "\(type.name) has no codes") }
    let grid = ChunkGrid(shape: shape, elementBytes: 1, chunkBytes: ChunkedMatrix.chunkBytes)
    let blocks = try data.blocks(type)
    self.codes = codes
    self.grid = grid
    chunks = (0..<grid.count).map { index in
      let range = grid.denseRange(of: grid[index])
      let start = Int(range.offset) / type.blockElements * type.blockBytes
      return Array(blocks[start..<start + range.byteCount / type.blockElements * type.blockBytes])
    }
  }

  /// The bytes of the blocks.
  var byteCount: Int { chunks.reduce(0) { $0 + $1.count } }

  func sum() -> UInt64 {
    chunks.reduce(0) { sum, chunk in sum &+ chunk.withUnsafeBytes(PlainMemory.sum) }
  }

  /// Counts each chunk for itself, as an inspection does.
  func scan() -> ScanCounts {
    let scanner = ChunkScanner()
    var words = [UInt64](repeating: 0, count: ChunkedMatrix.chunkBytes / 64)
    var total = ScanCounts()
    for (index, blocks) in chunks.enumerated() {
      var counts = ScanCounts()
      let blockCount = blocks.count / codes.type.blockBytes
      codes.nonzeroBits(blocks, from: 0, blockCount: blockCount, into: &words)
      scanner.scan(nonzeroBits: words, grid[index], of: grid, into: &counts)
      total.add(counts)
    }
    return total
  }
}
