import ModelIR
import ONNX
import TestSupport

/// A model whose tensors can be asked for their elements.
struct StoredModel {
  let model: ONNXModel
  var storage: ONNXStorage
  private let files: [any ByteSource]

  init(_ reader: ONNXReader) {
    model = reader.model
    let others = reader.externalFiles.map { $0.source as any ByteSource }
    files = [reader.source] + others
    storage = ONNXStorage(files: files, external: Array(others.indices.map { $0 + 1 }))
  }

  /// The golden model of a name.
  init(golden name: String) throws {
    self.init(try ONNXReader(path: Fixture.path("onnx/" + name)))
  }

  /// A model of these bytes.
  init(_ bytes: [UInt8]) throws {
    self.init(try ONNXReader(source: MemorySource(bytes, named: "m.onnx"), folder: nil))
  }

  /// The tensor of a name.
  func tensor(_ name: String) throws -> ONNXTensor {
    guard let tensor = model.tensors.first(where: { $0.name == name }) else { throw Missing(name: name) }
    return tensor
  }

  /// A name that no tensor has.
  struct Missing: Error { let name: String }

  /// The bytes of a region.
  func bytes(_ region: Region) throws -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: Int(region.byteCount))
    let sources = files + storage.views.map { $0.source as any ByteSource }
    try sources[Int(region.file)].read(buffer.count, at: region.offset, into: &buffer, startingAt: 0)
    return buffer
  }

  /// The elements of a tensor as dense `raw_data` has them.
  mutating func dense(_ name: String) throws -> [UInt8] {
    try dense(of: tensor(name))
  }

  /// The elements of a tensor as dense `raw_data` has them.
  mutating func dense(of tensor: ONNXTensor) throws -> [UInt8] {
    let found = try storage.storage(of: tensor)
    return try dense(found.storage, tensor.shape, width: (tensor.type.elementType?.bitWidth ?? 0) / 8)
  }

  /// The elements of a tensor that nodes put together.
  mutating func dense(_ expansion: BitmaskExpansion) throws -> [UInt8] {
    let type = model.tensors[expansion.values].type
    let found = try storage.storage(of: expansion, in: model)
    guard let shape = Shape(expansion.extents) else { throw Missing(name: expansion.output) }
    return try dense(found.storage, shape, width: (type.elementType?.bitWidth ?? 0) / 8)
  }

  private func dense(_ storage: Storage, _ shape: Shape, width: Int) throws -> [UInt8] {
    let columns = Int(shape.columns)
    var dense = [UInt8](repeating: 0, count: Int(shape.elementCount) * width)
    switch storage {
    case .dense(let region): return try bytes(region)
    case .csr(let offsets, let offsetWidth, let indices, let columnWidth, let values):
      let offsets = integers(try bytes(offsets), offsetWidth.byteWidth)
      let indices = integers(try bytes(indices), columnWidth.byteWidth)
      let values = try bytes(values)
      for row in 0..<Int(shape.rows) {
        for position in offsets[row]..<offsets[row + 1] {
          let place = (row * columns + indices[position]) * width
          dense.replaceSubrange(
            place..<place + width,
            with: values[(position * width)..<((position + 1) * width)]
          )
        }
      }
    case .bitmask(let mask, let values):
      let (mask, values) = (try bytes(mask), try bytes(values))
      let stride = (columns + 7) / 8
      var next = 0
      for element in 0..<Int(shape.elementCount) {
        let (row, column) = (element / columns, element % columns)
        guard mask[row * stride + column / 8] >> (column % 8) & 1 == 1 else { continue }
        let run = element * width..<(element + 1) * width
        dense.replaceSubrange(run, with: values[next..<next + width])
        next += width
      }
      if next != values.count { throw Missing(name: "bits for \(values.count - next) bytes of values") }
    case .nm: throw Missing(name: "N:M")
    }
    return dense
  }

  private func integers(_ bytes: [UInt8], _ width: Int) -> [Int] {
    stride(from: 0, to: bytes.count, by: width).map { start in
      bytes[start..<start + width].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
  }
}
