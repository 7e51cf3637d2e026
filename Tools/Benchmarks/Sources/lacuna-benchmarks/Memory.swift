internal import ModelIR
internal import SparseCoding
internal import Synchronization

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// A buffer whose pages are there before anything is measured.
struct Buffer: @unchecked Sendable {
  let bytes: UnsafeMutableRawBufferPointer

  /// A buffer of so many bytes, none of them 0 pages of the system.
  init(byteCount: Int) {
    bytes = .allocate(byteCount: byteCount, alignment: 4096)
    bytes.initializeMemory(as: UInt8.self, repeating: 1)
  }

  /// Gives the memory back.
  func free() { bytes.deallocate() }

  /// The first byte.
  var start: UnsafeMutablePointer<UInt8> {
    guard let base = bytes.baseAddress else { preconditionFailure("buffers are not empty") }
    return base.assumingMemoryBound(to: UInt8.self)
  }
}

/// What copying and reading cost, the baselines.
enum PlainMemory {
  /// Copies a buffer.
  static func copy(_ source: Buffer, to target: Buffer, _ range: Range<Int>) {
    memcpy(target.start + range.lowerBound, source.start + range.lowerBound, range.count)
    Blackhole.take(UInt64(target.start[range.lowerBound]))
  }

  /// Adds all 64-bit words, in as many vectors as the least of processors has registers for.
  @inline(never)
  static func sum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    typealias Vector = SIMD8<UInt64>
    var sums = (Vector(), Vector())
    var offset = 0
    while offset &+ 128 <= bytes.count {
      sums.0 &+= bytes.loadUnaligned(fromByteOffset: offset, as: Vector.self)
      sums.1 &+= bytes.loadUnaligned(fromByteOffset: offset &+ 64, as: Vector.self)
      offset &+= 128
    }
    let total = sums.0 &+ sums.1
    var sum: UInt64 = 0
    for lane in 0..<8 { sum &+= total[lane] }
    while offset < bytes.count {
      sum &+= UInt64(bytes[offset])
      offset &+= 1
    }
    return sum
  }
}

/// Takes results, so that the compiler cannot leave out the work that made them.
enum Blackhole {
  private static let content = Atomic<UInt64>(0)

  /// Takes a result.
  @inline(never)
  static func take(_ value: UInt64) { content.bitwiseXor(value, ordering: .relaxed) }
}

/// A matrix in memory, cut to chunks as the command cuts tensors.
struct ChunkedMatrix: Sendable {
  static let columns: UInt64 = 4096
  /// What the command takes where memory allows.
  static let chunkBytes = 1 << 18

  let elementType: ElementType
  let grid: ChunkGrid
  /// The dense bytes of each chunk.
  let chunks: [[UInt8]]

  /// A matrix of about `byteCount` bytes.
  init(_ weights: Weights, byteCount: Int) {
    let rows = UInt64(max(1, byteCount / weights.type.byteWidth)) / Self.columns
    guard let shape = Shape([max(1, rows), Self.columns]) else { preconditionFailure("the shape is small") }
    let grid = ChunkGrid(shape: shape, elementBytes: weights.type.byteWidth, chunkBytes: Self.chunkBytes)
    elementType = weights.type == .bf16 ? .bfloat16 : .float32
    self.grid = grid
    // Tiles are a whole number of chunks.
    chunks = (0..<grid.count).map { index in
      let range = grid.denseRange(of: grid[index])
      let start = Int(range.offset) % weights.tile.count
      return Array(weights.tile[start..<start + range.byteCount])
    }
  }

  /// The dense bytes of all chunks.
  var byteCount: Int { chunks.reduce(0) { $0 + $1.count } }
}
