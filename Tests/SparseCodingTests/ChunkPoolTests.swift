import ModelIR
import SparseCoding
import Synchronization
import Testing

@Suite("Chunk pool")
struct ChunkPoolTests {
  /// A piece of work that fails.
  struct Failure: Error, Equatable {
    let index: Int
  }

  @Test("Every index is worked on once", arguments: 1...4, [0, 1, 2, 3, 100, 1000])
  func everyIndexOnce(threads: Int, count: Int) throws {
    let seen = Mutex([Int](repeating: 0, count: count))
    try ChunkPool(threads: threads).forEach(count) {
    } _: { index, _ in
      seen.withLock { $0[index] += 1 }
    }
    #expect(seen.withLock { $0 } == [Int](repeating: 1, count: count))
  }

  @Test("The error is the earliest failing index's, though a later one fails sooner", arguments: 1...4)
  func earliestError(threads: Int) {
    var generator = SeededGenerator(stream: "pool \(threads)")
    for _ in 0..<50 {
      let count = Int.random(in: 2...200, using: &generator)
      let earliest = Int.random(in: 0..<(count - 1), using: &generator)
      let started = Mutex(Set<Int>())
      let hasFailed = Atomic<Bool>(false)
      #expect(throws: Failure(index: earliest), "\(SeededGenerator.note)") {
        try ChunkPool(threads: threads).forEach(count) {
        } _: { index, _ in
          _ = started.withLock { $0.insert(index) }
          if index < earliest { return }
          // Waits for the next index to fail, if another thread gets to run it.
          let deadline = ContinuousClock.now + .milliseconds(20)
          while index == earliest, !hasFailed.load(ordering: .relaxed), ContinuousClock.now < deadline {}
          hasFailed.store(true, ordering: .relaxed)
          throw Failure(index: index)
        }
      }
      // Indices are handed out in order, so none before the error is left out.
      let seen = started.withLock { $0 }
      #expect(seen == Set(0..<seen.count), "\(SeededGenerator.note)")
    }
  }

  @Test("One thread stops at the first error")
  func stopsAtTheError() {
    let seen = Mutex<[Int]>([])
    #expect(throws: Failure(index: 3)) {
      try ChunkPool(threads: 1).forEach(10) {
      } _: { index, _ in
        seen.withLock { $0.append(index) }
        if index == 3 { throw Failure(index: 3) }
      }
    }
    #expect(seen.withLock { $0 } == [0, 1, 2, 3])
  }

  @Test("Each thread has a workspace of its own, for one piece after the other", arguments: 1...4)
  func workspaces(threads: Int) throws {
    let made = Atomic<Int>(0)
    let sum = Atomic<Int>(0)
    try ChunkPool(threads: threads).forEach(500) {
      _ = made.wrappingAdd(1, ordering: .relaxed)
      return 0
    } _: { _, count in
      count += 1
      sum.wrappingAdd(count, ordering: .relaxed)
    }
    let (workspaces, total) = (made.load(ordering: .relaxed), sum.load(ordering: .relaxed))
    #expect((1...threads).contains(workspaces))
    // So many workspaces that count up from 1 add up to no less than if they had shared alike.
    #expect(total >= 500 * (500 / workspaces + 1) / 2 && total <= 500 * 501 / 2)
  }

  @Test("A pool has at least one thread", arguments: [(-1, 1), (0, 1), (1, 1), (7, 7)])
  func leastThreads(asked: Int, threads: Int) {
    #expect(ChunkPool(threads: asked).threads == threads)
  }

  @Test("A survey on a pool finds what one chunk after the other finds", arguments: 1...3)
  func surveys(threads: Int) throws {
    var generator = SeededGenerator(stream: "survey \(threads)")
    for layout in LayoutCases.few {
      let sample = DamageTests.sample(layout, using: &generator)
      let parts = try #require(NaiveCoding.encode(sample, layout))
      var reader = parts.reader(layout, sample.type, sample.shape, chunkBytes: 1)
      try reader.survey(on: ChunkPool(threads: threads))
      #expect(try reader.readAll() == sample.bytes, "\(sample)")
      var dense = Parts(values: sample.bytes).reader(.dense, sample.type, sample.shape, chunkBytes: 1)
      try dense.survey(on: ChunkPool(threads: threads))
      #expect(try dense.readAll() == sample.bytes, "\(sample)")
    }
  }

  @Test("Every chunk of every reader is worked on once, readers without chunks included", arguments: 1...3)
  func everyChunkOnce(threads: Int) throws {
    let rows: [UInt64] = [0, 3, 0, 0, 1, 5, 0]
    let readers = rows.map { rows in
      let sample = DenseSample(
        type: .uint8,
        shape: .of(rows, 64),
        elements: [UInt64](repeating: 1, count: Int(rows) * 64)
      )
      return Parts(values: sample.bytes).reader(.dense, .uint8, sample.shape, chunkBytes: 64)
    }
    let seen = Mutex<[[Int]]>([])
    try ChunkPool(threads: threads).forEachChunk(of: readers) {
    } _: { place, index, _ in
      seen.withLock { $0.append([place, index]) }
    }
    let expected = rows.enumerated().flatMap { place, count in (0..<Int(count)).map { [place, $0] } }
    #expect(seen.withLock { $0 }.sorted { ($0[0], $0[1]) < ($1[0], $1[1]) } == expected)
  }
}
