internal import Synchronization

/// How far a run is, for whoever shows it: counted by workers, read by another thread.
public final class WorkProgress: Sendable {
  private let doneBytes = Atomic<UInt64>(0)
  private let totalBytes = Atomic<UInt64>(0)
  private let activity = Mutex<String>("")

  /// Nothing done and nothing to do.
  public init() {}

  /// The bytes that were worked on.
  public var done: UInt64 { doneBytes.load(ordering: .relaxed) }
  /// The bytes that the run will work on, as far as is known.
  public var total: UInt64 { totalBytes.load(ordering: .relaxed) }
  /// What is being worked on.
  public var current: String { activity.withLock { $0 } }

  /// Says that more bytes will be worked on.
  public func expect(_ bytes: UInt64) { totalBytes.wrappingAdd(bytes, ordering: .relaxed) }
  /// Says that bytes were worked on.
  public func advance(_ bytes: Int) { doneBytes.wrappingAdd(UInt64(bytes), ordering: .relaxed) }
  /// Says what is being worked on.
  public func begin(_ name: String) { activity.withLock { $0 = name } }
}
