internal import ModelIR

/// Which payload is read: what errors name.
struct PayloadPlace: Sendable {
  /// The tensor.
  let tensor: TensorName
  /// The field of the tensor: `int32_data`, `indices.int64_data`.
  let field: String
  /// What its bytes are in.
  let source: any ByteSource

  /// The error for a broken rule.
  func fault(_ rule: PayloadFault.Rule, at offset: UInt64? = nil) -> PayloadFault {
    PayloadFault(file: source.displayName, tensor: tensor, field: field, rule, offset: offset)
  }
}
