internal import ByteIO
internal import Synchronization

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// Whether two runs of bytes are the same.
func memoryIsEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
  guard left.count == right.count else { return false }
  guard let first = left.baseAddress, let second = right.baseAddress else { return left.isEmpty }
  return memcmp(first, second, left.count) == 0
}

/// Writes indexes and frames one behind the other; its callers come in order.
///
/// Memory: the records of the tensor that is being written, and 16 bytes a region.
final class RegionWriter: Sendable {
  private struct State {
    var end: UInt64
    var places: [Range<UInt64>]
    var records: [ChunkRecord] = []
    /// Where the tensor that is being written starts.
    var start: UInt64 = 0
    var indexBytes: UInt64 = 0
    var chunks: UInt64 = 0
  }

  private let output: OutputFile?
  private let origin: UInt64
  private let state: Mutex<State>

  init(_ output: OutputFile?, at origin: UInt64, regions: Int) {
    self.output = output
    self.origin = origin
    let nowhere: Range<UInt64> = 0..<0
    state = Mutex(State(end: 0, places: [Range<UInt64>](repeating: nowhere, count: regions + 1)))
  }

  /// What was written, counted from the first byte.
  var result: (places: [Range<UInt64>], indexBytes: UInt64, chunks: UInt64) {
    state.withLock { ($0.places, $0.indexBytes, $0.chunks) }
  }

  /// Adds a chunk of a region; the index is written with the last.
  func add(
    _ slot: borrowing FileCompressor.Slot,
    chunk: UInt64,
    of grid: CompressionGrid,
    stream: Int
  ) throws {
    let (record, count) = (slot.record, slot.frameBytes)
    let place = try state.withLock { state in
      if chunk == 0 { try begin(grid, &state) }
      state.records.append(record)
      defer { state.end += UInt64(count) }
      return state.end
    }
    try output?.write(slot.frames, 0..<count, at: origin + place)
    if chunk + 1 == grid.count { try finish(grid, stream: stream) }
  }

  /// Adds a region without bytes.
  func addEmpty(_ grid: CompressionGrid, stream: Int) throws {
    try state.withLock { try begin(grid, &$0) }
    try finish(grid, stream: stream)
  }

  /// Adds regions of one chunk each, whose indexes stand with their frames.
  func add(_ slot: borrowing FileCompressor.Slot, wholeRegionsFrom first: Int) throws {
    let (sizes, count) = (slot.sizes, slot.frameBytes)
    let place = state.withLock { state in
      let place = state.end
      for (number, size) in sizes.enumerated() {
        state.places[first + number] = state.end..<(state.end + UInt64(size))
        state.end += UInt64(size)
        state.indexBytes += ChunkIndex.byteCount(chunks: 1) ?? 0
        state.chunks += 1
      }
      return place
    }
    try output?.write(slot.frames, 0..<count, at: origin + place)
  }

  private func begin(_ grid: CompressionGrid, _ state: inout State) throws {
    guard let bytes = ChunkIndex.byteCount(chunks: grid.count) else {
      throw OutputFault(file: output?.displayName ?? "", rule: .noSpace(needed: .max, available: 0))
    }
    state.start = state.end
    state.end += bytes
    state.indexBytes += bytes
    state.chunks += grid.count
    state.records.removeAll(keepingCapacity: grid.count < 1 << 16)
  }

  private func finish(_ grid: CompressionGrid, stream: Int) throws {
    let (records, start) = state.withLock { state in
      state.places[stream] = state.start..<state.end
      defer { state.records = [] }
      return (state.records, state.start)
    }
    let index = ChunkIndex(grid: grid, records: records).encoded()
    try output?.write(index, 0..<index.count, at: origin + start)
  }
}
