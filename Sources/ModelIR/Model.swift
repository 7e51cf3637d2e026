/// The container formats that models come in.
public enum Container: String, Sendable, Hashable {
  /// Hugging Face's safetensors.
  case safetensors
  /// ggml's GGUF.
  case gguf
  /// ONNX, a graph with its tensors.
  case onnx
}

/// One file of a model.
public struct ModelFile: Sendable {
  /// Its bytes.
  public var source: any ByteSource
  /// The file's name within the model: its last path component.
  public var name: String
  /// The bytes before and around tensor data that a rewrite must know nothing about but an unchanged copy
  /// needs: in safetensors the header.
  public var skeleton: Region
  /// The file's metadata.
  public var metadata: Metadata
  /// Whether the file has a place for metadata even where that is empty.
  public var declaresMetadata: Bool

  /// A file of these parts.
  public init(
    source: any ByteSource,
    name: String,
    skeleton: Region,
    metadata: Metadata,
    declaresMetadata: Bool
  ) {
    self.source = source
    self.name = name
    self.skeleton = skeleton
    self.metadata = metadata
    self.declaresMetadata = declaresMetadata
  }
}

/// Bytes that no file holds as they are: they are decoded from a file's whenever they are read.
public struct ModelView: Sendable {
  /// The decoded bytes.
  public var source: any ByteSource
  /// The file that they are decoded from, as an index into ``Model/files``.
  public var file: Int

  /// Bytes that are decoded from `file`.
  public init(source: any ByteSource, file: Int) {
    self.source = source
    self.file = file
  }
}

/// A model: descriptors of its tensors, in the order of its files. It holds no element of any tensor.
///
/// Memory: about 200 bytes a tensor, plus names and metadata.
public struct Model: Sendable {
  /// The container its files are in.
  public var container: Container
  /// The files, shards in the order of the index.
  public var files: [ModelFile]
  /// What is decoded from files while it is read; regions number them from `files.count` on.
  public var views: [ModelView] = []
  /// The tensors, names unique.
  public var tensors: [Tensor]
  /// What is not wrong but should be known, in the order in which it was found.
  public var warnings: [Diagnosis]

  /// A model of these parts.
  public init(
    container: Container,
    files: [ModelFile],
    tensors: [Tensor],
    warnings: [Diagnosis] = []
  ) {
    self.container = container
    self.files = files
    self.tensors = tensors
    self.warnings = warnings
  }

  /// The bytes that a region's number of a file means: a file's, or a view's.
  public func source(ofFile number: Int) -> any ByteSource {
    number < files.count ? files[number].source : views[number - files.count].source
  }

  /// The bytes that a tensor's parts lie in.
  public func source(of tensor: Tensor) -> any ByteSource { source(ofFile: tensor.storage.file) }

  /// The file that a tensor comes from, decoded or not, as an index into ``files``.
  public func file(of tensor: Tensor) -> Int { file(ofNumber: tensor.storage.file) }

  /// The file that a region's number of a file leads to.
  public func file(ofNumber number: Int) -> Int {
    number < files.count ? number : views[number - files.count].file
  }

  /// The bytes of all parts of all tensors.
  public var storedByteCount: UInt64 { tensors.reduce(0) { $0 &+ $1.storage.byteCount } }

  /// The elements of all tensors; saturates.
  public var elementCount: UInt64 {
    tensors.reduce(0) { total, tensor in
      let (sum, overflow) = total.addingReportingOverflow(tensor.shape.elementCount)
      return overflow ? .max : sum
    }
  }
}
