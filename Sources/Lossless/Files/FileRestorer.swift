public import ByteIO
public import ModelIR
internal import SparseCoding
internal import Synchronization

/// Goes through a restored file from its first byte to its last: hashes it, and writes it.
///
/// Each span is decoded by one thread, which also writes it, while another hashes what came before. Memory: a span for
/// each slot of the pool, and what ``RestoredSource`` takes.
public struct FileRestorer: Sendable {
  let source: RestoredSource
  let progress: WorkProgress

  /// A pass over `source`.
  public init(_ source: RestoredSource, progress: WorkProgress) {
    self.source = source
    self.progress = progress
  }

  /// Restores all bytes.
  /// - Parameters:
  ///   - memory: what buffers may take together; it bounds the threads that work.
  ///   - output: takes the bytes; nil where they are only hashed.
  /// - Returns: the SHA-256 of the bytes, in hexadecimal.
  /// - Throws: what reading and writing throw.
  public func run(threads: Int, memory: UInt64, to output: OutputFile?) throws -> String {
    let file = source.file
    let chunkBytes = file.regions.indices.map { source.chunkBytes(ofRegion: $0) }
    let largest = zip(chunkBytes, file.regions).reduce(1 << 18) {
      max($0, Int(min(UInt64($1.0), $1.1.byteCount)))
    }
    let pool = OrderedPool(threads: threads, memory: memory, chunkBytes: largest)
    let digest = Mutex(ContentDigest())
    let hash: OrderedPool.Stage<FileSpan, [UInt8]> = { span, buffer in
      digest.withLock { $0.update(buffer[..<span.byteCount]) }
      progress.advance(span.byteCount)
    }
    try pool.run(FileSpans(file, chunkBytes: chunkBytes), stages: [hash]) {
    } slot: {
      [UInt8]()
    } work: { span, _, buffer in
      let count = span.byteCount
      if buffer.count < count { buffer = [UInt8](repeating: 0, count: count) }
      try source.read(count, at: span.range.lowerBound, into: &buffer, startingAt: 0)
      try output?.write(buffer, 0..<count, at: span.range.lowerBound)
    }
    return digest.withLock { $0.hexadecimal() }
  }
}

extension OrderedPool {
  /// What a thread takes, in chunks: two slots with what goes in and comes out, a proof, and a coder's buffers.
  private static let chunksPerThread: UInt64 = 8

  /// A pool for chunks of at most so many bytes: as many threads as the memory allows, at least one.
  init(threads: Int, memory: UInt64, chunkBytes: Int) {
    let most = Int(clamping: memory / (Self.chunksPerThread * UInt64(chunkBytes)))
    let threads = max(1, min(threads, most))
    self.init(threads: threads, slots: 2 * threads + 2)
  }
}
