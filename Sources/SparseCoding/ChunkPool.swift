internal import Dispatch
internal import Synchronization

/// Runs numbered pieces of work on several threads, each with its own workspace that it uses for one piece
/// after the other.
///
/// Pieces are handed out in order. The first error ends the run: pieces that were started are finished, no
/// more are. Results must not depend on which thread ran what; that is the callers' part.
public struct ChunkPool: Sendable {
  /// How many threads work.
  public let threads: Int

  /// A pool of so many threads, at least one.
  public init(threads: Int) { self.threads = max(1, threads) }

  /// Runs `body` for every index below `count`.
  /// - Throws: the error of the earliest index that failed.
  public func forEach<Workspace>(
    _ count: Int,
    workspace make: @Sendable () -> Workspace,
    _ body: @Sendable (Int, inout Workspace) throws -> Void
  ) throws {
    let next = Atomic<Int>(0)
    let failure = Mutex<(index: Int, error: any Error)?>(nil)
    /// What one thread does.
    @Sendable func work() {
      var workspace = make()
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if index >= count { return }
        do {
          try body(index, &workspace)
        } catch {
          failure.withLock { failure in
            if failure.map({ index < $0.index }) ?? true { failure = (index, error) }
          }
          next.store(count, ordering: .relaxed)
        }
      }
    }
    if threads == 1 || count < 2 {
      work()
    } else {
      DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in work() }
    }
    if let error = failure.withLock({ $0?.error }) { throw error }
  }
}
