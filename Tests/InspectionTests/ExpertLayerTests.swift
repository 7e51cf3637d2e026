import Inspection
import ModelIR
import SparseCoding
import Testing

@Suite("Experts of mixtures")
struct ExpertLayerTests {
  /// Reports on tensors of bytes that are all of one value.
  private func reports(
    _ tensors: [(name: String, extents: [UInt64], value: UInt8)],
    deep: Bool = false,
    change: (inout [UInt8], String) -> Void = { _, _ in }
  ) throws -> [TensorReport] {
    let model = try InspectorTests.model(
      tensors.map { name, extents, value in
        var bytes = [UInt8](repeating: value, count: Int(extents.contains(0) ? 0 : extents.reduce(1, *)))
        change(&bytes, name)
        return (name, .int8, extents, bytes)
      }
    )
    return try Inspector(
      pool: ChunkPool(threads: 1),
      chunkBytes: 256,
      progress: WorkProgress(),
      deep: deep ? .all : .none
    ).inspect(model)
  }

  @Test("with tensors of their own are counted by name, and those all of zeros as empty")
  func separate() throws {
    var tensors: [(String, [UInt64], UInt8)] = []
    for expert in [0, 1, 3, 10] {
      tensors.append(("m.0.moe.experts.\(expert).w1.weight", [4, 8], expert == 3 ? 0 : 1))
      tensors.append(("m.0.moe.experts.\(expert).w2.weight", [8, 4], expert == 3 || expert == 0 ? 0 : 1))
    }
    tensors.append(("m.0.moe.gate.weight", [5, 8], 1))
    tensors.append(("m.0.moe.shared_experts.w1.weight", [4, 8], 1))
    tensors.append(("m.1.mlp.gate.weight", [9, 8], 1))
    tensors.append(("m.1.mlp.experts.expert_2.wi.weight", [4, 8], 1))
    var facts = ArchitectureFacts()
    facts.expertCount = 6
    let found = ExpertLayer.find(in: try reports(tensors), facts)
    #expect(found.map(\.name) == ["m.0.moe", "m.1.mlp"])
    #expect(found.map(\.present) == [4, 1])
    // Expert 0 has one matrix that is not zero.
    #expect(found.map(\.empty) == [1, 0])
    #expect(found.map(\.kept) == [3, 1])
    #expect(found.map(\.routed) == [5, 9])
    #expect(found.map(\.expected) == [6, 6])
  }

  @Test(
    "in stacks are counted by the first axis; which are empty, a deep look tells",
    arguments: [false, true]
  )
  func stacked(deep: Bool) throws {
    let tensors: [(String, [UInt64], UInt8)] = [
      ("blk.0.ffn_gate_exps.weight", [4, 6, 8], 1), ("blk.0.ffn_down_exps.weight", [4, 8, 6], 1),
      ("blk.0.ffn_gate_inp.weight", [4, 8], 1), ("blk.0.ffn_gate_shexp.weight", [6, 8], 1),
      ("m.1.mlp.experts.gate_up_proj", [3, 8, 6], 1),
    ]
    let reports = try reports(tensors, deep: deep) { bytes, name in
      // Expert 2 is zero in both stacks, expert 1 in one of them.
      if name.contains("exps") { for index in 96..<144 { bytes[index] = 0 } }
      if name.contains("gate_exps") { for index in 48..<96 { bytes[index] = 0 } }
    }
    let found = ExpertLayer.find(in: reports, ArchitectureFacts())
    #expect(found.map(\.name) == ["blk.0", "m.1.mlp"])
    #expect(found.map(\.present) == [4, 3])
    #expect(found.map(\.empty) == (deep ? [1, 0] : [nil, nil]))
    #expect(found.map(\.routed) == [4, nil])
  }

  @Test("are not seen where there are none")
  func none() throws {
    let tensors: [(String, [UInt64], UInt8)] = [
      ("m.0.mlp.gate.weight", [4, 8], 1), ("m.0.experts.bias", [4], 1), ("m.experts", [4, 4], 1),
      ("m.0.experts.weight", [4, 4], 1),
    ]
    let found = ExpertLayer.find(in: try reports(tensors), ArchitectureFacts())
    #expect(found.isEmpty)
    // Stacks without elements may claim any number of experts.
    let claims: [(String, [UInt64], UInt8)] = [
      ("m.experts.0.w.weight", [2, 2], 1), ("m.experts.up_proj", [.max, 0, 0], 1),
      ("m.a_exps", [.max, 0, 1], 1),
    ]
    let some = ExpertLayer.find(in: try self.reports(claims), ArchitectureFacts())
    #expect(some.map(\.present) == [1])
  }
}
