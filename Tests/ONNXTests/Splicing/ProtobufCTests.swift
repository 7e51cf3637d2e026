import COnnx
import ONNX
import TestSupport
import Testing

/// What we write, read by another program's reader: protobuf-c, with what protoc-c makes of our schema.
@Suite("ONNX models and protobuf-c")
struct ProtobufCTests {
  /// What protobuf-c finds in a model, and what it makes of it again.
  struct Reading {
    let nodes: Int
    let initializers: Int
    let sparseInitializers: Int
    let packed: [UInt8]

    /// Nil where protobuf-c refuses the bytes.
    init?(_ bytes: [UInt8]) {
      guard let model = onnx__model_proto__unpack(nil, bytes.count, bytes) else { return nil }
      defer { onnx__model_proto__free_unpacked(model, nil) }
      guard let graph = model.pointee.graph else { return nil }
      nodes = graph.pointee.n_node
      initializers = graph.pointee.n_initializer
      sparseInitializers = graph.pointee.n_sparse_initializer
      var packed = [UInt8](repeating: 0, count: onnx__model_proto__get_packed_size(model))
      let written = onnx__model_proto__pack(model, &packed)
      self.packed = Array(packed.prefix(written))
    }
  }

  /// Models whose writers put fields in the order of their numbers, and nothing that the schema lacks.
  static let canonical = GoldenModel.all.filter { !$0.name.hasPrefix("wire_") }

  @Test("The schema knows every field of golden models: they come back byte for byte", arguments: canonical)
  func schema(model: GoldenModel) throws {
    let bytes = try model.bytes()
    let reading = try #require(Reading(bytes))
    #expect(reading.packed == bytes)
    let main = try model.reader(bytes).model.graphs[0]
    #expect(reading.nodes == main.nodes.count)
    #expect(reading.initializers + reading.sparseInitializers == main.initializers.count)
  }

  @Test(
    "What is written is what protobuf-c would write",
    arguments: canonical,
    [SpliceTarget.raw, .sparseValue, .sparseInitializer]
  )
  func written(model: GoldenModel, target: SpliceTarget) throws {
    let file = try model.bytes()
    let reader = try model.reader(file)
    let rules = try SpliceRules(reader)
    let changes = try Splicing.subjects(reader).filter { rules.obstacle(to: target, of: $0) == nil }
    if changes.isEmpty { return }
    let bytes = try Splicing.bytes(file, reader, changes.map { ($0, target) })
    let reading = try #require(Reading(bytes))
    let main = try model.reader(bytes).model.graphs[0]
    #expect(reading.nodes == main.nodes.count)
    #expect(reading.initializers + reading.sparseInitializers == main.initializers.count)
    // Where the new fields stand among the old ones is free; nothing is lost or longer.
    #expect(reading.packed.count == bytes.count)
  }
}
