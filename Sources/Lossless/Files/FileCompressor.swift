public import ByteIO
public import ModelIR
internal import SparseCoding
internal import Synchronization

/// Compresses a file, region by region: the index and the frames of each, one tensor behind the other.
///
/// A first pass encodes what lies in no region, the second goes over the whole file in its order, hashes it and encodes
/// the regions.
/// Every chunk is decoded and compared right after it is encoded. The result is the same for any number of threads.
/// Memory: for each thread a chunk, its frames and its proof, for each further slot of the pool a chunk and its
/// frames; 100 bytes for each chunk of the tensor that is being written; 32 bytes a region.
public struct FileCompressor: Sendable {
  let source: any ByteSource
  let file: FileRegions
  let level: CompressionLevel
  let progress: WorkProgress

  /// A compressor of `source`, which is made of these regions.
  public init(_ source: any ByteSource, _ file: FileRegions, level: CompressionLevel, progress: WorkProgress)
  {
    self.source = source
    self.file = file
    self.level = level
    self.progress = progress
  }

  /// What became of a file.
  public struct Result: Sendable {
    /// For each region, and last for the remainder, the bytes of its index and frames, counted from the first byte
    /// that was written.
    public var places: [Range<UInt64>]
    /// The SHA-256 of the file, in hexadecimal.
    public var digest: String
    /// The bytes of all indexes.
    public var indexBytes: UInt64
    /// The chunks.
    public var chunks: UInt64
  }

  /// More bytes than indexes and frames of a file of these regions can take.
  public static func mostBytes(of file: FileRegions) -> UInt64 {
    var total: UInt64 = 0
    func add(_ bytes: UInt64) {
      let least = UInt64(CompressionGrid.leastChunkBytes)
      let chunks = bytes / least + 1
      total = total &+ bytes &+ bytes / 8 &+ chunks &* UInt64(1024 + ChunkIndex.recordBytes) &+ 64
    }
    for region in file.regions { add(region.byteCount) }
    add(file.remainderByteCount)
    return total
  }

  /// Writes indexes and frames to `output` from `start` on; without an output it only tells what they would take.
  /// - Parameter memory: what buffers may take together; it bounds the threads that work, and nothing else.
  /// - Throws: what reading and writing throw, and ``CompressionFault`` for a chunk that does not decode again.
  public func run(threads: Int, memory: UInt64, to output: OutputFile?, at start: UInt64) throws -> Result {
    let grids = try file.regions.map { try grid(of: $0) }
    let largest = zip(grids, file.regions).reduce(1 << 18) {
      max($0, Int(min(UInt64($1.0.chunkBytes), $1.1.byteCount)))
    }
    let pool = OrderedPool(threads: threads, memory: memory, chunkBytes: largest)
    let writer = RegionWriter(output, at: start, regions: grids.count)
    let digest = Mutex(ContentDigest())
    // First, so that who reads from the start has what the source starts with, and a file that was cut short too.
    try runRemainder(on: pool, writer)
    let stages: [OrderedPool.Stage<FileSpan, Slot>] = [
      { span, slot in digest.withLock { $0.update(slot.input[..<span.byteCount]) } },
      { span, slot in
        switch span.content {
        case .remainder: break
        case .chunk(let region, let index):
          try writer.add(slot, chunk: index, of: grids[region], stream: region)
        case .batch(let regions):
          try writer.add(slot, wholeRegionsFrom: regions.lowerBound)
        }
        progress.advance(span.byteCount)
      },
    ]
    try pool.run(FileSpans(file, chunkBytes: grids.map(\.chunkBytes)), stages: stages) {
      Workspace(encoder: ChunkEncoder(level: level), decoder: ChunkDecoder())
    } slot: {
      Slot()
    } work: { span, workspace, slot in
      slot.begin(span.byteCount)
      try source.read(span.byteCount, at: span.range.lowerBound, into: &slot.input, startingAt: 0)
      switch span.content {
      case .remainder: break
      case .chunk(let region, let index):
        try encode(0..<span.byteCount, of: grids[region], chunk: index, region, &workspace, &slot)
      case .batch(let regions):
        for region in regions {
          let first = Int(file.regions[region].range.lowerBound - span.range.lowerBound)
          let range = first..<(first + Int(file.regions[region].byteCount))
          try encodeWhole(range, grids[region], region, &workspace, &slot)
        }
      }
    }
    let written = writer.result
    return Result(
      places: written.places,
      digest: digest.withLock { $0.hexadecimal() },
      indexBytes: written.indexBytes,
      chunks: written.chunks
    )
  }

  /// Writes what lies in no region.
  private func runRemainder(on pool: OrderedPool, _ writer: RegionWriter) throws {
    let grid = CompressionGrid(
      kind: .elements(.uint8),
      byteCount: file.remainderByteCount,
      rowBytes: nil,
      isSparse: false
    )
    let stream = file.regions.count
    if grid.count == 0 { return try writer.addEmpty(grid, stream: stream) }
    let write: OrderedPool.Stage<UInt64, Slot> = { chunk, slot in
      try writer.add(slot, chunk: chunk, of: grid, stream: stream)
    }
    try pool.run((0..<grid.count).makeIterator(), stages: [write]) {
      Workspace(encoder: ChunkEncoder(level: level), decoder: ChunkDecoder())
    } slot: {
      Slot()
    } work: { chunk, workspace, slot in
      let count = grid.byteCount(ofChunk: chunk)
      slot.begin(count)
      try readRemainder(grid.start(ofChunk: chunk), count, into: &slot.input)
      try encode(0..<count, of: grid, chunk: chunk, nil, &workspace, &slot)
    }
  }

  func readRemainder(_ start: UInt64, _ count: Int, into buffer: inout [UInt8]) throws {
    var (done, position) = (0, start)
    while done < count {
      let run = file.runOfRemainder(at: position)
      let piece = Int(min(UInt64(count - done), run.upperBound - run.lowerBound))
      try source.read(piece, at: run.lowerBound, into: &buffer, startingAt: done)
      done += piece
      position += UInt64(piece)
    }
  }

  // MARK: Chunks

  struct Workspace: ~Copyable {
    var encoder: ChunkEncoder
    var decoder: ChunkDecoder
    var proof: [UInt8] = []
  }

  struct Slot: Sendable {
    var input: [UInt8] = []
    var frames: [UInt8] = []
    var frameBytes = 0
    /// The record of the chunk, where there is one.
    var record = ChunkRecord(mode: .raw)
    /// The bytes of index and frames of each whole region.
    var sizes: [Int] = []

    mutating func begin(_ count: Int) {
      if input.count < count { input = [UInt8](repeating: 0, count: count) }
      frameBytes = 0
      sizes.removeAll(keepingCapacity: true)
    }

    mutating func makeRoom(_ count: Int) {
      if frames.count < frameBytes + count {
        frames.append(contentsOf: repeatElement(0, count: frameBytes + count - frames.count))
      }
    }
  }

  /// Encodes one chunk to the end of the slot's frames, and proves it.
  private func encode(
    _ range: Range<Int>,
    of grid: CompressionGrid,
    chunk: UInt64,
    _ region: Int?,
    _ workspace: inout Workspace,
    _ slot: inout Slot
  ) throws {
    slot.makeRoom(ChunkEncoder.mostBytes(forChunkOf: range.count))
    let start = slot.frameBytes
    slot.record = workspace.encoder.encode(
      slot.input,
      range,
      as: grid.kind,
      into: &slot.frames,
      startingAt: start
    )
    slot.frameBytes += Int(slot.record.byteCount)
    if workspace.proof.count < range.count { workspace.proof = [UInt8](repeating: 0, count: range.count) }
    let fault = CompressionFault(
      file: source.displayName,
      tensor: region.map { file.regions[$0].name },
      offset: grid.start(ofChunk: chunk)
    )
    do {
      try workspace.decoder.decode(
        slot.frames,
        start..<slot.frameBytes,
        slot.record,
        as: grid.kind,
        count: range.count,
        into: &workspace.proof,
        startingAt: 0
      )
    } catch { throw fault }
    guard Self.areEqual(slot.input, range, workspace.proof) else { throw fault }
  }

  /// Encodes a region of one chunk: its index and its frames.
  private func encodeWhole(
    _ range: Range<Int>,
    _ grid: CompressionGrid,
    _ region: Int,
    _ workspace: inout Workspace,
    _ slot: inout Slot
  ) throws {
    let start = slot.frameBytes
    let indexBytes = Int(ChunkIndex.byteCount(chunks: 1) ?? 0)
    slot.makeRoom(indexBytes)
    slot.frameBytes += indexBytes
    try encode(range, of: grid, chunk: 0, region, &workspace, &slot)
    let index = ChunkIndex(grid: grid, records: [slot.record]).encoded()
    slot.frames.replaceSubrange(start..<(start + indexBytes), with: index)
    slot.sizes.append(slot.frameBytes - start)
  }

  private static func areEqual(_ bytes: [UInt8], _ range: Range<Int>, _ proof: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { bytes in
      proof.withUnsafeBytes { proof in
        memoryIsEqual(
          UnsafeRawBufferPointer(rebasing: bytes[range]),
          UnsafeRawBufferPointer(rebasing: proof[..<range.count])
        )
      }
    }
  }

  // MARK: Grids

  /// How a region is cut: into larger chunks where a sample of its elements is about half zeros or more.
  func grid(of region: FileRegion) throws -> CompressionGrid {
    let plain = CompressionGrid(
      kind: region.kind,
      byteCount: region.byteCount,
      rowBytes: region.rowBytes,
      isSparse: false
    )
    guard plain.count > 1, case .elements = region.kind, try isSparse(region) else { return plain }
    return CompressionGrid(
      kind: region.kind,
      byteCount: region.byteCount,
      rowBytes: region.rowBytes,
      isSparse: true
    )
  }

  private static let (samples, sampleBytes): (UInt64, UInt64) = (4, 1 << 13)

  private func isSparse(_ region: FileRegion) throws -> Bool {
    let unit = region.kind.unitBytes
    var buffer = [UInt8](repeating: 0, count: Int(Self.sampleBytes))
    var (zeros, all) = (0, 0)
    for sample in 0..<Self.samples {
      let last = region.byteCount - Self.sampleBytes
      let start = last / (Self.samples - 1) * sample / UInt64(unit) * UInt64(unit)
      try source.read(buffer.count, at: region.range.lowerBound + start, into: &buffer, startingAt: 0)
      var place = 0
      while place + unit <= buffer.count {
        var bits: UInt8 = 0
        for byte in 0..<unit { bits |= buffer[place + byte] }
        if bits == 0 { zeros += 1 }
        all += 1
        place += unit
      }
    }
    return zeros * 16 >= all * 7
  }
}

/// A chunk that did not decode to what it was encoded from: our own mistake, found before it was written.
public struct CompressionFault: Fault, Hashable {
  /// The file that was read.
  public let file: String
  /// The tensor; nil where the bytes belong to none.
  public let tensor: TensorName?
  /// Where the chunk starts in the tensor.
  public let offset: UInt64

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    Diagnosis(
      .internalError,
      file: file,
      tensor: tensor,
      "the chunk at byte \(offset) did not survive compression; nothing was written"
    )
  }
}
