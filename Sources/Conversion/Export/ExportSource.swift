internal import ByteIO
internal import Dialect
internal import GGUF
internal import Lossless
public import ModelIR
internal import ONNX
internal import Safetensors

/// A file that is to be compressed, and where its tensors are.
struct ExportSource {
  /// A tensor of the file.
  struct Item {
    var name: TensorName
    var content: ExportManifest.Content
    var shape: Shape
    var range: Range<UInt64>
  }

  /// The file.
  var source: any ByteSource
  /// Its path within the model, by components.
  var components: [String]
  /// What it is.
  var format: ExportManifest.Format
  /// The tensors, in any order.
  var items: [Item]

  /// The name, without folders.
  var name: String { components[components.count - 1] }

  /// The files of a model.
  /// - Throws: ``ExportSourceFault`` for files that are compressed already, and what reading headers throws.
  static func files(of opened: OpenedModel, lenient: Bool) throws -> [ExportSource] {
    for file in opened.model.files where file.source is RestoredSource {
      throw ExportSourceFault(file: file.source.displayName)
    }
    if let gguf = opened.gguf {
      return zip(gguf.shards, gguf.model.files).map { ExportSource($0, named: $1.name) }
    }
    if let onnx = opened.onnx { return ExportSource.files(of: onnx, opened.model.files) }
    return try opened.stored.files.map { file in
      var source = ExportSource(source: file.source, components: [file.name], format: .safetensors, items: [])
      let header = try SafetensorsHeader.read(from: file.source, lenient: lenient)
      let blocks = try Self.blocks(of: header, file: file.source.displayName)
      source.items = header.entries.map { entry in
        let range = (header.dataStart + entry.begin)..<(header.dataStart + entry.end)
        let (content, shape) = blocks[entry.name] ?? (.elements(entry.elementType), entry.shape)
        return Item(name: entry.name, content: content, shape: shape, range: range)
      }
      return source
    }
  }

  /// The tensors of a safetensors file that hold ggml's blocks, as a manifest of ours says.
  private static func blocks(
    of header: SafetensorsHeader,
    file: String
  ) throws -> [TensorName: (ExportManifest.Content, Shape)] {
    guard let manifest = try Manifest.read(from: header.metadata, file: file) else { return [:] }
    var found: [TensorName: (ExportManifest.Content, Shape)] = [:]
    for entry in manifest.entries where entry.layout == .dense {
      guard let quantization = entry.quantization, quantization.packing == Quantization.blockPacking,
        let type = GGMLType(name: quantization.scheme), type.elementType == nil,
        let shape = quantization.logicalShape
      else { continue }
      found[entry.alias ?? entry.name] = (.blocks(type), shape)
    }
    return found
  }

  private init(_ reader: GGUFReader, named name: String) {
    let header = reader.header
    let items = header.tensors.compactMap { info -> Item? in
      guard let count = info.byteCount, let shape = Shape(info.dims.reversed()) else { return nil }
      let start = header.dataStart + info.offset
      var content = info.type.elementType.map { ExportManifest.Content.elements($0) } ?? .blocks(info.type)
      // Their exponents are not where those of others are.
      if header.isBigEndian { content = .elements(.uint8) }
      return Item(name: info.name, content: content, shape: shape, range: start..<(start + count))
    }
    self.init(source: reader.source, components: [name], format: .gguf, items: items)
  }

  private static func files(of onnx: ONNXImport, _ files: [ModelFile]) -> [ExportSource] {
    var sources = files.enumerated().map { index, file in
      ExportSource(
        source: file.source,
        components: file.name.split(separator: "/").map(String.init),
        format: index == 0 ? .onnx : .raw,
        items: []
      )
    }
    for tensor in onnx.reader.model.tensors {
      let place: (file: Int, range: Range<UInt64>)
      switch tensor.values {
      case .raw(let range): place = (0, range)
      case .external(let file, let range): place = (file + 1, range)
      case .typed, .none: continue
      }
      guard let type = tensor.type.elementType else { continue }
      // What a sparse tensor stores is its values.
      let isSparse = tensor.indices != nil
      let count = place.range.upperBound - place.range.lowerBound
      let shape = isSparse ? type.byteWidth.map { .vector(count / UInt64($0)) } ?? tensor.shape : tensor.shape
      sources[place.file].items.append(
        Item(name: tensor.scopedName, content: .elements(type), shape: shape, range: place.range)
      )
    }
    return sources
  }

  private init(
    source: any ByteSource,
    components: [String],
    format: ExportManifest.Format,
    items: [Item]
  ) {
    self.source = source
    self.components = components
    self.format = format
    self.items = items
  }
}

/// A file that is a compressed export already.
public struct ExportSourceFault: Fault, Hashable {
  /// The file.
  public let file: String

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    Diagnosis(
      .usage,
      file: file,
      "is a compressed export already",
      expected: "`lacuna decompress` gives back what it was made of"
    )
  }
}
