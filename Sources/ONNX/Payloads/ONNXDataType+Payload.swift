internal import ModelIR

/// How elements of each type lie in payloads. (onnx 1.23, `TensorProto`, comments of the data fields.)
extension ONNXDataType {
  /// The bits of an element in `raw_data`; nil for strings, which have no place there.
  package var payloadBits: Int? {
    switch self {
    case .string: nil
    case .uint2, .int2: 2
    case .uint4, .int4, .float4E2M1: 4
    case .float6E2M3, .float6E3M2: 6
    case .uint8, .int8, .bool, .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ, .float8E8M0: 8
    case .uint16, .int16, .float16, .bfloat16: 16
    case .float, .int32, .uint32: 32
    case .int64, .uint64, .double, .complex64: 64
    case .complex128: 128
    }
  }

  /// The bytes of `count` elements in `raw_data`, the last one's spare bits included; nil for strings and where
  /// they exceed 64 bits.
  package func payloadByteCount(_ count: UInt64) -> UInt64? {
    guard let bits = payloadBits else { return nil }
    if bits >= 8 {
      let (bytes, overflow) = count.multipliedReportingOverflow(by: UInt64(bits / 8))
      return overflow ? nil : bytes
    }
    // Whole groups of 8 elements take `bits` bytes; so nothing overflows on the way.
    let (groups, rest) = count.quotientAndRemainder(dividingBy: 8)
    return groups * UInt64(bits) + (rest * UInt64(bits)).dividedUp(by: 8)
  }

  /// The type of the model's own list that has the same elements; nil where that has none.
  var elementType: ElementType? {
    switch self {
    case .float: .float32
    case .uint8: .uint8
    case .int8: .int8
    case .uint16: .uint16
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .bool: .bool
    case .float16: .float16
    case .double: .float64
    case .uint32: .uint32
    case .uint64: .uint64
    case .complex64: .complex64
    case .bfloat16: .bfloat16
    case .float8E4M3FN: .float8E4M3
    case .float8E4M3FNUZ: .float8E4M3FNUZ
    case .float8E5M2: .float8E5M2
    case .float8E5M2FNUZ: .float8E5M2FNUZ
    case .float4E2M1: .float4E2M1
    case .float8E8M0: .float8E8M0
    case .float6E2M3: .float6E2M3
    case .float6E3M2: .float6E3M2
    case .string, .complex128, .uint4, .int4, .uint2, .int2: nil
    }
  }
}
