internal import ModelIR

/// Tells whether the codes of quantized weights stand around 0, by reading their zero points.
///
/// Memory: one zero point tensor of at most a mebibyte; larger ones count as not 0.
struct ZeroPoints {
  private let model: Model
  /// Where tensors stand in the model, once one is asked for.
  private var places: [TensorName: Int]?
  private var known: [TensorName: Bool] = [:]

  private static let mostBytes: UInt64 = 1 << 20

  /// The zero points of a model's weights.
  init(_ model: Model) { self.model = model }

  /// Whether a tensor's codes are 0 where its weights are.
  /// - Throws: what reading throws.
  mutating func areZero(of tensor: Tensor) throws -> Bool {
    // Bytes around 0 that are counted as they are have no other view.
    guard let quantization = tensor.quantization, tensor.views?.codes != nil else { return true }
    switch quantization.zeroPoint {
    case .constant(let value): return Double(value) == 0
    case nil: return true
    case .tensor(let name): return try isZero(name)
    }
  }

  private mutating func isZero(_ name: TensorName) throws -> Bool {
    if let known = known[name] { return known }
    if places == nil {
      places = Dictionary(
        model.tensors.enumerated().map { ($1.name, $0) },
        uniquingKeysWith: { first, _ in first }
      )
    }
    var isZero = false
    if let place = places?[name], case .dense(let region) = model.tensors[place].storage,
      region.byteCount <= Self.mostBytes
    {
      var bytes = [UInt8](repeating: 0, count: Int(region.byteCount))
      try model.source(ofFile: Int(region.file)).read(
        bytes.count,
        at: region.offset,
        into: &bytes,
        startingAt: 0
      )
      isZero = bytes.allSatisfy { $0 == 0 }
    }
    known[name] = isZero
    return isZero
  }
}
