import ModelIR
import ONNX
import Testing

@Suite("What a stored tensor is for")
struct TensorRoleTests {
  /// A graph, and the roles of its tensors by name.
  struct RoleCase: Sendable, CustomTestStringConvertible {
    let graph: GraphCase
    let roles: [String: TensorRole]
    var testDescription: String { graph.testDescription }

    init(_ name: String, _ roles: [String: TensorRole], _ build: (inout GraphBuilder) -> Void) {
      graph = GraphCase(name, build)
      self.roles = roles
    }
  }

  static let cases: [RoleCase] = [
    RoleCase("a layer of floats", ["w": .weight, "b": .bias, "left": .unused]) {
      $0.tensor("w", [16, 12])
      $0.tensor("b", [12])
      $0.tensor("left", [12])
      $0.node("Gemm", "x w b")
    },
    RoleCase("a quantized layer", ["w": .weight, "s": .scale, "z": .zeroPoint]) {
      $0.dequantized([32, 8], .uint8, scale: [8], zero: [8])
    },
    RoleCase("a scale in a Mul behind the product", ["w": .weight, "s": .scale]) {
      $0.tensor("w", [16, 12], .int8)
      $0.tensor("s", [12])
      $0.node("MatMulInteger", "x w", "m")
      $0.node("Mul", "m s")
    },
    RoleCase("an annotation", ["w": .weight, "s": .scale, "z": .zeroPoint]) {
      $0.tensor("w", [32, 8], .uint8)
      $0.tensor("s", [1])
      $0.tensor("z", [1], .uint8)
      $0.node("MatMul", "x w")
      $0.model.graphs[0].annotations = [("w", [("SCALE_TENSOR", "s"), ("ZERO_POINT_TENSOR", "z")])]
    },
    RoleCase(
      "a table, its indices, a target shape, a norm",
      ["w": .weight, "i": .shape, "t": .shape, "n": .parameter]
    ) {
      $0.tensor("w", [100, 16])
      $0.tensor("i", [4], .int64)
      $0.integers("t", [2, 2, 16])
      $0.tensor("n", [16])
      $0.node("Gather", "w i", "g")
      $0.node("Reshape", "g t", "r")
      $0.node("LayerNormalization", "r n")
    },
    RoleCase("an unknown operator", ["w": .unknown]) {
      $0.tensor("w", [100, 16])
      $0.node("Mystery", "w")
    },
    RoleCase("a tensor that an unknown operator holds", ["": .unknown]) {
      let number = $0.attributeTensor("blob", [16])
      $0.node("Mystery", "x", "y", [("blob", .tensor(number))])
    },
    RoleCase("the value of ConstantOfShape", ["": .parameter]) {
      let number = $0.attributeTensor("value", [1])
      $0.node("ConstantOfShape", "x", "y", [("value", .tensor(number))])
    },
  ]

  @Test("Consumers decide what a tensor is for", arguments: cases)
  func role(_ known: RoleCase) throws {
    let knowledge = known.graph.builder.knowledge
    for (name, role) in known.roles {
      let number = try #require(known.graph.builder.number(name))
      #expect(knowledge[number].role == role, "\(name)")
      #expect(knowledge[number].isWeight == (role == .weight))
    }
  }
}
