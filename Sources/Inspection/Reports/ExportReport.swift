public import ModelIR

/// What compressing files did, or with a dry run would do.
public struct ExportReport: Sendable {
  /// One file.
  public struct File: Sendable {
    /// The path of the source within the model.
    public var source: String
    /// The path of the export within the output; the output itself where it is a file.
    public var export: String
    /// `safetensors`, `gguf`, `onnx`, or `raw` for external data.
    public var format: String
    /// How many tensors the source lists.
    public var tensors: Int
    /// The chunks of all tensors.
    public var chunks: UInt64
    /// The bytes of the source.
    public var sourceByteCount: UInt64
    /// The bytes of the export.
    public var byteCount: UInt64
    /// Those of them that are header and indexes.
    public var containerByteCount: UInt64
    /// The SHA-256 of the source, in hexadecimal.
    public var digest: String

    /// A file of these measures.
    public init(
      source: String,
      export: String,
      format: String,
      tensors: Int,
      chunks: UInt64,
      sourceByteCount: UInt64,
      byteCount: UInt64,
      containerByteCount: UInt64,
      digest: String
    ) {
      self.source = source
      self.export = export
      self.format = format
      self.tensors = tensors
      self.chunks = chunks
      self.sourceByteCount = sourceByteCount
      self.byteCount = byteCount
      self.containerByteCount = containerByteCount
      self.digest = digest
    }
  }

  /// What the user called the input.
  public var input: String
  /// The file or folder that was written.
  public var output: String
  /// How much work was spent: `fast`, `default` or `max`.
  public var level: String
  /// Whether nothing was written.
  public var isDryRun: Bool
  /// Whether the output was read back.
  public var wasVerified: Bool
  /// The files that were compressed.
  public var files: [File] = []
  /// The files that were carried over as they are: paths and bytes.
  public var carriedFiles: [(name: String, byteCount: UInt64)] = []
  /// How long it took.
  public var seconds = 0.0
  /// What should be known.
  public var warnings: [Diagnosis] = []

  /// A report without files.
  public init(input: String, output: String, level: String, isDryRun: Bool, wasVerified: Bool) {
    self.input = input
    self.output = output
    self.level = level
    self.isDryRun = isDryRun
    self.wasVerified = wasVerified
  }

  /// The bytes of all sources.
  public var sourceByteCount: UInt64 { files.reduce(0) { $0 &+ $1.sourceByteCount } }
  /// The bytes of all exports.
  public var byteCount: UInt64 { files.reduce(0) { $0 &+ $1.byteCount } }
  /// The bytes of all headers and indexes.
  public var containerByteCount: UInt64 { files.reduce(0) { $0 &+ $1.containerByteCount } }
}

/// What restoring compressed files did.
public struct RestorationReport: Sendable {
  /// One file.
  public struct File: Sendable {
    /// The path of the export within the input; the input itself where it is a file.
    public var export: String
    /// The path of the restored file within the output; the output itself where it is a file.
    public var name: String
    /// The bytes of the export.
    public var exportByteCount: UInt64
    /// The bytes of the restored file.
    public var byteCount: UInt64
    /// The SHA-256 that the export gives, in hexadecimal.
    public var digest: String
    /// Whether the restored bytes have it.
    public var isWhole: Bool
    /// What could not be restored, and is zeros in the output.
    public var damage: [Damage]

    /// A file of these measures.
    public init(
      export: String,
      name: String,
      exportByteCount: UInt64,
      byteCount: UInt64,
      digest: String,
      isWhole: Bool,
      damage: [Damage]
    ) {
      self.export = export
      self.name = name
      self.exportByteCount = exportByteCount
      self.byteCount = byteCount
      self.digest = digest
      self.isWhole = isWhole
      self.damage = damage
    }
  }

  /// Bytes that are lost.
  public struct Damage: Sendable, Hashable {
    /// The tensor; nil where they belong to none.
    public var tensor: TensorName?
    /// The rows that they lie in.
    public var rows: Range<UInt64>?
    /// The bytes, from the tensor's first.
    public var bytes: Range<UInt64>
    /// What is wrong.
    public var problem: String

    /// Damage of these parts.
    public init(tensor: TensorName?, rows: Range<UInt64>?, bytes: Range<UInt64>, problem: String) {
      self.tensor = tensor
      self.rows = rows
      self.bytes = bytes
      self.problem = problem
    }
  }

  /// What the user called the input.
  public var input: String
  /// The file or folder that was written.
  public var output: String
  /// Whether damage was to be passed over.
  public var isSalvage: Bool
  /// Whether the output was read back.
  public var wasVerified: Bool
  /// The files that were restored.
  public var files: [File] = []
  /// The files that were carried over as they are: paths and bytes.
  public var carriedFiles: [(name: String, byteCount: UInt64)] = []
  /// How long it took.
  public var seconds = 0.0
  /// What should be known.
  public var warnings: [Diagnosis] = []

  /// A report without files.
  public init(input: String, output: String, isSalvage: Bool, wasVerified: Bool) {
    self.input = input
    self.output = output
    self.isSalvage = isSalvage
    self.wasVerified = wasVerified
  }

  /// The bytes of all restored files.
  public var byteCount: UInt64 { files.reduce(0) { $0 &+ $1.byteCount } }
  /// The bytes of all exports.
  public var exportByteCount: UInt64 { files.reduce(0) { $0 &+ $1.exportByteCount } }
  /// Whether every file is what it was.
  public var isWhole: Bool { files.allSatisfy(\.isWhole) }
}
