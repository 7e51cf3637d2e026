internal import Synchronization

/// Counts values that a conversion changes, from several threads, while they are written.
///
/// Values are read more often than they are written, to be measured and verified; only one time counts.
public final class ValueTally: Sendable {
  private let count = Atomic<UInt64>(0)
  private let isCounting = Atomic<Bool>(false)

  /// Nothing counted yet.
  public init() {}

  /// Counts from now on.
  public func start() { isCounting.store(true, ordering: .releasing) }
  /// Counts no more.
  public func stop() { isCounting.store(false, ordering: .releasing) }

  func add(_ values: Int) {
    guard isCounting.load(ordering: .acquiring) else { return }
    count.wrappingAdd(UInt64(values), ordering: .relaxed)
  }

  /// How many values were changed so far.
  public var changedValues: UInt64 { count.load(ordering: .relaxed) }
}
