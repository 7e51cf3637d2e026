/// A run of bytes of a file that one thread works on at a time.
struct FileSpan: Sendable {
  enum Content: Sendable {
    /// Nothing but remainder.
    case remainder
    /// One chunk of a region.
    case chunk(region: Int, index: UInt64)
    /// Whole regions of one chunk each, and remainder between them.
    case batch(regions: Range<Int>)
  }

  var content: Content
  var range: Range<UInt64>

  var byteCount: Int { Int(range.upperBound - range.lowerBound) }
}

/// Cuts a file into spans, in order: chunks of large regions, small regions together.
struct FileSpans: IteratorProtocol, Sendable {
  /// The most bytes of a span, but for a single chunk.
  static let mostBytes: UInt64 = 1 << 19
  /// The most regions of a span: each takes an index and the head of a frame, however small it is.
  static let mostRegions = 1024

  let file: FileRegions
  /// For each region the bytes of a chunk.
  let chunkBytes: [Int]
  private var position: UInt64 = 0
  private var place = 0

  init(_ file: FileRegions, chunkBytes: [Int]) {
    self.file = file
    self.chunkBytes = chunkBytes
  }

  private func isOneChunk(_ place: Int) -> Bool {
    file.regions[place].byteCount <= UInt64(chunkBytes[place])
  }

  mutating func next() -> FileSpan? {
    guard position < file.byteCount else { return nil }
    let start = position
    let regions = file.regions
    guard place < regions.count else { return remainder(until: file.byteCount) }
    let range = regions[place].range
    if start >= range.lowerBound, !(start == range.lowerBound && isOneChunk(place) && canBatch(start)) {
      let size = UInt64(chunkBytes[place])
      let index = (start - range.lowerBound) / size
      position = min(range.upperBound, start + size)
      let region = place
      if position == range.upperBound { place += 1 }
      return FileSpan(content: .chunk(region: region, index: index), range: start..<position)
    }
    guard isOneChunk(place), canBatch(start) else { return remainder(until: range.lowerBound) }
    let first = place
    while place < regions.count, place - first < Self.mostRegions, isOneChunk(place), canBatch(start) {
      position = regions[place].range.upperBound
      place += 1
    }
    return FileSpan(content: .batch(regions: first..<place), range: start..<position)
  }

  /// Whether the next region fits whole into a span that starts at `start`.
  private func canBatch(_ start: UInt64) -> Bool {
    file.regions[place].range.upperBound - start <= Self.mostBytes
  }

  private mutating func remainder(until end: UInt64) -> FileSpan {
    let start = position
    position = min(end, start + Self.mostBytes)
    return FileSpan(content: .remainder, range: start..<position)
  }
}
