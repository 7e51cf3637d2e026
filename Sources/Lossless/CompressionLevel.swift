/// How much work is spent on a smaller file.
public enum CompressionLevel: String, Sendable, Hashable, CaseIterable {
  /// As fast as memory lets it.
  case fast
  /// Nearly the smallest, at several gigabytes a second.
  case `default`
  /// The smallest: every mode is tried for every chunk.
  case max
}
