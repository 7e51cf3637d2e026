/// How a tensor's elements can be seen besides as they are stored.
///
/// On the heap, so that the many tensors without pay a pointer only.
public final class TensorViews: Sendable {
  /// The codes of a quantized tensor as numbers: zero exactly where the code is its zero point. Its shape is the
  /// tensor's ``Tensor/logicalShape``.
  public let codes: Tensor?
  /// The tensor with a mask applied that is stored beside it.
  public let masked: Tensor?
  /// The mask's own tensor.
  public let mask: TensorName?

  /// The bytes that files hold of the tensor, where these are decoded to become its parts.
  public let storedByteCount: UInt64?

  /// Views of one tensor.
  public init(
    codes: Tensor? = nil,
    masked: Tensor? = nil,
    mask: TensorName? = nil,
    storedByteCount: UInt64? = nil
  ) {
    self.codes = codes
    self.masked = masked
    self.mask = mask
    self.storedByteCount = storedByteCount
  }
}
