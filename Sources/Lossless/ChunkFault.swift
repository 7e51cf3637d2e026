/// A chunk that does not decode.
public struct ChunkFault: Error, Hashable {
  /// The rules, one case each.
  public enum Rule: Sendable, Hashable {
    /// The planes' sizes are not what its mode can have.
    case planes
    /// A frame is broken, or holds another number of bytes than its plane has.
    case frame
    /// The parts contradict each other: a mask with another number of set bits than there are values, ...
    case parts
    /// The decoded bytes have another hash.
    case hash
  }
  /// The broken rule.
  public let rule: Rule

  /// A chunk that breaks `rule`.
  public init(rule: Rule) { self.rule = rule }

  /// The rule in words, for a message that says where the chunk is.
  public var problem: String {
    switch rule {
    case .planes: "the sizes of its planes are not those of its mode"
    case .frame: "a zstd frame is broken, or has another size than it should"
    case .parts: "its parts contradict each other"
    case .hash: "its bytes have another xxh64 than the index says"
    }
  }
}
