/// The type of one stored element, as the file declares it.
///
/// The first cases are the dtypes of safetensors 0.8 (`safetensors/src/tensor.rs`), in the order in which its
/// writer ranks them: a reference-like file holds the highest first. Behind them stand those that only ONNX
/// has, see ``isInSafetensors``. Names are spelled by ``name``.
public enum ElementType: UInt8, Sendable, Hashable, CaseIterable, Comparable {
  /// One byte, false when 0.
  case bool
  /// OCP MX FP4, two elements to the byte, the first in the low half.
  case float4E2M1
  /// OCP MX FP6 with 2 exponent bits, four elements in three bytes.
  case float6E2M3
  /// OCP MX FP6 with 3 exponent bits, four elements in three bytes.
  case float6E3M2
  /// Unsigned 8-bit integer.
  case uint8
  /// Signed 8-bit integer.
  case int8
  /// OCP FP8 with 5 exponent bits: IEEE-like, with infinities.
  case float8E5M2
  /// OCP FP8 with 4 exponent bits: no infinity, NaN is S.1111.111.
  case float8E4M3
  /// OCP MX scale: a power of two, no sign and no zero, NaN is 0xFF.
  case float8E8M0
  /// FP8 with 4 exponent bits without negative zero: 0x80 is the only NaN, no infinity.
  case float8E4M3FNUZ
  /// FP8 with 5 exponent bits without negative zero: 0x80 is the only NaN, no infinity.
  case float8E5M2FNUZ
  /// Signed 16-bit integer.
  case int16
  /// Unsigned 16-bit integer.
  case uint16
  /// IEEE 754 half precision.
  case float16
  /// The upper half of IEEE 754 single precision.
  case bfloat16
  /// Signed 32-bit integer.
  case int32
  /// Unsigned 32-bit integer.
  case uint32
  /// IEEE 754 single precision.
  case float32
  /// Two single precision floats: real part, imaginary part.
  case complex64
  /// IEEE 754 double precision.
  case float64
  /// Signed 64-bit integer.
  case int64
  /// Unsigned 64-bit integer.
  case uint64
  /// Unsigned 2-bit integer, four elements to the byte, the first in the lowest bits.
  case uint2
  /// Signed 2-bit integer, four elements to the byte, the first in the lowest bits.
  case int2
  /// Unsigned 4-bit integer, two elements to the byte, the first in the low half.
  case uint4
  /// Signed 4-bit integer, two elements to the byte, the first in the low half.
  case int4
  /// Two double precision floats: real part, imaginary part.
  case complex128

  /// Whether safetensors has the type; the others are ONNX's alone, and neither read from such a file nor
  /// written to one.
  public var isInSafetensors: Bool { self <= .uint64 }

  /// The safetensors spelling, or one in its manner, which reports and manifests use too.
  public var name: String {
    switch self {
    case .bool: "BOOL"
    case .float4E2M1: "F4"
    case .float6E2M3: "F6_E2M3"
    case .float6E3M2: "F6_E3M2"
    case .uint8: "U8"
    case .int8: "I8"
    case .float8E5M2: "F8_E5M2"
    case .float8E4M3: "F8_E4M3"
    case .float8E8M0: "F8_E8M0"
    case .float8E4M3FNUZ: "F8_E4M3FNUZ"
    case .float8E5M2FNUZ: "F8_E5M2FNUZ"
    case .int16: "I16"
    case .uint16: "U16"
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .int32: "I32"
    case .uint32: "U32"
    case .float32: "F32"
    case .complex64: "C64"
    case .float64: "F64"
    case .int64: "I64"
    case .uint64: "U64"
    case .uint2: "U2"
    case .int2: "I2"
    case .uint4: "U4"
    case .int4: "I4"
    case .complex128: "C128"
    }
  }

  private static let byName: [String: ElementType] = Dictionary(
    uniqueKeysWithValues: allCases.map { ($0.name, $0) }
  )

  /// The type that is spelled `name`, if there is one; safetensors need not have it.
  public init?(name: String) {
    guard let found = Self.byName[name] else { return nil }
    self = found
  }

  /// The bits of one element: 2, 4, 6, 8, 16, 32, 64 or 128.
  public var bitWidth: Int {
    switch self {
    case .uint2, .int2: 2
    case .float4E2M1, .uint4, .int4: 4
    case .float6E2M3, .float6E3M2: 6
    case .bool, .uint8, .int8, .float8E5M2, .float8E4M3, .float8E8M0, .float8E4M3FNUZ, .float8E5M2FNUZ: 8
    case .int16, .uint16, .float16, .bfloat16: 16
    case .int32, .uint32, .float32: 32
    case .complex64, .float64, .int64, .uint64: 64
    case .complex128: 128
    }
  }

  /// The bytes of one element, or nil for the types whose elements are only moved, as bytes: those that share
  /// bytes, and ``complex128``, which is wider than any lane.
  public var byteWidth: Int? { bitWidth >= 8 && bitWidth <= 64 ? bitWidth / 8 : nil }

  /// Whether elements are numbers with a fraction: what a weight usually is.
  public var isFloatingPoint: Bool {
    switch self {
    case .bool, .uint8, .int8, .int16, .uint16, .int32, .uint32, .int64, .uint64, .uint2, .int2, .uint4,
      .int4:
      false
    default: true
    }
  }

  /// Ranks as the safetensors writer does; the types that it does not have come last.
  public static func < (left: ElementType, right: ElementType) -> Bool { left.rawValue < right.rawValue }
}
