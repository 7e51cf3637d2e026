internal import ByteIO
public import ModelIR

/// A safetensors file, its header read: a file of a model and its tensors, all of them dense.
public struct SafetensorsReader: Sendable {
  private let source: any ByteSource
  private let name: String
  private let header: SafetensorsHeader

  /// Reads the header of `source` and gives the source back its descriptor.
  /// - Parameter name: the file's name within the model.
  /// - Throws: ``SafetensorsFault``, or what the source throws.
  public init(source: any ByteSource, name: String, lenient: Bool = false) throws {
    header = try SafetensorsHeader.read(from: source, lenient: lenient)
    try source.rest()
    self.source = source
    self.name = name
  }

  /// What should be known.
  public var warnings: [Diagnosis] { header.warnings }

  /// The file, as number `index` of its model's.
  public func file(numbered index: Int) -> ModelFile {
    ModelFile(
      source: source,
      name: name,
      skeleton: Region(file: index, offset: 0, byteCount: header.dataStart),
      metadata: header.metadata,
      declaresMetadata: header.declaresMetadata
    )
  }

  /// The tensors in the order of the header, in file `index` of their model.
  public func tensors(inFile index: Int) -> some Sequence<Tensor> {
    header.entries.lazy.map { entry in
      Tensor(
        name: entry.name,
        elementType: entry.elementType,
        shape: entry.shape,
        storage: .dense(
          Region(
            file: index,
            offset: header.dataStart + entry.begin,
            byteCount: entry.end - entry.begin
          )
        )
      )
    }
  }
}
