import ModelIR
import ONNX
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite("Graphs that are made to hurt")
struct HostileGraphTests {
  #if DEBUG
    static let isOptimized = false
  #else
    static let isOptimized = true
  #endif

  /// The processor time of this thread, which other tests and people on the machine do not stretch.
  private func seconds(_ work: () throws -> Void) rethrows -> Double {
    let before = threadTime()
    try work()
    return threadTime() - before
  }

  private func threadTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// Optimized, the slowest takes 0.6 s on a quiet machine; the bound is for busy ones. Without optimization
  /// there is no promise.
  private func expectQuick(_ seconds: Double) {
    if Self.isOptimized { #expect(seconds < 2) }
  }

  private var many: Int { Self.isOptimized ? 1_000_000 : 20_000 }

  @Test("A chain of a million nodes is followed to its end")
  func chain() throws {
    var builder = GraphBuilder()
    builder.tensor("w", [12, 16])
    builder.model.graphs[0].nodes = (0..<many).map { place in
      ONNXNode(
        place % 2 == 0 ? "Identity" : "Transpose",
        inputs: [place == 0 ? "w" : "v\(place)"],
        outputs: ["v\(place + 1)"]
      )
    }
    builder.node("MatMul", "x v\(many)")
    let model = builder.model
    var knowledge: GraphKnowledge?
    let time = seconds { knowledge = GraphKnowledge(model: model, smallIntegers: NoSmallIntegers()) }
    expectQuick(time)
    let weight = try #require(knowledge?[0])
    #expect(weight.reduction?.axes == [0])
    #expect(weight.uses.first?.path.count == WeightUse.longestPath)
    #expect(weight.uses.first?.omittedSteps == many - WeightUse.longestPath)
  }

  @Test("A weight with a million readers keeps a bounded number of uses, and every axis")
  func readers() throws {
    var builder = GraphBuilder()
    builder.tensor("w", [12, 16])
    let nodes = (0..<many).map { ONNXNode("MatMul", inputs: ["x", "w"], outputs: ["y\($0)"]) }
    builder.model.graphs[0].nodes = nodes
    builder.node("MatMul", "w x")
    let model = builder.model
    var knowledge: GraphKnowledge?
    expectQuick(seconds { knowledge = GraphKnowledge(model: model, smallIntegers: NoSmallIntegers()) })
    let weight = try #require(knowledge?[0])
    #expect(weight.reduction?.axes == [0, 1])
    #expect(weight.uses.count == WeightKnowledge.mostUses + 1)
    #expect(weight.omittedUses == many - WeightKnowledge.mostUses)
  }

  static let odd: [GraphCase] = [
    GraphCase("a node that reads its own output") {
      $0.tensor("w", [16, 12])
      $0.node("Identity", "y", "y")
    },
    GraphCase("two nodes in a ring beside the weight") {
      $0.tensor("w", [16, 12])
      $0.node("Transpose", "b", "a")
      $0.node("Transpose", "a", "b")
      $0.node("MatMul", "a w")
    },
    GraphCase("a ring that defines the weight's name again") {
      $0.tensor("w", [16, 12])
      $0.node("Transpose", "w", "w")
      $0.node("MatMul", "x w")
    },
    GraphCase("a loop around three turns") {
      $0.tensor("w", [4, 4, 4, 4])
      let body = $0.body("body", inputs: "i c v", outputs: "c t")
      $0.node("Transpose", "v", "t", [("perm", .integers([1, 2, 3, 0]))], in: body)
      $0.node("Loop", "m c w", "w2", [("body", .graphs([body]))])
    },
    GraphCase("functions that call each other") {
      $0.tensor("w", [16, 12])
      let first = $0.function("A", inputs: "a", outputs: "o")
      let second = $0.function("B", inputs: "a", outputs: "o")
      $0.node("B", "a", "o", domain: "my", in: first)
      $0.node("A", "a", "o", domain: "my", in: second)
      $0.node("A", "w", "y", domain: "my")
    },
    GraphCase("a body that is its own parent, numbers that are none") {
      $0.tensor("w", [16, 12])
      $0.model.graphs.append(ONNXGraph(.body(node: 99, attribute: "body"), parent: 1))
      $0.model.graphs.append(ONNXGraph(.body(node: -1, attribute: "body"), parent: 7))
      $0.model.graphs[1].outputs = ["w"]
      $0.model.graphs[2].outputs = ["w"]
      $0.model.graphs[0].initializers += [77, -1]
      $0.node("Loop", "m c w", "y", [("body", .graphs([44]))])
      $0.node("Scan", "w", "z", [("body", .graphs([1])), ("num_scan_inputs", .integer(.max))])
      $0.node("Constant", "", "k", [("value", .tensor(1234))])
    },
    GraphCase("the same name many times over") {
      $0.tensor("w", [16, 12])
      $0.tensor("w", [16, 12])
      $0.node("Identity", "x", "w")
      $0.node("MatMul", "w w")
      $0.model.graphs[0].inputs = ["w", "w"]
    },
    GraphCase("numbers at the ends of 64 bits") {
      $0.tensor("w", [16, 12], .int8)
      $0.tensor("s", [16])
      let ends: ONNXAttribute.Value = .integers([.min, .max])
      $0.node("Transpose", "w", "a", [("perm", ends)])
      $0.node("Squeeze", "w", "b", [("axes", ends)])
      $0.node("Unsqueeze", "w", "c", [("axes", ends)])
      $0.node("Reshape", "w", "d", [("shape", ends)])
      $0.node("Flatten", "w", "e", [("axis", .integer(.min))])
      for value in [Int64.min, .max] {
        $0.node("DequantizeLinear", "w s", "f", [("axis", .integer(value)), ("block_size", .integer(value))])
        let sizes = [
          "K", "N", "Nkv", "bits", "block_size", "quant_type", "expert_weight_bits", "quantize_axis",
        ]
        for operation in [
          "MatMulNBits", "MatMulBnb4", "QMoE", "GatherBlockQuantized", "MatMulBlockQuantizedFp4Weight",
        ] {
          $0.runtime(operation, "w w w w", sizes.map { ($0, .integer(value)) })
        }
      }
    },
    GraphCase("a Constant whose tensor is another's") {
      $0.tensor("w", [16, 12])
      $0.node("Constant", "", "k", [("value", .tensor(0))])
      $0.node("MatMul", "x k")
    },
  ]

  @Test("Odd graphs are read without a trap, and quickly", arguments: odd)
  func oddGraph(_ known: GraphCase) throws {
    let builder = known.builder
    var knowledge: GraphKnowledge?
    expectQuick(seconds { knowledge = builder.knowledge })
    #expect(knowledge?.tensors.count == builder.model.tensors.count)
    for use in knowledge?.tensors.flatMap(\.uses) ?? [] {
      #expect(builder.model.graphs[use.graph].nodes.indices.contains(use.node))
    }
  }

  @Test("Branches behind branches for many tensors stop at the limit and say so")
  func multiplyingBranches() throws {
    // Every branch hands out what the one before did, or a tensor of its own: n tensors on n ways of length n.
    let count = Self.isOptimized ? 4000 : 1200
    var builder = GraphBuilder()
    builder.node("Identity", "x", "v0")
    for place in 0..<count {
      let first = builder.body("then_branch", outputs: "v\(place)")
      let second = builder.body("else_branch", outputs: "t")
      builder.tensor("t", [4], in: second)
      builder.node(
        "If",
        "c",
        "v\(place + 1)",
        [("then_branch", .graphs([first])), ("else_branch", .graphs([second]))]
      )
    }
    builder.node("Relu", "v\(count)")
    var knowledge: GraphKnowledge?
    expectQuick(seconds { knowledge = builder.knowledge })
    let tensors = try #require(knowledge).tensors
    #expect(tensors.contains { $0.isComplete })
    #expect(tensors.contains { !$0.isComplete && $0.reduction == nil })
  }

  @Test("Calls that double at every level are cut off")
  func doublingCalls() throws {
    var builder = GraphBuilder()
    builder.tensor("w", [16, 12])
    for level in 0..<40 {
      let function = builder.function("F\(level)", inputs: "a", outputs: "o")
      builder.node("F\(level + 1)", "a", "p", domain: "my", in: function)
      builder.node("F\(level + 1)", "a", "o", domain: "my", in: function)
    }
    let last = builder.function("F40", inputs: "a", outputs: "o")
    builder.node("MatMul", "x a", "o", in: last)
    builder.node("F0", "w", "y", domain: "my")
    var knowledge: GraphKnowledge?
    expectQuick(seconds { knowledge = builder.knowledge })
    // What is not followed is an unknown use: the graph does not tell.
    #expect(knowledge?[0].reduction == nil)
  }

  @Test("Bodies within bodies, very deep")
  func deepNesting() throws {
    let depth = Self.isOptimized ? 100_000 : 5000
    var builder = GraphBuilder()
    builder.tensor("w", [16, 12])
    var graph = 0
    for _ in 0..<depth {
      let body = builder.body("then_branch", outputs: "r", of: graph)
      builder.node("If", "c", "r", [("then_branch", .graphs([body]))], in: graph)
      graph = body
    }
    builder.node("Identity", "w", "r", in: graph)
    builder.node("MatMul", "x r")
    var knowledge: GraphKnowledge?
    expectQuick(seconds { knowledge = builder.knowledge })
    #expect(knowledge?[0].reduction?.axes == [0])
  }
}
