internal import ModelIR

/// A model while its compressed modules are put together: the tensors as they are so far, and what is decoded
/// from the files when it is read.
struct Assembly {
  let model: Model
  let config: CompressionConfig?
  let assumptions: Assumptions
  /// The tensors, in the order of the model.
  var tensors: [Tensor]
  var warnings: [Diagnosis] = []
  /// What the files are found to be.
  var facts = CompressionFacts()

  /// Modules whose words were decoded from marlin-24.
  var marlinModules = Set<String>()

  /// One decoded file for each file that something is decoded from.
  private var decoded: [(file: Int, source: DecodedFile)] = []

  init(_ model: Model, config: CompressionConfig?, assumptions: Assumptions) {
    self.model = model
    self.config = config
    self.assumptions = assumptions
    tensors = model.tensors
  }

  /// The views, which come behind those that the model has.
  var views: [ModelView] { model.views + decoded.map { ModelView(source: $0.source, file: $0.file) } }

  /// The file that a tensor comes from, as an index into the model's.
  func file(of tensor: Tensor) -> Int {
    let number = tensor.storage.file
    let known = model.files.count + model.views.count
    return number < known ? model.file(ofNumber: number) : decoded[number - known].file
  }

  /// Where a tensor's parts lie.
  func source(of tensor: Tensor) -> any ByteSource {
    let number = tensor.storage.file
    let known = model.files.count + model.views.count
    return number < known ? model.source(ofFile: number) : decoded[number - known].source
  }

  /// What messages call the file of a tensor.
  func displayName(of tensor: Tensor) -> String { source(of: tensor).displayName }

  func fault(_ tensor: Tensor, _ rule: PartFault.Rule) -> PartFault {
    PartFault(file: displayName(of: tensor), tensor: tensor.name, rule)
  }

  /// Adds a matrix that is decoded from `file`, and returns the region that it can be read from; nil where its
  /// bytes are too many to number.
  mutating func decode(_ matrix: any RowDecoding, fromFile file: Int) -> Region? {
    let place = decoded.firstIndex { $0.file == file } ?? decoded.count
    if place == decoded.count {
      decoded.append(
        (file, DecodedFile(named: model.files[file].source.displayName, over: model.files.map(\.source)))
      )
    }
    guard let bytes = matrix.byteCount, let start = decoded[place].source.append(matrix) else { return nil }
    return Region(
      file: model.files.count + model.views.count + place,
      offset: start,
      byteCount: bytes
    )
  }

  /// A dense tensor that is decoded while it is read.
  /// - Throws: ``PartFault`` where its size is no number, with `blamed` as the tensor.
  mutating func decodedTensor(
    _ name: TensorName,
    _ elementType: ElementType,
    _ shape: Shape,
    from matrix: any RowDecoding,
    blaming blamed: Tensor
  ) throws -> Tensor {
    guard shape.byteCount(of: elementType) == matrix.byteCount,
      let region = decode(matrix, fromFile: file(of: blamed))
    else { throw fault(blamed, .tooLarge) }
    return Tensor(name: name, elementType: elementType, shape: shape, storage: .dense(region))
  }

  /// Takes tensors out and puts others in their places.
  mutating func replace(_ changes: [Int: [Tensor]]) {
    if changes.isEmpty { return }
    var result: [Tensor] = []
    result.reserveCapacity(tensors.count)
    for (index, tensor) in tensors.enumerated() {
      if let change = changes[index] { result += change } else { result.append(tensor) }
    }
    tensors = result
  }

  /// The bytes of a dense tensor that has few.
  func bytes(of tensor: Tensor) throws -> [UInt8] {
    guard case .dense(let region) = tensor.storage else { return [] }
    let count = Int(region.byteCount)
    var bytes = [UInt8](repeating: 0, count: count)
    try source(of: tensor).read(count, at: region.offset, into: &bytes, startingAt: 0)
    return bytes
  }

  /// A stored matrix of bytes-wide elements.
  func matrix(of tensor: Tensor) throws -> StoredMatrix {
    guard let matrix = StoredMatrix(tensor, in: source(of: tensor)) else {
      throw fault(tensor, .wrongType(found: tensor.elementType, expected: "a type of whole bytes"))
    }
    return matrix
  }

  /// Makes sure that a part has the element type that its format gives it.
  func require(_ tensor: Tensor, _ types: ElementType...) throws {
    guard !types.contains(tensor.elementType) else { return }
    let expected = types.map(\.name).joined(separator: " or ")
    throw fault(tensor, .wrongType(found: tensor.elementType, expected: expected))
  }

  /// Makes sure that a part has the shape that the others imply.
  func require(_ tensor: Tensor, shape extents: [UInt64]...) throws {
    guard !extents.contains(tensor.shape.extents) else { return }
    let texts = extents.map { "[" + $0.map(String.init).joined(separator: ", ") + "]" }
    throw fault(tensor, .wrongShape(found: tensor.shape, expected: texts.joined(separator: " or ")))
  }
}
