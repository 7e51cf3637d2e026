public import CompressedTensors
public import ModelIR

/// What a conversion is asked to do.
public struct ConversionOptions: Sendable {
  /// The layout that tensors shall take.
  public enum LayoutRequest: Sendable, Hashable {
    /// The one that they have.
    case keep
    /// The smallest, by exact bytes.
    case auto
    /// This one, as far as a tensor of rank 2 or more can hold it.
    case named(Layout)
  }

  /// The form that weights are written in.
  public enum Target: String, Sendable, Hashable, CaseIterable {
    /// safetensors, sparse layouts in our own parts.
    case safetensors
    /// The same container with the names, parts and configuration of that library.
    case compressedTensors = "compressed-tensors"
    /// GGUF with names and metadata as they are, sparse layouts in our own parts.
    case gguf
    /// ONNX: the input's graph, or another one with the input's weights.
    case onnx
  }

  /// Where elements of an ONNX output lie.
  public enum ExternalData: Sendable, Hashable {
    /// In the model file, unless it would be larger than protobuf allows.
    case auto
    /// In the model file.
    case never
    /// In this file beside it; where that is the input, they stay where they are.
    case file(String)
  }

  /// The form; nil for what the output's name says, or the input's.
  public var target: Target?
  /// The type that weights are given, quantized ones dequantized; nil keeps them.
  public var type: WeightType?
  /// Whether zeros may become other numbers without a word.
  public var allowZeroLoss = false
  /// Whether config.json is rid of a sparse part that stops loaders.
  public var repairsConfig = false
  /// Whether sparse parts are made as compressed-tensors itself makes them, what it drops included.
  public var asReference = false
  /// The version of compressed-tensors whose sparse parts are written.
  public var libraryVersion = SparseTarget.usualVersion
  /// Modules whose weights take a sparse form: classes, paths, or `re:` and a pattern.
  public var targets = ["Linear"]
  /// Modules that stay dense: paths, or `re:` and a pattern.
  public var ignoredModules: [String] = []
  /// The layout.
  public var layout = LayoutRequest.keep
  /// Whether a tensor that cannot take the layout is an error.
  public var strict = false
  /// The most data bytes of a shard; nil keeps the input's files.
  public var shardSize: UInt64?
  /// Metadata of a GGUF output to set, as people write them: `key=value` or `key:type=value`.
  public var setPairs: [String] = []
  /// Keys of metadata that a GGUF output shall not have.
  public var unsetKeys: [String] = []
  /// The ONNX model whose graph takes the input's weights.
  public var graph: String?
  /// Where elements of an ONNX output lie.
  public var externalData = ExternalData.auto
  /// Whether sparse tensors of an ONNX output are sparse initializers, and not constants.
  public var usesSparseInitializers = false
  /// Whether outputs that exist are replaced.
  public var force = false
  /// Whether nothing is written.
  public var dryRun = false
  /// Whether the output is read back and compared.
  public var verify = false
  /// Whether tensors may be stored thousands of times as large as they were.
  public var allowExpand = false
  /// Whether tensors were left out by the user, so that the output is not the whole model.
  public var isSelection = false
  /// Whether only some rows of tensors were selected.
  public var selectsRows = false
  /// How work is shared out.
  public var resources = WorkResources()

  /// The defaults.
  public init() {}

  /// The element type that all weights are given; nil where they are kept, or become blocks.
  var elementType: ElementType? { if case .plain(let type)? = type { type } else { nil } }
}

/// How many threads work, and on how much memory.
public struct WorkResources: Sendable, Hashable {
  /// The threads.
  public var threads = 1
  /// The bound on all buffers, in bytes.
  public var memory: UInt64 = 32_000_000

  /// One thread and 32 MB.
  public init() {}

  /// So many threads, and buffers of so many bytes.
  public init(threads: Int, memory: UInt64) {
    self.threads = max(1, threads)
    self.memory = memory
  }

  /// Each thread holds a dense chunk, its parts (at most twice its size) and the decoded proof.
  private static let buffersPerThread: UInt64 = 5
  /// Larger chunks leave the second-level cache.
  private static let largestChunk: UInt64 = 1 << 18
  private static let smallestChunk: UInt64 = 1 << 14

  /// The dense bytes of a chunk.
  public var chunkBytes: Int {
    Int(min(Self.largestChunk, max(Self.smallestChunk, memory / (UInt64(threads) * Self.buffersPerThread))))
  }

  /// What the buffers take at most, in bytes.
  public var plannedMemory: UInt64 { UInt64(threads) * Self.buffersPerThread * UInt64(chunkBytes) }
}
