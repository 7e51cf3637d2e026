import SparseCoding
import Synchronization
import Testing

@Suite("Ordered pool")
struct OrderedPoolTests {
  private struct Failure: Error, Equatable {
    var piece: Int
  }

  @Test(
    "every piece is worked on once and passes every stage in order",
    arguments: [0, 1, 2, 3, 100, 1000],
    [(1, 1), (1, 5), (2, 1), (2, 2), (3, 8), (16, 4)]
  )
  func order(_ count: Int, _ measures: (threads: Int, slots: Int)) throws {
    let seen = Mutex<[[Int]]>([[], []])
    let worked = Mutex<[Int]>([])
    let stages: [OrderedPool.Stage<Int, [Int]>] = (0..<2).map { stage in
      { piece, slot in
        #expect(slot == [piece, piece * 7] + Array(repeating: -1, count: stage))
        slot.append(-1)
        seen.withLock { $0[stage].append(piece) }
      }
    }
    try OrderedPool(threads: measures.threads, slots: measures.slots)
      .run((0..<count).makeIterator(), stages: stages) {
        0
      } slot: {
        [Int]()
      } work: { piece, workspace, slot in
        workspace += 1
        slot = [piece, piece * 7]
        worked.withLock { $0.append(piece) }
      }
    #expect(seen.withLock { $0 } == [Array(0..<count), Array(0..<count)])
    #expect(worked.withLock { $0.sorted() } == Array(0..<count))
  }

  @Test("an error in the work or in a stage ends the run", arguments: [0, 1, 50, 99], [false, true])
  func failure(_ place: Int, _ isInStage: Bool) throws {
    let last = Mutex(-1)
    let stage: OrderedPool.Stage<Int, Int> = { piece, _ in
      if isInStage && piece == place { throw Failure(piece: piece) }
      last.withLock { $0 = piece }
    }
    #expect(throws: Failure(piece: place)) {
      try OrderedPool(threads: 3, slots: 5).run((0..<100).makeIterator(), stages: [stage]) {
      } slot: {
        0
      } work: { piece, _, _ in
        if !isInStage && piece == place { throw Failure(piece: piece) }
      }
    }
    // Nothing behind the failure has passed the stage.
    #expect(last.withLock { $0 } < place)
  }

  @Test("no more pieces are held than there are slots")
  func bounded() throws {
    let held = Atomic<Int>(0)
    let stage: OrderedPool.Stage<Int, Int> = { _, _ in held.subtract(1, ordering: .relaxed) }
    try OrderedPool(threads: 4, slots: 3).run((0..<500).makeIterator(), stages: [stage]) {
    } slot: {
      0
    } work: { _, _, _ in
      #expect(held.add(1, ordering: .relaxed).newValue <= 3)
    }
  }
}
