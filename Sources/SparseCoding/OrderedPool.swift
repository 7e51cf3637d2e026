internal import Dispatch
internal import Synchronization

/// Runs pieces of work on several threads and takes their results in order.
///
/// Every piece is worked on by one thread, in a slot that is used again once the piece is done; then it passes the
/// stages one after the other, each stage in the order of the pieces and one piece at a time. Whichever thread is
/// free does what can be done, so that a slow stage (a hash that cannot be divided) runs beside the work. The first
/// error ends the run. Memory: the slots, and a workspace for each thread.
public struct OrderedPool: Sendable {
  /// How many threads work.
  public let threads: Int
  /// How many pieces are held at once.
  public let slots: Int

  /// A pool of so many threads and slots, at least one of each.
  public init(threads: Int, slots: Int) {
    self.threads = max(1, threads)
    self.slots = max(1, slots)
  }

  /// What happens to each piece in order, after the work.
  public typealias Stage<Piece, Slot> = @Sendable (Piece, inout Slot) throws -> Void

  /// Works on all pieces.
  /// - Parameters:
  ///   - pieces: gives the pieces one by one; it is asked as slots come free.
  ///   - stages: at least one.
  /// - Throws: the error of the earliest piece that failed.
  public func run<Pieces: IteratorProtocol & Sendable, Workspace: ~Copyable, Slot>(
    _ pieces: Pieces,
    stages: [Stage<Pieces.Element, Slot>],
    workspace makeWorkspace: @Sendable () -> Workspace,
    slot makeSlot: @Sendable () -> Slot,
    work: @Sendable (Pieces.Element, inout Workspace, inout Slot) throws -> Void
  ) throws where Pieces.Element: Sendable {
    precondition(!stages.isEmpty, "a piece without stages is never done")
    let boxes = (0..<slots).map { _ in Box<Pieces.Element, Slot>(makeSlot()) }
    let schedule = Mutex(Schedule(pieces: pieces, slots: slots, stages: stages.count))
    let wake = DispatchSemaphore(value: 0)
    /// Notes that something is done, and wakes those who wait for it.
    @Sendable func note(_ change: (inout Schedule<Pieces>) -> Void) {
      let sleepers = schedule.withLock { schedule in
        change(&schedule)
        defer { schedule.sleepers = 0 }
        return schedule.sleepers
      }
      for _ in 0..<sleepers { wake.signal() }
    }
    /// What one thread does.
    @Sendable func runThread() {
      var workspace = makeWorkspace()
      while true {
        let task = schedule.withLock { $0.claim() }
        switch task {
        case .none: return
        case .wait: wake.wait()
        case .work(let index, let piece):
          let box = boxes[index % boxes.count]
          box.piece = piece
          do {
            try work(piece, &workspace, &box.slot)
            note { $0.finishWork(on: index) }
          } catch {
            note { $0.fail(index, error) }
          }
        case .stage(let stage, let index):
          let box = boxes[index % boxes.count]
          guard let piece = box.piece else { preconditionFailure("a piece reached a stage without work") }
          do {
            try stages[stage](piece, &box.slot)
            note { $0.finish(stage, of: index) }
          } catch {
            note { $0.fail(index, error) }
          }
        }
      }
    }
    if threads == 1 {
      runThread()
    } else {
      DispatchQueue.concurrentPerform(iterations: threads) { _ in runThread() }
    }
    if let failure = schedule.withLock({ $0.failure }) { throw failure.error }
  }
}

/// A piece and what is made of it: used by one thread at a time, which the schedule sees to.
private final class Box<Piece, Slot>: @unchecked Sendable {
  var piece: Piece?
  var slot: Slot

  init(_ slot: Slot) { self.slot = slot }
}

/// Who may do what.
private struct Schedule<Pieces: IteratorProtocol> {
  enum Task {
    case work(Int, Pieces.Element)
    case stage(Int, Int)
    case wait
    case none
  }

  private var pieces: Pieces
  private var isExhausted = false
  /// How many pieces were begun.
  private var begun = 0
  /// For each slot how far its piece is: 0 in work, then 1 and one more for each stage.
  private var reached: [Int]
  /// For each stage the piece that it takes next, and whether it is at work.
  private var next: [Int]
  private var isBusy: [Bool]
  var sleepers = 0
  private(set) var failure: (index: Int, error: any Error)?

  init(pieces: Pieces, slots: Int, stages: Int) {
    self.pieces = pieces
    reached = [Int](repeating: 0, count: slots)
    next = [Int](repeating: 0, count: stages)
    isBusy = [Bool](repeating: false, count: stages)
  }

  mutating func claim() -> Task {
    if failure != nil { return .none }
    let slots = reached.count
    for stage in next.indices.reversed() where !isBusy[stage] && next[stage] < begun {
      let index = next[stage]
      if reached[index % slots] == stage + 1 {
        isBusy[stage] = true
        return .stage(stage, index)
      }
    }
    let finished = next[next.count - 1]
    if !isExhausted, begun - finished < slots {
      if let piece = pieces.next() {
        reached[begun % slots] = 0
        begun += 1
        return .work(begun - 1, piece)
      }
      isExhausted = true
    }
    if isExhausted && finished == begun { return .none }
    sleepers += 1
    return .wait
  }

  mutating func finishWork(on index: Int) { reached[index % reached.count] = 1 }

  mutating func finish(_ stage: Int, of index: Int) {
    reached[index % reached.count] = stage + 2
    next[stage] += 1
    isBusy[stage] = false
  }

  mutating func fail(_ index: Int, _ error: any Error) {
    if failure.map({ index < $0.index }) ?? true { failure = (index, error) }
  }
}
