public import ModelIR

/// A GGUF file, its header read: a file of a model and its tensors.
public struct GGUFReader: Sendable {
  /// The bytes of the file.
  public let source: any ByteSource
  /// The header.
  public let header: GGUFHeader
  private let name: String
  /// The tensors, as if the file were number 0.
  private let tensors: [Tensor]
  /// What the tensors of a big-endian file are read through.
  private let swapped: ByteSwappedSource?

  /// Reads the header of `source` and gives the source back its descriptor.
  /// - Parameters:
  ///   - name: the file's name within the model.
  ///   - lenient: see ``GGUFHeader/read(from:lenient:)``.
  /// - Throws: ``GGUFFault``, or what the source throws.
  public init(source: any ByteSource, name: String, lenient: Bool = false) throws {
    let header = try GGUFHeader.read(from: source, lenient: lenient)
    try source.rest()
    var builder = TensorBuilder(file: source.displayName, dataStart: header.dataStart)
    tensors = try header.tensors.map { try builder.tensor($0) }
    swapped = header.isBigEndian ? try ByteSwappedSource(source, header: header) : nil
    self.header = header
    self.source = source
    self.name = name
  }

  /// What should be known.
  public var warnings: [Diagnosis] { header.warnings }

  /// Whether the tensors are read through ``view(ofFile:)`` instead of the file itself.
  public var needsView: Bool { swapped != nil }

  /// The file, as number `index` of its model's. Its metadata are scalars and short texts; arrays and long
  /// texts are in the header alone, to be decoded on demand.
  public func file(numbered index: Int) -> ModelFile {
    var metadata = Metadata()
    for entry in header.entries {
      if let value = entry.value { metadata.append(key: entry.key, value: value) }
    }
    return ModelFile(
      source: source,
      name: name,
      skeleton: Region(file: index, offset: 0, byteCount: header.dataStart),
      metadata: metadata,
      declaresMetadata: true
    )
  }

  /// What the tensors of a big-endian file are read through, where the file is number `index` of its model's;
  /// nil for other files.
  public func view(ofFile index: Int) -> ModelView? { swapped.map { ModelView(source: $0, file: index) } }

  /// The tensors in the order of the header.
  /// - Parameter index: the number of the file, or that of its view where it has one.
  public func tensors(inFile index: Int) -> some Sequence<Tensor> {
    tensors.lazy.map { tensor in
      var tensor = tensor
      if case .dense(let region) = tensor.storage {
        tensor.storage = .dense(Region(file: index, offset: region.offset, byteCount: region.byteCount))
      }
      return tensor
    }
  }

  /// The file as a model of its own.
  public var model: Model {
    let view = view(ofFile: 0)
    var model = Model(
      container: .gguf,
      files: [file(numbered: 0)],
      tensors: Array(tensors(inFile: view == nil ? 0 : 1)),
      warnings: warnings
    )
    if let view { model.views = [view] }
    return model
  }
}

/// Makes descriptors of tensors; the many of one form share a shape and a quantization.
private struct TensorBuilder {
  private struct Form {
    var dims: [UInt64]
    var type: GGMLType
    var elementType: ElementType
    var shape: Shape
    var quantization: Quantization?
  }

  let file: String
  let dataStart: UInt64
  private var recent: [Form] = []

  init(file: String, dataStart: UInt64) {
    self.file = file
    self.dataStart = dataStart
  }

  mutating func tensor(_ info: GGUFTensorInfo) throws -> Tensor {
    let form = try form(of: info)
    return Tensor(
      name: info.name,
      elementType: form.elementType,
      shape: form.shape,
      storage: .dense(
        Region(file: 0, offset: dataStart + info.offset, byteCount: info.byteCount ?? 0)
      ),
      quantization: form.quantization
    )
  }

  private mutating func form(of info: GGUFTensorInfo) throws -> Form {
    if let known = recent.first(where: { $0.type == info.type && $0.dims == info.dims }) { return known }
    guard let form = Self.form(info.type, info.dims) else {
      throw GGUFFault(file: file, tensor: info.name, .shapeOverflow(info.dims))
    }
    if recent.count == 8 { recent.removeFirst() }
    recent.append(form)
    return form
  }

  /// The shape is the dims turned round; that of blocks counts bytes along the last axis.
  private static func form(_ type: GGMLType, _ dims: [UInt64]) -> Form? {
    guard let elements = Shape(dims.reversed()) else { return nil }
    if let plain = type.elementType {
      guard elements.byteCount(of: plain) != nil else { return nil }
      return Form(dims: dims, type: type, elementType: plain, shape: elements, quantization: nil)
    }
    guard let rowBytes = type.bytes(ofRow: elements.columns),
      let stored = elements.replacingColumns(with: rowBytes)
    else { return nil }
    let quantization = Quantization(blocksOf: type, logicalShape: elements)
    return Form(dims: dims, type: type, elementType: .uint8, shape: stored, quantization: quantization)
  }
}
