package import ByteIO
package import ModelIR

/// An ONNX model file, walked over: what it holds, and where everything stands in its bytes.
///
/// Opening reads the description alone, however large the weights are. What is promised of an opened file: every
/// length and every place lies in the file that it says; as many bytes of elements are there as type and shape
/// ask for (of varints, a number that can be as many). What the elements themselves say is checked when they are
/// read: varints, and the order and range of sparse indices.
package struct ONNXReader: Sendable {
  /// The newest IR version that is known, of onnx 1.23.
  package static let newestVersion: Int64 = 14

  /// The file.
  package let source: any ByteSource
  /// What the file holds.
  package let model: ONNXModel
  /// Where it stands.
  package let structure: ONNXStructure
  /// For each of ``ONNXModel/graphs`` what scoped names of its tensors start with.
  package let scopes: [String]
  /// The other files that hold elements, by the numbers that ``ONNXPayload/external(file:range:)`` has.
  package let externalFiles: [ONNXExternalFile]
  /// What is let pass but should be known.
  package let oddities: [ONNXOddity]
  /// How many bytes of the file were looked at.
  package let bytesRead: UInt64

  /// Opens the file at `path`. Its folder, as the path has it, is where external data are looked for.
  /// - Parameter lenient: whether names that are no UTF-8 are read.
  /// - Throws: ``ONNXFault``, and what opening and reading throw.
  package init(path: String, lenient: Bool = false) throws {
    try self.init(
      source: InputFile.open(path),
      folder: Folder(Folder.parent(of: path)),
      lenient: lenient
    )
  }

  /// Reads a model, and gives the source back its descriptor.
  /// - Parameters:
  ///   - folder: where external data are looked for; a model that has some is refused without it.
  ///   - elsewhere: sources that stand for external files, by their locations: those of an output that is not visible.
  ///   - lenient: whether names that are no UTF-8 are read.
  /// - Throws: ``ONNXFault``, and what reading throws.
  package init(
    source: any ByteSource,
    folder: Folder?,
    elsewhere: [String: any ByteSource] = [:],
    lenient: Bool = false
  ) throws {
    var walk = ModelWalk(source, ExternalFiles(folder, elsewhere: elsewhere), isLenient: lenient)
    try walk.readModel()
    try source.rest()
    self.source = source
    model = walk.model
    structure = walk.structure
    scopes = walk.scopes
    externalFiles = walk.external.files
    oddities = walk.oddities
    bytesRead = walk.reader.bytesRead
  }

  /// What should be known.
  package var warnings: [Diagnosis] { oddities.map(\.diagnosis) }
}
