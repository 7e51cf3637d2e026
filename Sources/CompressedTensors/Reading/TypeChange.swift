public import ModelIR
public import Quantizing

/// What became of a tensor whose element type or quantization was changed.
public struct TypeChange: Sendable {
  /// The tensor as it is called now.
  public let name: TensorName
  /// The scheme or element type that it had.
  public let from: String
  /// The scheme or element type that it has now.
  public let to: String
  /// The tensors that it took in: packed codes, scales, zero points.
  public let parts: [TensorName]
  /// The bytes that it and its parts took.
  public let bytesBefore: UInt64
  /// How many values are others than the library's own, counted while they are written.
  public let tally: ValueTally
  /// What encoding as blocks does to its numbers; nil where it is not encoded anew.
  public let encoding: EncodingTally?

  init(
    name: TensorName,
    from: String,
    to: String,
    parts: [TensorName] = [],
    bytesBefore: UInt64,
    tally: ValueTally = ValueTally(),
    encoding: EncodingTally? = nil
  ) {
    self.name = name
    self.from = from
    self.to = to
    self.parts = parts
    self.bytesBefore = bytesBefore
    self.tally = tally
    self.encoding = encoding
  }
}
