public import ModelIR

/// A tensor that would become thousands of times as large as it is stored.
public struct ExpansionFault: Fault, Hashable {
  /// The file.
  public let file: String
  /// The tensor.
  public let tensor: TensorName
  /// The bytes that it is stored in.
  public let stored: UInt64
  /// The bytes that its dense form takes.
  public let dense: UInt64

  /// The tensor as it lies in `source`.
  public init(_ tensor: Tensor, in source: any ByteSource) {
    file = source.displayName
    self.tensor = tensor.name
    stored = tensor.storedByteCount
    dense = tensor.denseByteCount
  }

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    Diagnosis(
      .badData,
      file: file,
      tensor: tensor,
      "\(stored) stored bytes claim to be \(dense) dense ones",
      expected: "convert --allow-expand writes it out all the same"
    )
  }
}
