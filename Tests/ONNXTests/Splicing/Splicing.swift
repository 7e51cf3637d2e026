import ModelIR
import ONNX
import TestSupport
import Testing

/// Applying plans to models in memory.
enum Splicing {
  /// What a change of a subject to a form streams, made of the tensor's dense elements.
  struct Content {
    var replacement: SplicePlan.Replacement
    var payloads: [WireMessage.Payload: [UInt8]]
  }

  /// What a form of a tensor takes.
  static func content(
    _ target: SpliceTarget,
    _ type: ONNXDataType,
    _ extents: [UInt64],
    dense: [UInt8],
    indices form: IndexForm = .linearVarints
  ) -> Content {
    switch target {
    case .raw: return Content(replacement: .raw, payloads: [.values: dense])
    case .external:
      let replacement = SplicePlan.Replacement.external(
        location: "w.bin",
        offset: 0,
        byteCount: UInt64(dense.count)
      )
      return Content(replacement: replacement, payloads: [:])
    case .sparseValue, .sparseInitializer, .bitmask:
      let sample = SparseSample(type, extents, dense: dense)
      let counts = sample.counts
      let payloads = [
        WireMessage.Payload.values: sample.values, .indices: sample.indices(form), .mask: sample.flatMask,
      ]
      let replacement: SplicePlan.Replacement =
        switch target {
        case .sparseValue: .sparseValue(counts, form)
        case .sparseInitializer: .sparseInitializer(counts, form)
        default: .bitmask(nnz: counts.nnz)
        }
      return Content(replacement: replacement, payloads: payloads)
    }
  }

  /// The bytes of a plan, whose pieces have to be what the plan says of them.
  static func bytes(
    _ plan: SplicePlan,
    of file: [UInt8],
    _ payloads: [[WireMessage.Payload: [UInt8]]] = []
  ) throws -> [UInt8] {
    var result: [UInt8] = []
    var copied: UInt64 = 0
    for piece in plan.pieces {
      switch piece {
      case .copied(let range):
        try #require(range.lowerBound >= copied && !range.isEmpty)
        copied = range.upperBound
        result += file[Int(range.lowerBound)..<Int(range.upperBound)]
      case .bytes(let bytes):
        try #require(!bytes.isEmpty)
        result += bytes
      case .payload(let change, let payload, let byteCount):
        let content = try #require(payloads[change][payload])
        try #require(UInt64(content.count) == byteCount)
        result += content
      }
    }
    try #require(UInt64(result.count) == plan.byteCount)
    return result
  }

  /// The file with tensors in other forms.
  static func bytes(
    _ file: [UInt8],
    _ reader: ONNXReader,
    _ changes: [(SplicePlan.Subject, SpliceTarget)],
    indices form: IndexForm = .linearVarints,
    metadata: [(key: String, value: String?)] = []
  ) throws -> [UInt8] {
    var model = StoredModel(reader)
    var planned: [SplicePlan.Change] = []
    var payloads: [[WireMessage.Payload: [UInt8]]] = []
    for (subject, target) in changes {
      let (type, extents, dense): (ONNXDataType, [UInt64], [UInt8])
      switch subject {
      case .tensor(let index):
        let tensor = reader.model.tensors[index]
        (type, extents, dense) = (tensor.type, tensor.shape.extents, try model.dense(of: tensor))
      case .expansion(let expansion):
        type = reader.model.tensors[expansion.values].type
        (extents, dense) = (expansion.extents, try model.dense(expansion))
      }
      let content = content(target, type, extents, dense: dense, indices: form)
      planned.append(SplicePlan.Change(subject, to: content.replacement))
      payloads.append(content.payloads)
    }
    return try bytes(SplicePlan(reader, changes: planned, metadata: metadata), of: file, payloads)
  }

  /// All that can be changed in a model: tensors, and those that nodes put together, whose parts are left out.
  static func subjects(_ reader: ONNXReader) throws -> [SplicePlan.Subject] {
    let expansions = try StoredModel(reader).storage.bitmaskExpansions(in: reader.model)
    let parts = Set(expansions.flatMap { $0.constants + [$0.mask, $0.values] })
    return reader.model.tensors.indices.filter { !parts.contains($0) }.map { .tensor($0) }
      + expansions.map { .expansion($0) }
  }
}

extension SparseSample {
  /// A tensor of these elements.
  init(_ type: ONNXDataType, _ extents: [UInt64], dense: [UInt8]) {
    self.type = type
    self.extents = extents
    self.dense = dense
    let width = (type.elementType?.bitWidth ?? 8) / 8
    self.width = width
    places = (0..<UInt64(dense.count / width)).filter { place in
      dense[(Int(place) * width)..<((Int(place) + 1) * width)].contains { $0 != 0 }
    }
  }
}
