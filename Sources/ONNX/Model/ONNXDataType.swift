/// The element types of ONNX. (onnx 1.23, `TensorProto.DataType`.)
package enum ONNXDataType: Int32, Sendable, Hashable, CaseIterable {
  /// IEEE 754 single precision.
  case float = 1
  /// Unsigned 8-bit integer.
  case uint8 = 2
  /// Signed 8-bit integer.
  case int8 = 3
  /// Unsigned 16-bit integer.
  case uint16 = 4
  /// Signed 16-bit integer.
  case int16 = 5
  /// Signed 32-bit integer.
  case int32 = 6
  /// Signed 64-bit integer.
  case int64 = 7
  /// Bytes of any number, UTF-8 by convention.
  case string = 8
  /// One byte, false when 0.
  case bool = 9
  /// IEEE 754 half precision.
  case float16 = 10
  /// IEEE 754 double precision.
  case double = 11
  /// Unsigned 32-bit integer.
  case uint32 = 12
  /// Unsigned 64-bit integer.
  case uint64 = 13
  /// Two single precision floats: real part, imaginary part.
  case complex64 = 14
  /// Two double precision floats: real part, imaginary part.
  case complex128 = 15
  /// The upper half of IEEE 754 single precision.
  case bfloat16 = 16
  /// FP8 with 4 exponent bits: no infinity, NaN is S.1111.111.
  case float8E4M3FN = 17
  /// FP8 with 4 exponent bits without negative zero and infinity.
  case float8E4M3FNUZ = 18
  /// FP8 with 5 exponent bits: IEEE-like.
  case float8E5M2 = 19
  /// FP8 with 5 exponent bits without negative zero and infinity.
  case float8E5M2FNUZ = 20
  /// Unsigned 4-bit integer, two to the byte, the first in the low half.
  case uint4 = 21
  /// Signed 4-bit integer, two to the byte, the first in the low half.
  case int4 = 22
  /// FP4, two to the byte, the first in the low half.
  case float4E2M1 = 23
  /// A power of two, no sign and no zero.
  case float8E8M0 = 24
  /// Unsigned 2-bit integer, four to the byte, the first in the lowest bits.
  case uint2 = 25
  /// Signed 2-bit integer, four to the byte, the first in the lowest bits.
  case int2 = 26
  /// FP6 with 2 exponent bits, four in three bytes.
  case float6E2M3 = 27
  /// FP6 with 3 exponent bits, four in three bytes.
  case float6E3M2 = 28
}
