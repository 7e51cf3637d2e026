/// What a lossy form left out.
public struct DroppedValues: Sendable, Hashable {
  /// Elements whose value is not zero.
  public var values: UInt64 = 0
  /// Elements of the value -0.0.
  public var negativeZeros: UInt64 = 0

  /// Nothing.
  public init() {}

  /// Adds what another chunk left out.
  public mutating func add(_ other: DroppedValues) {
    values += other.values
    negativeZeros += other.negativeZeros
  }

  /// Whether nothing was left out.
  public var isEmpty: Bool { values == 0 && negativeZeros == 0 }
}
