/// How codes share stored units, as ``Quantization/packing`` names it.
public enum PackingName: String, Sendable, Hashable {
  /// Integers as one bit stream a row in 32-bit words: compressed-tensors from 0.18 on.
  case words = "int32-stream"
  /// Two E2M1 floats to the byte, the first in the low half.
  case nibbles = "e2m1-nibbles"
  /// Four E2M3 floats in three bytes.
  case sixBits = "e2m3-six-bits"
}
