/// What a stored tensor is for, by the nodes that read it.
package enum TensorRole: String, Sendable, Hashable, CaseIterable {
  /// A product or a look-up has it as an operand.
  case weight
  /// It is added to the result of a product.
  case bias
  /// It is the scale of a quantization.
  case scale
  /// It is the zero point of a quantization.
  case zeroPoint = "zero point"
  /// It is a shape, axes, indices, or a condition.
  case shape
  /// It is combined element by element, or sets something else.
  case parameter
  /// Who reads it is not known here, or cuts or joins it.
  case unknown
  /// Nothing reads it.
  case unused

  /// The role that these kinds of use make: what sums or looks up counts most.
  init(kinds: Set<WeightUse.Kind>) {
    let order: [(WeightUse.Kind, TensorRole)] = [
      (.product, .weight), (.lookUp, .weight), (.scale, .scale), (.zeroPoint, .zeroPoint), (.bias, .bias),
      (.unknown, .unknown), (.rearranged, .unknown), (.shape, .shape), (.parameter, .parameter),
      (.elementwise, .parameter),
    ]
    self = order.first { kinds.contains($0.0) }?.1 ?? .unused
  }
}
