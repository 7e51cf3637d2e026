extension Quantization {
  /// The ``packing`` of ggml's blocks: codes and scales together, one scheme for each type.
  public static let blockPacking = "ggml"
}

extension Tensor {
  /// The type of ggml whose blocks the tensor stores, as bytes; nil if it stores none, or bytes that no whole
  /// blocks of that type make.
  public var blockType: GGMLType? {
    guard let quantization, quantization.packing == Quantization.blockPacking, elementType == .uint8,
      let logical = quantization.logicalShape, let type = GGMLType(name: quantization.scheme),
      type.elementType == nil, shape.rank >= 1, logical.rank == shape.rank,
      type.bytes(ofRow: logical.columns) == shape.columns,
      logical.extents.dropLast().elementsEqual(shape.extents.dropLast())
    else { return nil }
    return type
  }

  /// Whether the elements that are stored, or their codes, are numbers that can be counted: not so for blocks
  /// whose codes are not seen.
  public var hasCountedElements: Bool {
    quantization?.packing != Quantization.blockPacking || views?.codes != nil
  }
}
