public import ByteIO
public import ModelIR
internal import SparseCoding
internal import Synchronization

/// A compressed file read as what it was: any range of the bytes, of which only the chunks are decoded that it
/// touches.
///
/// Several threads may read at once. Memory: for each thread that reads a chunk's frames and the decoder's buffers;
/// besides them some ``cacheBytes`` of decoded chunks that reads touched in part, and the indexes of the tensors that
/// were read last: 100 bytes a chunk, at most ``cachedRecords`` chunks or those of one tensor.
public final class RestoredSource: ByteSource {
  /// The bytes of decoded chunks that are kept for a neighbour's read.
  public static let cacheBytes = 8 << 20
  /// The chunks of the indexes that are kept.
  public static let cachedRecords = 1 << 16

  /// The file that holds the compressed bytes.
  public let stored: any ByteSource
  /// What the file is made of.
  public let file: FileRegions
  /// For each region, and last for the remainder, where its index and frames are in ``stored``.
  private let places: [Range<UInt64>]
  /// Where damage is noted, which then reads as zeros; nil where it ends the read.
  private let damage: DamageLog?
  private let indexes = BoundedCache<Int, LoadedIndex>(mostCost: cachedRecords, mostEntries: 64)
  private let chunks = BoundedCache<ChunkPlace, [UInt8]>(mostCost: cacheBytes, mostEntries: 256)
  private let idle = Mutex<[DecodingBuffers]>([])

  /// A file that was compressed.
  /// - Parameters:
  ///   - places: for each region, and last for the remainder, where its index and frames are.
  ///   - damage: takes what is damaged, which then reads as zeros.
  public init(
    _ stored: any ByteSource,
    _ file: FileRegions,
    places: [Range<UInt64>],
    notingDamageIn damage: DamageLog? = nil
  ) {
    precondition(places.count == file.regions.count + 1, "a place for each region and the remainder")
    self.stored = stored
    self.file = file
    self.places = places
    self.damage = damage
  }

  /// The same file with damage noted in `damage` and read as zeros.
  public func notingDamage(in damage: DamageLog) -> RestoredSource {
    RestoredSource(stored, file, places: places, notingDamageIn: damage)
  }

  /// How many bytes the restored file has.
  public var byteCount: UInt64 { file.byteCount }
  /// The compressed file's name.
  public var displayName: String { stored.displayName }
  /// Gives back what reading needs.
  public func rest() throws { try stored.rest() }

  /// Copies restored bytes out, see `ByteSource`.
  /// - Throws: ``DamagedFileFault`` where chunks that are needed are damaged, and what reading the file throws.
  public func read(_ count: Int, at offset: UInt64, into buffer: inout [UInt8], startingAt start: Int) throws
  {
    precondition(start >= 0 && count >= 0 && start + count <= buffer.count, "read beyond the buffer")
    guard offset <= byteCount, UInt64(count) <= byteCount - offset else {
      throw SourceEndFault(source: displayName, offset: offset, count: count, byteCount: byteCount)
    }
    var target = start
    try file.forEachPiece(of: offset..<(offset + UInt64(count))) { piece in
      try read(piece, into: &buffer, startingAt: target)
      target += piece.count
    }
  }

  /// The bytes of a chunk of a region: what spans of a whole pass are cut by. The usual ones where the index is
  /// damaged, which reading it will say.
  func chunkBytes(ofRegion region: Int) -> Int {
    let bytes = file.regions[region].byteCount
    // No index is needed to know that it is one chunk: no writer makes them smaller.
    if bytes <= UInt64(CompressionGrid.leastChunkBytes) { return CompressionGrid.leastChunkBytes }
    return (try? index(of: region))?.index.grid.chunkBytes ?? 1 << 18
  }

  // MARK: Reading within one region, or the remainder

  private func kind(of stream: Int) -> ContentKind {
    stream < file.regions.count ? file.regions[stream].kind : .elements(.uint8)
  }

  private func byteCount(of stream: Int) -> UInt64 {
    stream < file.regions.count ? file.regions[stream].byteCount : file.remainderByteCount
  }

  private func read(_ piece: FileRegions.Piece, into buffer: inout [UInt8], startingAt start: Int) throws {
    let stream = piece.region ?? file.regions.count
    let loaded: LoadedIndex
    do {
      loaded = try index(of: stream)
    } catch let fault as ChunkIndexFault {
      let all = 0..<byteCount(of: stream)
      try note(FileDamage(self, stream, all, fault.diagnosis.problem, at: places[stream].lowerBound))
      Self.zero(&buffer, start..<(start + piece.count))
      return
    }
    let grid = loaded.index.grid
    let size = UInt64(grid.chunkBytes)
    var position = piece.start
    let end = piece.start + UInt64(piece.count)
    var target = start
    while position < end {
      let chunk = position / size
      let first = chunk * size
      let whole = grid.byteCount(ofChunk: chunk)
      let count = Int(min(end, first + UInt64(whole)) - position)
      let place = ChunkPlace(stream: stream, chunk: chunk)
      if let known = chunks.known(place) {
        Self.copy(known, Int(position - first), count, into: &buffer, startingAt: target)
      } else if count == whole {
        try decode(place, loaded, count: whole, into: &buffer, startingAt: target)
      } else {
        let bytes = try chunks.value(for: place, cost: \.count) {
          var bytes = [UInt8](repeating: 0, count: whole)
          try decode(place, loaded, count: whole, into: &bytes, startingAt: 0)
          return bytes
        }
        Self.copy(bytes, Int(position - first), count, into: &buffer, startingAt: target)
      }
      position += UInt64(count)
      target += count
    }
  }

  private func index(of stream: Int) throws -> LoadedIndex {
    try indexes.value(for: stream, cost: { $0.index.records.count + 1 }) {
      let place = places[stream]
      return LoadedIndex(
        try ChunkIndex(
          checking: stored,
          at: place.lowerBound,
          compressedBytes: place.upperBound - place.lowerBound,
          kind: kind(of: stream),
          byteCount: byteCount(of: stream)
        )
      )
    }
  }

  private func decode(
    _ place: ChunkPlace,
    _ loaded: LoadedIndex,
    count: Int,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    let record = loaded.index.records[Int(place.chunk)]
    let offset = places[place.stream].lowerBound + loaded.starts[Int(place.chunk)]
    let stored = Int(record.byteCount)
    let buffers = idle.withLock { $0.popLast() } ?? DecodingBuffers()
    defer { idle.withLock { $0.append(buffers) } }
    if buffers.frames.count < stored {
      buffers.frames = [UInt8](repeating: 0, count: stored)
    }
    try self.stored.read(stored, at: offset, into: &buffers.frames, startingAt: 0)
    do {
      try buffers.decoder.decode(
        buffers.frames,
        0..<stored,
        record,
        as: loaded.index.grid.kind,
        count: count,
        into: &buffer,
        startingAt: start
      )
    } catch {
      let first = loaded.index.grid.start(ofChunk: place.chunk)
      let bytes = first..<(first + UInt64(count))
      try note(FileDamage(self, place.stream, bytes, "\(error.problem)", at: offset))
      Self.zero(&buffer, start..<(start + count))
    }
  }

  private func note(_ found: FileDamage) throws {
    guard let damage else { throw DamagedFileFault(damage: found) }
    damage.add(found)
  }

  private static func zero(_ buffer: inout [UInt8], _ range: Range<Int>) {
    buffer.withUnsafeMutableBytes {
      _ = UnsafeMutableRawBufferPointer(rebasing: $0[range]).initializeMemory(as: UInt8.self, repeating: 0)
    }
  }

  private static func copy(
    _ bytes: [UInt8],
    _ first: Int,
    _ count: Int,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) {
    bytes.withUnsafeBytes { bytes in
      buffer.withUnsafeMutableBytes { buffer in
        UnsafeMutableRawBufferPointer(rebasing: buffer[start..<(start + count)])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[first..<(first + count)]))
      }
    }
  }
}

extension RestoredSource: FileBacked {
  /// The compressed file itself.
  public var backing: InputFile? { InputFile.backing(stored) }
}

/// A chunk of a region or of the remainder.
private struct ChunkPlace: Hashable, Sendable {
  var stream: Int
  var chunk: UInt64
}

/// An index, and where the frames of each chunk start.
private struct LoadedIndex: Sendable {
  let index: ChunkIndex
  /// In bytes from the start of the index.
  let starts: [UInt64]

  init(_ index: ChunkIndex) {
    self.index = index
    var next = index.byteCount
    var starts: [UInt64] = []
    starts.reserveCapacity(index.records.count)
    for record in index.records {
      starts.append(next)
      next += record.byteCount
    }
    self.starts = starts
  }
}

/// What one thread decodes with.
private final class DecodingBuffers: @unchecked Sendable {
  var decoder = ChunkDecoder()
  var frames: [UInt8] = []
}

extension CompressionGrid {
  /// The fewest bytes of a chunk, where there are several: what keeps an index in proportion to its tensor.
  public static let leastChunkBytes = 1 << 15
}

extension ChunkIndex {
  /// Whether a tensor of so many bytes may take so few compressed: its index alone takes a record for each of the
  /// largest chunks. What no index can hold is never made room for.
  public static func mayHold(_ byteCount: UInt64, in compressedBytes: UInt64) -> Bool {
    byteCount / UInt64(CompressionGrid.mostChunkBytes) <= compressedBytes / UInt64(recordBytes)
  }

  /// Reads an index whose chunks are not smaller than any writer makes them, so that what is allocated for it stays in
  /// proportion to the tensor.
  init(
    checking source: any ByteSource,
    at offset: UInt64,
    compressedBytes: UInt64,
    kind: ContentKind,
    byteCount: UInt64
  ) throws {
    var size: [UInt8] = [0, 0, 0, 0]
    if compressedBytes >= 16 {
      try source.read(4, at: offset + 12, into: &size, startingAt: 0)
      let chunk = size.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      guard chunk >= min(UInt64(CompressionGrid.leastChunkBytes), max(byteCount, 1)) else {
        throw ChunkIndexFault(file: source.displayName, offset: offset, rule: .measures)
      }
    }
    try self.init(
      from: source,
      at: offset,
      compressedBytes: compressedBytes,
      kind: kind,
      byteCount: byteCount
    )
  }
}
