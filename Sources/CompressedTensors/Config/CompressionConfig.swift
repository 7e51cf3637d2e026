internal import StrictJSON

/// What a model's config.json says of its compression, whichever version of the library wrote it.
public struct CompressionConfig: Sendable {
  /// The member of config.json that holds it.
  public enum Key: String, Sendable, Hashable, CaseIterable {
    /// From 0.7 on.
    case quantization = "quantization_config"
    /// Until 0.6.
    case compression = "compression_config"
  }

  /// How weights are quantized: the fields of the library's `QuantizationArgs` that say how codes lie.
  public struct Weights: Sendable, Hashable {
    /// What a code is.
    public enum Kind: String, Sendable, Hashable {
      /// A signed integer.
      case int
      /// A float.
      case float
    }
    /// How far one scale reaches.
    public enum Strategy: String, Sendable, Hashable {
      /// All of the tensor.
      case tensor
      /// A row.
      case channel
      /// Some consecutive elements of a row.
      case group
      /// A rectangle.
      case block
      /// A token: activations only.
      case token
      /// A group, with a scale over all.
      case tensorGroup = "tensor_group"
      /// An attention head: activations only.
      case attentionHead = "attn_head"
    }

    /// The bits of a code, 1 to 32.
    public var bits: Int
    /// What a code is.
    public var kind: Kind
    /// Whether there is no zero point.
    public var isSymmetric: Bool
    /// The elements of a group; nil or -1 for whole rows.
    public var groupSize: Int?
    /// How far one scale reaches.
    public var strategy: Strategy?
    /// The rows and columns of a block.
    public var block: [Int]?
  }

  /// A group of modules that are quantized alike.
  public struct Group: Sendable, Hashable {
    /// Its name in the file.
    public var name: String
    /// Which modules it means.
    public var targets: [String]
    /// Its own format, where it says one.
    public var format: CompressionFormat?
    /// How weights are quantized; nil if they are not.
    public var weights: Weights?
    /// Whether activations are quantized too.
    public var quantizesActivations: Bool
  }

  /// The sparse part.
  public struct Sparsity: Sendable, Hashable {
    /// The format.
    public var format: CompressionFormat
    /// Which modules it means; nil for all.
    public var targets: [String]?
    /// Which modules it leaves out.
    public var ignore: [String]
    /// The share of zeros, 0 to 1, whichever unit the file has.
    public var globalSparsity: Double?
    /// `unstructured`, `2:4`, as it is spelled.
    public var structure: String?
  }

  /// The member that holds it.
  public var key: Key
  /// The library's version, where it is said: 0.7 to 0.10 left it out of quantized models.
  public var version: LibraryVersion?
  /// The format of the quantization.
  public var format: CompressionFormat?
  /// `compressed`, `frozen` ...
  public var status: String?
  /// The groups, in the order of the file.
  public var groups: [Group]
  /// Modules that are not quantized.
  public var ignore: [String]
  /// The sparse part, where there is one that is not empty.
  public var sparsity: Sparsity?
  /// Whether the key-value cache is quantized.
  public var quantizesCache: Bool
  /// Whether there are transforms.
  public var hasTransforms: Bool
  /// Where all this stands in the file's text.
  let places: ConfigPlaces

  /// Whether anything but sparsity is said, so that loaders still need the configuration without that.
  public var saysMoreThanSparsity: Bool { !groups.isEmpty || quantizesCache || hasTransforms }
}

/// Where the members of a configuration stand in its text, in bytes.
struct ConfigPlaces: Sendable, Hashable {
  /// The configuration's key, quotes included.
  var key: Range<Int>
  /// Its value.
  var value: Range<Int>
  /// What to cut so that the member is gone.
  var member: Range<Int>
  /// What to cut so that its sparse part is gone.
  var sparsity: Range<Int>?
}
