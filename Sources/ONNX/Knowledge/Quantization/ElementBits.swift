extension ONNXDataType {
  /// The bits of an element; 0 for strings.
  var bitWidth: Int {
    switch self {
    case .string: 0
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

  /// Whether elements are real floats.
  var isFloat: Bool {
    switch self {
    case .float, .float16, .bfloat16, .double, .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ,
      .float8E8M0, .float4E2M1, .float6E2M3, .float6E3M2:
      true
    default: false
    }
  }
}
