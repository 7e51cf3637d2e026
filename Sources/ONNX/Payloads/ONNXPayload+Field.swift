extension ONNXPayload {
  /// The field that it stands in, for messages.
  func field(of type: ONNXDataType) -> String {
    switch self {
    case .raw: "raw_data"
    case .external: "external_data"
    case .none: "data"
    case .typed(_, .fixed32): "float_data"
    case .typed(_, .fixed64): "double_data"
    case .typed(_, .varint):
      switch type {
      case .int64: "int64_data"
      case .uint32, .uint64: "uint64_data"
      default: "int32_data"
      }
    }
  }

  /// The bytes that a file holds of it, without tags.
  package var byteCount: UInt64 {
    switch self {
    case .raw(let range), .external(_, let range): range.upperBound - range.lowerBound
    case .none: 0
    case .typed(let runs, _): runs.reduce(0) { $0 &+ ($1.upperBound - $1.lowerBound) }
    }
  }
}
