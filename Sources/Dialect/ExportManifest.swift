public import ModelIR

/// What a compressed export says of the file that it was made of.
///
/// It stands in the header of a safetensors file, `{"__metadata__":{"lacuna.version":"compressed/1", ...`. The tensors
/// of that file are first ``remainderName``, then those of ``entries`` that are stored, in their order.
public struct ExportManifest: Sendable, Hashable {
  /// The version that this program writes and reads; readers of other manifests know it as none of theirs.
  public static let version = "compressed/1"
  /// What versions of such manifests start with.
  public static let versionPrefix = "compressed/"
  /// The metadata key of the hash of manifest and header.
  public static let digestKey = "lacuna.digest"
  /// The tensor that holds every byte of the source that no other one does.
  public static let remainderName = TensorName("lacuna.source")
  /// The bytes that every such file has behind its header's length.
  public static let start = Array("{\"__metadata__\":{\"\(Manifest.versionKey)\":\"\(versionPrefix)".utf8)

  /// What the source is.
  public enum Format: String, Sendable, Hashable, CaseIterable {
    /// A safetensors file.
    case safetensors
    /// A GGUF file.
    case gguf
    /// An ONNX file.
    case onnx
    /// External data of an ONNX file.
    case raw
  }

  /// What a tensor's bytes are made of.
  public enum Content: Sendable, Hashable {
    /// Elements of a type.
    case elements(ElementType)
    /// Blocks of a type of ggml.
    case blocks(GGMLType)
  }

  /// A tensor of the source.
  public struct Entry: Sendable, Hashable {
    /// The name, where it is not that of the tensor in the export.
    public var name: TensorName?
    /// What its bytes are made of.
    public var content: Content
    /// The logical shape, in elements.
    public var shape: Shape
    /// Where its bytes start in the source.
    public var offset: UInt64
    /// Whether the export has a tensor for it; else its bytes are those of others.
    public var isStored: Bool

    /// An entry of these parts.
    public init(name: TensorName?, content: Content, shape: Shape, offset: UInt64, isStored: Bool) {
      self.name = name
      self.content = content
      self.shape = shape
      self.offset = offset
      self.isStored = isStored
    }
  }

  /// What the source is.
  public var format: Format
  /// The source's name, without folders.
  public var fileName: String
  /// The bytes of the source.
  public var byteCount: UInt64
  /// The SHA-256 of the source, in hexadecimal.
  public var digest: String
  /// How much work was spent.
  public var level: String
  /// The tensors, in the order of their bytes.
  public var entries: [Entry]

  /// A manifest of these parts.
  public init(
    format: Format,
    fileName: String,
    byteCount: UInt64,
    digest: String,
    level: String,
    entries: [Entry]
  ) {
    self.format = format
    self.fileName = fileName
    self.byteCount = byteCount
    self.digest = digest
    self.level = level
    self.entries = entries
  }
}

extension ExportManifest.Content {
  /// The name: a dtype, or a type of ggml.
  public var name: String {
    switch self {
    case .elements(let type): type.name
    case .blocks(let type): type.name
    }
  }

  /// The content of this name.
  public init?(name: String) {
    if let type = ElementType(name: name) {
      self = .elements(type)
    } else if let type = GGMLType(name: name), type.elementType == nil {
      self = .blocks(type)
    } else {
      return nil
    }
  }

  /// The bytes of a tensor of this shape; nil where they exceed 64 bits, or blocks and rows do not go together.
  public func byteCount(of shape: Shape) -> UInt64? {
    switch self {
    case .elements(let type):
      let (bits, overflow) = shape.elementCount.multipliedReportingOverflow(by: UInt64(type.bitWidth))
      return overflow ? nil : bits / 8 + (bits % 8 == 0 ? 0 : 1)
    case .blocks(let type):
      guard let row = type.bytes(ofRow: shape.columns) else { return nil }
      if shape.elementCount == 0 { return 0 }
      let (bytes, overflow) = row.multipliedReportingOverflow(by: shape.rows)
      return overflow ? nil : bytes
    }
  }

  /// The bytes of one index of the first axis; nil where they are no whole number, or there is no such axis.
  public func rowBytes(of shape: Shape) -> UInt64? {
    guard let rows = shape.extents.first, rows > 0, let inner = Shape(Array(shape.extents.dropFirst())) else {
      return nil
    }
    switch self {
    case .elements(let type): return inner.byteCount(of: type)
    case .blocks: return shape.rank > 1 ? byteCount(of: inner) : nil
    }
  }
}
