import Inspection
import ModelIR
import SparseCoding
import TestSupport
import Testing

/// Weights whose zeros stand where a test wants them.
enum SampleWeights {
  /// Elements of which in each group along `axis` just `kept` are not zero, at random places.
  static func elements(
    _ extents: [UInt64],
    _ pattern: NMPattern,
    along axis: Int,
    _ generator: inout SeededGenerator
  ) -> [Double] {
    let extents = extents.map(Int.init)
    let inner = extents[(axis + 1)...].reduce(1, *)
    let outer = extents[..<axis].reduce(1, *)
    var values = [Double](repeating: 0, count: extents.reduce(1, *))
    for row in 0..<outer * inner {
      let (o, i) = row.quotientAndRemainder(dividingBy: inner)
      for start in stride(from: 0, to: extents[axis], by: pattern.group) {
        let places = (start..<min(extents[axis], start + pattern.group)).shuffled(using: &generator)
        for place in places.prefix(pattern.kept) {
          values[(o * extents[axis] + place) * inner + i] = Double(Int.random(in: 1...100, using: &generator))
        }
      }
    }
    return values
  }

  /// Numbers as the bytes of a type; all are small integers.
  static func bytes(_ values: [Double], _ type: ElementType) -> [UInt8] {
    values.flatMap { value -> [UInt8] in
      let bits: UInt64
      switch type {
      case .float64: bits = value.bitPattern
      case .float32: bits = UInt64(Float(value).bitPattern)
      case .bfloat16: bits = UInt64(Float(value).bitPattern >> 16)
      case .float16:
        let exponent = value == 0 ? 0 : Int(value.exponent)
        bits = value == 0 ? 0 : UInt64((exponent + 15) << 10 | Int((value.significand - 1) * 1024))
      default: bits = UInt64(value)
      }
      return (0..<(type.byteWidth ?? 1)).map { UInt8(truncatingIfNeeded: bits >> UInt64(8 * $0)) }
    }
  }

  /// A model of one tensor.
  static func model(
    _ name: String,
    _ type: ElementType,
    _ extents: [UInt64],
    _ values: [Double],
    products: [TensorUses.Product] = [],
    _ change: (inout Tensor) -> Void = { _ in }
  ) throws -> Model {
    var model = try InspectorTests.model([(name, type, extents, bytes(values, type))])
    if let first = products.first {
      model.tensors[0].uses = TensorUses(
        role: .weight,
        consumers: first.operation,
        evidence: [],
        products: products
      )
      model.tensors[0].reduction = ReductionAxis(axes: first.axes, evidence: .graph)
    }
    change(&model.tensors[0])
    return model
  }

  /// What is found for one tensor.
  static func check(
    _ model: Model,
    _ pattern: String = "2:4",
    for runtime: RuntimeProfile.Name? = nil,
    axis: Validator.AxisChoice = .automatic,
    searchesOrders: Bool = false,
    threads: Int = 2,
    chunkBytes: Int = 256,
    all: Bool = false
  ) throws -> ValidationReport {
    var look = Validator.SecondLook()
    look.searchesOrders = searchesOrders
    return try Validator(
      try #require(NMPattern(pattern)),
      profile: runtime.map(RuntimeProfile.named),
      axis: axis,
      tail: .error,
      violationLimit: 3,
      secondLook: look,
      pool: ChunkPool(threads: threads),
      chunkBytes: chunkBytes,
      progress: WorkProgress()
    ).validate(model, path: "m", checksAll: all)
  }
}
