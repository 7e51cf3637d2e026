import CompressedTensors
import ModelIR
import Safetensors
import TestSupport
import Testing

/// A model in memory whose compressed parts were put together.
struct ResolvedModel {
  let checkpoint: CompressedCheckpoint
  private(set) var model: Model

  /// What `entries` and a config.json make; both may be broken.
  init(
    _ entries: [SafetensorsBuilder.Entry],
    config: String? = nil,
    assuming assumptions: [Assumptions.Item] = []
  ) throws {
    let source = MemorySource(SafetensorsBuilder(entries).bytes, named: "model.safetensors")
    let reader = try SafetensorsReader(source: source, name: "model.safetensors")
    model = Model(
      container: .safetensors,
      files: [reader.file(numbered: 0)],
      tensors: Array(reader.tensors(inFile: 0)),
      warnings: []
    )
    checkpoint = try CompressedCheckpoint(
      resolving: &model,
      configText: config.map { Array($0.utf8) },
      assumptions: Assumptions(assumptions)
    )
  }

  /// The names of the tensors, sorted.
  var names: [String] { model.tensors.map(\.name.text).sorted() }

  /// The tensor of a name.
  func tensor(_ name: String) throws -> Tensor {
    try #require(model.tensors.first { $0.name.text == name }, "\(name) is not there")
  }

  /// What a dense tensor reads as, in pieces of odd sizes.
  func read(_ tensor: Tensor) throws -> SafetensorsBuilder.Entry {
    guard case .dense(let region) = tensor.storage else { throw NotDense() }
    var bytes = [UInt8](repeating: 0xA5, count: Int(region.byteCount))
    var start = 0
    while start < bytes.count {
      let count = min(bytes.count - start, 1 + start % 7 * 13)
      try model.source(of: tensor).read(
        count,
        at: region.offset + UInt64(start),
        into: &bytes,
        startingAt: start
      )
      start += count
    }
    return .init(tensor.name.text, tensor.elementType.name, tensor.shape.extents, bytes)
  }

  /// What the tensor of a name reads as.
  func read(_ name: String) throws -> SafetensorsBuilder.Entry { try read(tensor(name)) }

  /// Gives weights this type, as `--type` does.
  mutating func dequantize(to type: ElementType) throws -> [TypeChange] {
    try Dequantization.apply(to: &model, .plain(type)).changes
  }

  struct NotDense: Error {}

  /// The diagnosis of the fault that `body` throws.
  static func fault(_ body: () throws -> Void) throws -> Diagnosis {
    do {
      try body()
    } catch let fault as any Fault {
      return fault.diagnosis
    }
    throw NoFault()
  }

  struct NoFault: Error {}
}
