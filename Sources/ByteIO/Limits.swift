/// What a reader puts up with before it refuses a file; each is debited before memory is taken.
public enum Limits {
  /// The longest safetensors header, in bytes: the reference's own limit.
  public static let safetensorsHeader: UInt64 = 100_000_000
  /// The longest header that the Hub still shows, in bytes.
  public static let hubHeader: UInt64 = 25_000_000
  /// The longest index of a sharded checkpoint, in bytes.
  public static let index: UInt64 = 100_000_000
  /// The most tensors in one model.
  public static let tensors = 10_000_000
  /// The most files in one model.
  public static let shards = 100_000
}
