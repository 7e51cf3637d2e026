import Inspection
import ModelIR
import SparseCoding
import TestSupport
import Testing

@Suite("Advice")
struct AdviceTests {
  /// A matrix of BF16 ones and zeros: every row the same. The first ones of 20 elements are zero, so
  /// that no pattern holds, or 2:4 is.
  private enum Fill {
    case zeros(Int)
    case twoOfFour
    /// Nine elements side by side.
    case run
    case emptyRows(Int, zeros: Int)
  }

  private func reports(_ tensors: [(name: String, extents: [UInt64], fill: Fill)]) throws -> [TensorReport] {
    try InspectorTests.inspect(
      try InspectorTests.model(
        tensors.map { name, extents, fill in
          let columns = Int(extents.dropFirst().reduce(1, *))
          var bytes: [UInt8] = []
          for row in 0..<Int(extents[0]) {
            for column in 0..<columns {
              let isZero: Bool =
                switch fill {
                case .zeros(let count): column % 20 < count
                case .twoOfFour: column % 4 < 2
                case .run: column >= 9
                case .emptyRows(let rows, let count): row < rows || column % 20 < count
                }
              bytes += isZero ? [0, 0] : [0x80, 0x3F]
            }
          }
          return (name, .bfloat16, extents, bytes)
        }
      )
    )
  }

  private func advice(_ tensors: [(name: String, extents: [UInt64], fill: Fill)]) throws -> [Advice] {
    Advice.on(try reports(tensors))
  }

  /// Some layers of one kind.
  private func layers(_ count: Int, _ fill: (Int) -> Fill) -> [(String, [UInt64], Fill)] {
    (0..<count).map { ("model.layers.\($0).mlp.up_proj.weight", [20, 40], fill($0)) }
  }

  @Test("says nothing of dense models, nor of evenly pruned ones")
  func nothing() throws {
    let ends: [(String, [UInt64], Fill)] = [
      ("model.embed_tokens.weight", [20, 40], .zeros(0)), ("lm_head.weight", [20, 40], .zeros(0)),
      ("model.norm.weight", [40], .zeros(0)),
    ]
    #expect(try advice(layers(6) { _ in .zeros(0) } + ends).isEmpty)
    #expect(try advice(layers(6) { _ in .zeros(10) } + ends).isEmpty)
    #expect(try advice(layers(6) { _ in .twoOfFour } + ends).isEmpty)
  }

  @Test("names a layer that breaks its neighbours' pattern")
  func offPattern() throws {
    let found = try advice(layers(6) { $0 == 4 ? .zeros(5) : .twoOfFour })
    #expect(found.map(\.rule) == [.offPattern])
    #expect(found[0].subject == "model.layers.4.mlp.up_proj.weight")
    // Whatever follows 2:4 follows 4:8 and 8:16 too; the pattern that is named is the one with the smallest groups.
    #expect(found[0].pattern == .twoOfFour)
    #expect(found[0].sparsity == 0.25)
    #expect(found[0].usual == 0.5)
  }

  @Test("names a layer that stayed dense among sparse ones, but not one that is a little denser")
  func denseAmongSparse() throws {
    let found = try advice(layers(7) { $0 == 2 ? .zeros(0) : $0 == 3 ? .zeros(8) : .zeros(12) })
    #expect(found.map(\.rule) == [.denseAmongSparse])
    #expect(found.flatMap(\.tensors) == ["model.layers.2.mlp.up_proj.weight"])
  }

  @Test("names a kind of layer that stayed dense")
  func denseKind() throws {
    let down = (0..<6).map {
      ("model.layers.\($0).mlp.down_proj.weight", [20, 20] as [UInt64], Fill.zeros(0))
    }
    let found = try advice(layers(6) { _ in .zeros(12) } + down)
    #expect(found.map(\.rule) == [.denseKind])
    #expect(found[0].subject == "model.layers.*.mlp.down_proj.weight")
    #expect(found[0].tensors.count == 6)
    #expect(found[0].usual.map { abs($0 - 0.4) < 1e-12 } == true)
    // Where most weights are dense, the sparse ones are the exception.
    #expect(try advice(layers(2) { _ in .zeros(12) } + down).allSatisfy { $0.rule != .denseKind })
  }

  @Test("names what is best left dense")
  func sensitive() throws {
    let sparse = layers(6) { _ in .zeros(10) }
    let named: [(name: String, extents: [UInt64], rule: Advice.Rule)] = [
      ("model.embed_tokens.weight", [20, 40], .prunedEmbedding),
      ("lm_head.weight", [20, 40], .prunedOutputHead),
      ("conv1.weight", [8, 3, 5, 4], .prunedFirstLayer),
      ("classifier.weight", [20, 40], .prunedClassifier),
    ]
    for item in named {
      let pruned = try advice(sparse + [(item.name, item.extents, .zeros(10))])
      #expect(pruned.map(\.rule) == [item.rule], "\(item.name)")
      #expect(pruned[0].tensors == [TensorName(item.name)])
      #expect(abs(pruned[0].sparsity - 0.5) < 1e-12)
      #expect(try advice(sparse + [(item.name, item.extents, .zeros(0))]).isEmpty, "\(item.name)")
    }
    // Rows that no word uses are no pruning; what is zero beside them is.
    #expect(try advice([("wte.weight", [20, 40], .emptyRows(9, zeros: 0))]).isEmpty)
    let found = try advice([("wte.weight", [20, 40], .emptyRows(10, zeros: 5))])
    #expect(found.map(\.rule) == [.prunedEmbedding])
    #expect(found[0].sparsity == 0.25)
    #expect(try advice([("wte.weight", [20, 40], .zeros(20))]).isEmpty)
  }

  @Test("says of a matrix that nearly follows a pattern how many groups break it")
  func nearPattern() throws {
    var bytes = (0..<400).flatMap { _ in [0, 0, 0, 0, 0x80, 0x3F, 0x80, 0x3F] as [UInt8] }
    bytes.replaceSubrange(0..<2, with: [0x80, 0x3F])
    let model = try InspectorTests.model([("layer.weight", .bfloat16, [40, 40], bytes)])
    let found = Advice.on(try InspectorTests.inspect(model))
    #expect(found.map(\.rule) == [.nearPattern])
    #expect(found.first?.pattern == .twoOfFour)
    #expect(found.first?.violations == Advice.Violations(groups: 400, violating: 1))
  }

  @Test("does not take a pattern seriously that much sparser layers follow by chance")
  func slack() throws {
    // 90 % zeros: the first five layers follow 4:8, the last one breaks it.
    let found = try advice(layers(6) { $0 == 5 ? .run : .zeros(18) })
    #expect(found.isEmpty)
  }

  @Test("names a pruned router, but no other layer of that name")
  func router() throws {
    let experts = (0..<4).map { ("m.0.moe.experts.\($0).w1.weight", [20, 40] as [UInt64], Fill.zeros(10)) }
    let found = try advice(experts + [("m.0.moe.gate.weight", [4, 40], .zeros(5))])
    #expect(found.map(\.rule) == [.prunedRouter])
    // Gates of features have as many rows as features.
    #expect(try advice([("m.0.mlp.gate.weight", [60, 40], .zeros(5))]).isEmpty)
  }

  @Test("names the first and the last block where they are sparser than those between")
  func ends() throws {
    let found = try advice(layers(6) { $0 == 0 || $0 == 5 ? .zeros(12) : .zeros(10) })
    #expect(found.map(\.rule) == [.sparserEnd, .sparserEnd])
    #expect(found.map(\.subject) == ["model.layers.0", "model.layers.5"])
    #expect(found[0].usual == 0.5)
    #expect(try advice(layers(6) { $0 == 0 || $0 == 5 ? .zeros(8) : .zeros(10) }).isEmpty)
    #expect(try advice(layers(3) { $0 == 0 ? .zeros(12) : .zeros(10) }).isEmpty)
  }
}
