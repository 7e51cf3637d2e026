internal import ByteIO
internal import Dispatch
internal import Synchronization

/// Reads the headers of shards on other threads while the index that names them is still being read.
///
/// Memory: the headers, some 200 bytes a tensor, until they are taken.
final class ShardReads: Sendable {
  private struct State {
    var waiting: [(number: Int, name: String)] = []
    var next = 0
    var results: [Int: Result<SafetensorsReader?, any Error>] = [:]
    var isComplete = false
  }

  private let folder: Folder
  private let lenient: Bool
  private let state = Mutex(State())
  /// Counts the shards that wait, and at the end one for each thread.
  private let signal = DispatchSemaphore(value: 0)

  init(of folder: Folder, lenient: Bool) {
    self.folder = folder
    self.lenient = lenient
  }

  /// Runs `body`, reads the header of every shard that it offers, and returns when all are read.
  /// - Throws: what `body` throws; shards that wait are then not read.
  func during<Result>(_ body: ((Int, String) -> Void) throws -> Result) throws -> Result {
    let threads = max(1, ProcessFacts.processors - 1)
    let group = DispatchGroup()
    for _ in 0..<threads { DispatchQueue.global().async(group: group) { self.work() } }
    defer { group.wait() }
    do {
      let result = try body { number, name in
        self.state.withLock { $0.waiting.append((number, name)) }
        self.signal.signal()
      }
      complete(threads + 1)
      // This thread has nothing else to do now.
      work()
      return result
    } catch {
      state.withLock { $0.next = $0.waiting.count }
      complete(threads)
      throw error
    }
  }

  private func complete(_ threads: Int) {
    state.withLock { $0.isComplete = true }
    for _ in 0..<threads { signal.signal() }
  }

  /// The header of a shard that was offered; nil if the shard is not there.
  /// - Throws: what reading it threw.
  func take(_ number: Int) throws -> SafetensorsReader? {
    try state.withLock { $0.results.removeValue(forKey: number) }?.get()
  }

  private func work() {
    while true {
      signal.wait()
      let shard: (number: Int, name: String)? = state.withLock { state in
        guard state.next < state.waiting.count else { return nil }
        state.next += 1
        return state.waiting[state.next - 1]
      }
      guard let shard else {
        if state.withLock({ $0.isComplete }) { return }
        continue
      }
      let result = Result<SafetensorsReader?, any Error> {
        guard try folder.hasSource(shard.name) else { return nil }
        return try SafetensorsReader(source: folder.source(shard.name), name: shard.name, lenient: lenient)
      }
      state.withLock { $0.results[shard.number] = result }
    }
  }
}
