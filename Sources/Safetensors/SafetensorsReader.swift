internal import ByteIO
public import ModelIR

/// A safetensors file as a file of a model and its tensors, all of them dense.
public struct SafetensorsReader: Sendable {
  /// The file.
  public let file: ModelFile
  /// The tensors in the order of the header.
  public let tensors: [Tensor]
  /// What should be known.
  public let warnings: [Diagnosis]

  /// Reads the header of `source` and gives the source back its descriptor.
  /// - Parameters:
  ///   - name: the file's name within the model.
  ///   - index: which of the model's files it is.
  /// - Throws: ``SafetensorsFault``, or what the source throws.
  public init(source: any ByteSource, name: String, index: Int, lenient: Bool = false) throws {
    let header = try SafetensorsHeader.read(from: source, lenient: lenient)
    try source.rest()
    file = ModelFile(
      source: source, name: name,
      skeleton: Region(file: index, offset: 0, byteCount: header.dataStart),
      metadata: header.metadata, declaresMetadata: header.declaresMetadata)
    tensors = header.entries.map { entry in
      Tensor(
        name: entry.name, elementType: entry.elementType, shape: entry.shape,
        storage: .dense(
          Region(file: index, offset: header.dataStart + entry.begin, byteCount: entry.end - entry.begin)))
    }
    warnings = header.warnings
  }
}
