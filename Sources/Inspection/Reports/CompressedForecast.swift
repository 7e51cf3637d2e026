/// What a compressed export of a model would take, foreseen from a sample.
public struct CompressedForecast: Sendable, Hashable {
  /// The bytes of the export, about.
  public var byteCount: UInt64
  /// The standard error of ``byteCount``: in two of three cases it is no further off.
  public var standardError: UInt64
  /// The bytes that were compressed to tell it.
  public var sampledByteCount: UInt64
  /// The bytes of the model's files.
  public var sourceByteCount: UInt64

  /// A forecast of these figures.
  public init(byteCount: UInt64, standardError: UInt64, sampledByteCount: UInt64, sourceByteCount: UInt64) {
    self.byteCount = byteCount
    self.standardError = standardError
    self.sampledByteCount = sampledByteCount
    self.sourceByteCount = sourceByteCount
  }
}
