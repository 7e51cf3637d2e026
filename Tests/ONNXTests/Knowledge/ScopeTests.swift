import ModelIR
import ONNX
import Testing

@Suite("Weights in and around sub-graphs and functions")
struct ScopeTests {
  static let cases: [AxisCase] = [
    AxisCase("a branch reads a weight from outside", [0]) {
      $0.tensor("w", [16, 12])
      let branch = $0.body("then_branch", outputs: "r")
      $0.node("MatMul", "x w", "r", in: branch)
      $0.node("If", "c", "y", [("then_branch", .graphs([branch]))])
    },
    AxisCase("a branch hides the name with its own", nil) {
      $0.tensor("w", [16, 12])
      let branch = $0.body("then_branch", outputs: "r")
      $0.tensor("w", [16, 12], in: branch)
      $0.node("MatMul", "x w", "r", in: branch)
      $0.node("If", "c", "y", [("then_branch", .graphs([branch]))])
    },
    AxisCase("a weight comes out of a branch", [1]) {
      let branch = $0.body("then_branch", outputs: "r")
      $0.tensor("w", [12, 16], in: branch)
      $0.node("Transpose", "w", "r", in: branch)
      $0.node("If", "c", "t", [("then_branch", .graphs([branch]))])
      $0.node("MatMul", "x t")
    },
    AxisCase("a weight is carried through a loop", [0]) {
      $0.tensor("w", [16, 12])
      let body = $0.body("body", inputs: "i c v h", outputs: "c v o")
      $0.node("MatMul", "h v", "o", in: body)
      $0.node("Loop", "m c w h", "l k", [("body", .graphs([body]))])
    },
    AxisCase("a weight that a loop turns has both axes", [0, 1]) {
      $0.tensor("w", [16, 16])
      let body = $0.body("body", inputs: "i c v", outputs: "c t")
      $0.node("Transpose", "v", "t", in: body)
      $0.node("MatMul", "x v", "o", in: body)
      $0.node("Loop", "m c w", "l", [("body", .graphs([body]))])
    },
    AxisCase("a scan takes layer by layer", [1]) {
      $0.tensor("w", [4, 16, 12])
      let body = $0.body("body", inputs: "h v", outputs: "o")
      $0.node("MatMul", "h v", "o", in: body)
      $0.node("Scan", "x w", "y", [("body", .graphs([body])), ("num_scan_inputs", .integer(1))])
    },
    AxisCase("a scan along another axis", [0]) {
      $0.tensor("w", [16, 12, 4])
      let body = $0.body("body", inputs: "h v", outputs: "o")
      $0.node("MatMul", "h v", "o", in: body)
      $0.node(
        "Scan",
        "x w",
        "y",
        [("body", .graphs([body])), ("num_scan_inputs", .integer(1)), ("scan_input_axes", .integers([-1]))]
      )
    },
    AxisCase("a function's input", [1]) {
      $0.tensor("w", [12, 16])
      let function = $0.function("F", inputs: "a b", outputs: "o")
      $0.node("Gemm", "a b", "o", [("transB", .integer(1))], in: function)
      $0.node("F", "x w", "y", domain: "my")
    },
    AxisCase("an attribute that the call gives", [1]) {
      $0.tensor("w", [12, 16])
      let function = $0.function("F", inputs: "a b", outputs: "o")
      $0.node("Gemm", "a b", "o", [("transB", .reference("turned"))], in: function)
      $0.node("F", "x w", "y", [("turned", .integer(1))], domain: "my")
    },
    AxisCase("two calls that give different attributes", [0, 1]) {
      $0.tensor("w", [16, 16])
      let function = $0.function("F", inputs: "a b", outputs: "o")
      $0.node("Gemm", "a b", "o", [("transB", .reference("turned"))], in: function)
      $0.node("F", "x w", "h", [("turned", .integer(1))], domain: "my")
      $0.node("F", "h w", "y", [("turned", .integer(0))], domain: "my")
    },
    AxisCase("a function hands a weight back", [1]) {
      $0.tensor("w", [12, 16])
      let function = $0.function("F", inputs: "a", outputs: "t")
      $0.node("Transpose", "a", "t", in: function)
      $0.node("F", "w", "t", domain: "my")
      $0.node("MatMul", "x t")
    },
    AxisCase("a function in a function", [0]) {
      $0.tensor("w", [16, 12])
      let inner = $0.function("Inner", inputs: "a b", outputs: "o")
      $0.node("MatMul", "a b", "o", in: inner)
      let outer = $0.function("Outer", inputs: "a b", outputs: "o")
      $0.node("Inner", "a b", "o", domain: "my", in: outer)
      $0.node("Outer", "x w", "y", domain: "my")
    },
    AxisCase("a Constant in a function that is called twice", [0]) {
      let function = $0.function("F", inputs: "a", outputs: "o")
      $0.constant("w", [16, 12], in: function)
      $0.node("MatMul", "a w", "o", in: function)
      $0.node("F", "x", "h", domain: "my")
      $0.node("F", "h", "y", domain: "my")
    },
    AxisCase("a Constant in a function that nothing calls", [0]) {
      let function = $0.function("F", inputs: "a", outputs: "o")
      $0.constant("w", [16, 12], in: function)
      $0.node("MatMul", "a w", "o", in: function)
    },
    AxisCase("a function's body does not see the names outside", nil) {
      $0.tensor("w", [16, 12])
      let function = $0.function("F", inputs: "a", outputs: "o")
      $0.node("MatMul", "a w", "o", in: function)
      $0.node("F", "x", "y", domain: "my")
    },
    AxisCase("a function of the same name as an operator counts first", [1]) {
      $0.tensor("w", [12, 16])
      let function = $0.function("MatMul", inputs: "a b", outputs: "o")
      $0.node("Transpose", "b", "t", in: function)
      $0.node("MatMul", "a t", "o", in: function)
      $0.node("MatMul", "x w", "y", domain: "my")
    },
    AxisCase("training reads the main graph's names", [0]) {
      $0.tensor("w", [16, 12])
      $0.model.graphs.append(ONNXGraph(.trainingAlgorithm, parent: 0))
      $0.node("MatMul", "x w", "y", in: 1)
    },
  ]

  @Test("Names are looked up where they stand", arguments: cases)
  func axis(_ known: AxisCase) throws {
    let weight = try #require(known.graph.builder.weight)
    #expect(weight.reduction?.axes == known.axes)
    #expect(weight.isComplete)
  }

  @Test("A tensor that a call gives as an attribute is the Constant in the function")
  func attributeTensor() throws {
    var builder = GraphBuilder()
    let function = builder.function("F", inputs: "a", outputs: "o")
    builder.node("Constant", "", "c", [("value", .reference("table"))], in: function)
    builder.node("MatMul", "a c", "o", in: function)
    let number = builder.attributeTensor("table", [16, 12])
    builder.node("F", "x", "y", [("table", .tensor(number))], domain: "my")
    let weight = builder.knowledge[number]
    #expect(weight.reduction?.axes == [0])
    #expect(weight.uses.map(\.path) == [[.call]])
  }

  @Test("Scale and zero point may come through a call")
  func scaleThroughCall() throws {
    var builder = GraphBuilder()
    builder.tensor("w", [32, 8], .uint8)
    builder.tensor("s", [8])
    let function = builder.function("F", inputs: "a w s", outputs: "o")
    builder.node("DequantizeLinear", "w s", "d", in: function)
    builder.node("MatMul", "a d", "o", in: function)
    builder.node("F", "x w s", "y", domain: "my")
    let weight = try #require(builder.weight)
    #expect(weight.quantization?.scale == builder.number("s").map { .tensor($0) })
    #expect(weight.quantization?.granularity == .channel(axis: 1))
    #expect(weight.reduction?.axes == [0])
  }
}
