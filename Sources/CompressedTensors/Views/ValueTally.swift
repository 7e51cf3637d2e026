internal import Synchronization

/// Counts values that a conversion changes, from several threads.
public final class ValueTally: Sendable {
  private let count = Atomic<UInt64>(0)

  /// Nothing counted yet.
  public init() {}

  func add(_ values: Int) { count.wrappingAdd(UInt64(values), ordering: .relaxed) }

  /// How many values were changed so far.
  public var changedValues: UInt64 { count.load(ordering: .relaxed) }
}
