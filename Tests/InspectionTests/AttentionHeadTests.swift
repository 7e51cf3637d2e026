import Inspection
import ModelIR
import SparseCoding
import TestSupport
import Testing

@Suite("Attention heads")
struct AttentionHeadTests {
  /// Eight heads of 16 in 128 features, of which queries have eight and keys and values two.
  private static let facts: ArchitectureFacts = {
    var facts = ArchitectureFacts()
    (facts.name, facts.hiddenSize, facts.headCount, facts.keyValueHeadCount) = ("llama", 128, 8, 2)
    return facts
  }()

  /// A weight, and where its heads are.
  struct Case: CustomTestStringConvertible {
    var name: String
    var extents: [UInt64]
    /// Axis, heads, heads by the architecture.
    var expected: [UInt64]?
    var testDescription: String { "\(name) \(extents)" }
  }

  static let cases = [
    Case(name: "model.layers.0.self_attn.q_proj.weight", extents: [128, 128], expected: [0, 8, 8]),
    Case(name: "model.layers.0.self_attn.k_proj.weight", extents: [32, 128], expected: [0, 2, 2]),
    Case(name: "model.layers.0.self_attn.v_proj.weight", extents: [32, 128], expected: [0, 2, 2]),
    Case(name: "model.layers.0.self_attn.o_proj.weight", extents: [128, 128], expected: [1, 8, 8]),
    // Three heads were cut out.
    Case(name: "model.layers.0.self_attn.q_proj.weight", extents: [80, 128], expected: [0, 5, 8]),
    Case(name: "model.layers.0.self_attn.o_proj.weight", extents: [128, 80], expected: [1, 5, 8]),
    Case(name: "model.layers.0.self_attn.qkv_proj.weight", extents: [192, 128], expected: [0, 12, 12]),
    Case(name: "blk.0.attn_q.weight", extents: [128, 128], expected: [0, 8, 8]),
    Case(name: "blk.0.attn_output.weight", extents: [128, 128], expected: [1, 8, 8]),
    Case(
      name: "encoder.layer.0.attention.self.query.weight",
      extents: [128, 128],
      expected: [0, 8, 8]
    ),
    Case(
      name: "encoder.layer.0.attention.output.dense.weight",
      extents: [128, 128],
      expected: [1, 8, 8]
    ),
    // Other layers, other models' parts, and what is no whole number of heads.
    Case(name: "encoder.layer.0.output.dense.weight", extents: [128, 128], expected: nil),
    Case(name: "model.layers.0.mlp.up_proj.weight", extents: [256, 128], expected: nil),
    Case(name: "model.layers.0.mixer.out_proj.weight", extents: [128, 128], expected: nil),
    Case(name: "vision.layers.0.self_attn.q_proj.weight", extents: [96, 96], expected: nil),
    Case(name: "model.layers.0.self_attn.q_proj.weight", extents: [120, 128], expected: nil),
    Case(name: "model.layers.0.self_attn.q_proj.bias", extents: [128], expected: nil),
    Case(name: "model.layers.0.self_attn.q_proj.weight", extents: [0, 128], expected: nil),
  ]

  @Test("lie along the side that faces them", arguments: cases)
  func places(_ item: Case) throws {
    let bytes = [UInt8](repeating: 1, count: Int(item.extents.reduce(1, *)))
    let model = try InspectorTests.model([(item.name, .int8, item.extents, bytes)])
    let found = AttentionHeads(model.tensors[0], Self.facts)
    #expect(found.map { [UInt64($0.axis), $0.count, $0.expected ?? 0] } == item.expected)
    if let found { #expect(found.extent == 16) }
  }

  @Test("of GPT-2's layers lie along the columns")
  func transposed() throws {
    var facts = ArchitectureFacts()
    (facts.hiddenSize, facts.headCount) = (64, 4)
    for (name, extents, axis) in [
      ("h.0.attn.c_attn.weight", [64, 192], 1), ("h.0.attn.c_proj.weight", [64, 64], 0),
    ] {
      let extents = extents.map { UInt64($0) }
      var model = try InspectorTests.model([
        (name, .int8, extents, [UInt8](repeating: 1, count: Int(extents.reduce(1, *))))
      ])
      model.tensors[0].reduction = ReductionAxis.byArchitecture("gpt2", model.tensors[0])
      let found = try #require(AttentionHeads(model.tensors[0], facts))
      #expect(found.axis == axis)
      #expect(found.count == extents[axis] / 16)
      #expect(found.expected == found.count)
    }
  }

  @Test("of hostile facts trap nowhere", arguments: [0, 1, .max] as [UInt64], [0, 3, .max] as [UInt64])
  func hostile(hidden: UInt64, heads: UInt64) throws {
    var facts = ArchitectureFacts()
    (facts.hiddenSize, facts.headCount, facts.keyValueHeadCount) = (hidden, heads, heads)
    let model = try InspectorTests.model([
      ("self_attn.qkv_proj.weight", .int8, [1, 1], [1]), ("self_attn.q_proj.weight", .int8, [0, 1], []),
    ])
    for dimension in [nil, 0, 1, UInt64.max] {
      facts.headDimension = dimension
      for tensor in model.tensors {
        let found = AttentionHeads(tensor, facts)
        #expect(found == nil || found?.count == 1)
      }
    }
  }

  @Test("are counted as a walk over the elements counts them", arguments: [0, 1])
  func densities(axis: Int) throws {
    try withSeed { generator in
      let (extent, heads, across) = (16, 6, 128)
      let empty = Set((0..<heads).filter { _ in Bool.random(using: &generator) })
      let (rows, columns) = axis == 0 ? (extent * heads, across) : (across, extent * heads)
      var counts = [UInt64](repeating: 0, count: heads)
      var bytes = [UInt8](repeating: 0, count: rows * columns)
      for index in bytes.indices {
        let head = (axis == 0 ? index / columns : index % columns) / extent
        if !empty.contains(head), Int.random(in: 0..<3, using: &generator) == 0 {
          bytes[index] = 7
          counts[head] += 1
        }
      }
      let name = axis == 0 ? "self_attn.q_proj.weight" : "self_attn.o_proj.weight"
      let model = try InspectorTests.model([(name, .int8, [UInt64(rows), UInt64(columns)], bytes)])
      let report = try Inspector(
        pool: ChunkPool(threads: 2),
        chunkBytes: 1024,
        progress: WorkProgress(),
        deep: .all,
        architecture: Self.facts
      ).inspect(model)[0]
      let found = try #require(report.statistics?.deep?.heads)
      #expect(found.heads.axis == axis)
      #expect(found.empty == counts.indices.filter { counts[$0] == 0 }.map { UInt64($0) })
      #expect((found.fewest, found.most) == (counts.min() ?? 0, counts.max() ?? 0))
      #expect(found.elements == UInt64(extent * across))
    }
  }
}
