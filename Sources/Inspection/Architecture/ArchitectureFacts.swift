/// What a model's config or metadata say of its architecture, as far as an inspection asks for it.
public struct ArchitectureFacts: Sendable, Hashable {
  /// The architecture's name: `model_type` of a config.json, `general.architecture` of a GGUF file.
  public var name: String?
  /// The features that a block takes and gives.
  public var hiddenSize: UInt64?
  /// The heads of an attention layer.
  public var headCount: UInt64?
  /// The heads that keys and values have, where those are fewer.
  public var keyValueHeadCount: UInt64?
  /// The features of a head, where they are said; see ``headExtent``.
  public var headDimension: UInt64?
  /// The features of a head's values, where they are not as many as those of its keys.
  public var valueHeadDimension: UInt64?
  /// The experts that a mixture's router chooses among.
  public var expertCount: UInt64?

  /// Nothing is known.
  public init() {}

  /// The features of a head: what is said, or its share of the hidden size; nil where neither tells.
  public var headExtent: UInt64? {
    if let headDimension { return headDimension > 0 ? headDimension : nil }
    guard let hiddenSize, let headCount, headCount > 0, hiddenSize >= headCount,
      hiddenSize.isMultiple(of: headCount)
    else { return nil }
    return hiddenSize / headCount
  }
}
