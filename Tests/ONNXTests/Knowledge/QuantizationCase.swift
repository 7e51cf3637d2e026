import ModelIR
import ONNX
import Testing

/// A graph, and how the codes of `w` become reals.
struct QuantizationCase: Sendable, CustomTestStringConvertible {
  let graph: GraphCase
  let source: WeightQuantization.Source?
  let granularity: WeightQuantization.Granularity
  let bits: Int
  /// The names of the tensors, or a number, or a word.
  let scale: String
  let zero: String
  let packing: WeightQuantization.Packing
  let logicalShape: [UInt64]?
  let axes: [Int]?

  var testDescription: String { graph.testDescription }

  init(
    _ name: String,
    _ source: WeightQuantization.Source?,
    _ granularity: WeightQuantization.Granularity = .unknown,
    bits: Int = 8,
    scale: String = "s",
    zero: String = "0",
    packing: WeightQuantization.Packing = .none,
    logicalShape: [UInt64]? = nil,
    axes: [Int]? = [0],
    _ build: (inout GraphBuilder) -> Void
  ) {
    graph = GraphCase(name, build)
    self.source = source
    self.granularity = granularity
    self.bits = bits
    self.scale = scale
    self.zero = zero
    self.packing = packing
    self.logicalShape = logicalShape
    self.axes = axes
  }

  /// A parameter as the table names it.
  func name(_ parameter: WeightQuantization.Parameter) -> String {
    switch parameter {
    case .tensor(let number): graph.builder.model.tensors[number].name
    case .constant(let code): "\(code)"
    case .computed: "computed"
    case .none: "none"
    }
  }
}

extension GraphBuilder {
  /// `w` behind a `DequantizeLinear`, in a MatMul.
  mutating func dequantized(
    _ shape: [UInt64],
    _ type: ONNXDataType,
    scale: [UInt64],
    zero: [UInt64]? = nil,
    _ attributes: [(String, ONNXAttribute.Value)] = []
  ) {
    tensor("w", shape, type)
    tensor("s", scale)
    if let zero { tensor("z", zero, type) }
    node("DequantizeLinear", zero == nil ? "w s" : "w s z", "d", attributes)
    node("MatMul", "x d")
  }

  /// `w` as packed codes with `MatMulNBits`.
  mutating func packed(
    n: Int64 = 6,
    k: Int64 = 64,
    bits: Int64 = 4,
    block: Int64 = 32,
    shape: [UInt64] = [6, 2, 16],
    scale: [UInt64] = [6, 2],
    zero: ([UInt64], ONNXDataType)? = nil,
    _ more: [(String, ONNXAttribute.Value)] = []
  ) {
    tensor("w", shape, .uint8)
    tensor("s", scale)
    if let zero { tensor("z", zero.0, zero.1) }
    runtime(
      "MatMulNBits",
      zero == nil ? "x w s" : "x w s z",
      [("N", .integer(n)), ("K", .integer(k)), ("bits", .integer(bits)), ("block_size", .integer(block))]
        + more
    )
  }
}
