import Inspection
import ModelIR
import Testing

/// A weight, and what a runtime says of it.
struct RuntimeCase: CustomTestStringConvertible, Sendable {
  var runtime: RuntimeProfile.Name
  var title: String
  var type: ElementType = .float32
  var extents: [UInt64]
  /// The axis along which 2:4, or `pattern`, holds.
  var along: Int
  var pattern = NMPattern.twoOfFour
  var name = "layer.weight"
  /// The operator that reads it and the axis it sums over, where there is a graph.
  var product: TensorUses.Product?
  var status: ValidationReport.Status
  var rules: [Eligibility.Rule] = []
  /// Where the rule comes from.
  var source: String

  var testDescription: String { "\(runtime.rawValue): \(title) (\(source))" }
}

extension RuntimeCase {
  static func product(_ operation: String, _ axis: Int, dequantized: Bool = false)
    -> TensorUses.Product
  {
    TensorUses.Product(operation: operation, axes: [axis], isDequantized: dequantized)
  }

  static let guide = "TensorRT developer guide, Structured Sparsity"
  static let polygraphy = "Polygraphy tools/sparse.py"
  static let semiStructured = "torch/sparse/semi_structured.py"
  static let apex = "apex/contrib/sparsity/asp.py"
  static let library = "compressed-tensors 0.14 utils/helpers.py"
}
