extension ONNXDataType {
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
