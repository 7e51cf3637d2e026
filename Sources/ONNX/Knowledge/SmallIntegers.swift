/// Where the values of small integer tensors come from: the axes of a `Squeeze`, the target of a `Reshape`.
package protocol SmallIntegers {
  /// The elements of a stored `int64` or `int32` tensor, by its number in ``ONNXModel/tensors``; nil where they
  /// cannot be had. It is asked for tensors of at most ``GraphKnowledge/mostSmallIntegers`` elements, each once.
  func smallIntegers(of tensor: Int) -> [Int64]?
}

/// No values at all: what depends on them stays unknown.
package struct NoSmallIntegers: SmallIntegers {
  /// A source without values.
  package init() {}

  /// Nil.
  package func smallIntegers(of tensor: Int) -> [Int64]? { nil }
}
