package import ModelIR

extension ONNXDataType {
  /// The same type in the IR; nil for strings.
  package var elementType: ElementType? {
    switch self {
    case .float: .float32
    case .uint8: .uint8
    case .int8: .int8
    case .uint16: .uint16
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .string: nil
    case .bool: .bool
    case .float16: .float16
    case .double: .float64
    case .uint32: .uint32
    case .uint64: .uint64
    case .complex64: .complex64
    case .complex128: .complex128
    case .bfloat16: .bfloat16
    case .float8E4M3FN: .float8E4M3
    case .float8E4M3FNUZ: .float8E4M3FNUZ
    case .float8E5M2: .float8E5M2
    case .float8E5M2FNUZ: .float8E5M2FNUZ
    case .uint4: .uint4
    case .int4: .int4
    case .float4E2M1: .float4E2M1
    case .float8E8M0: .float8E8M0
    case .uint2: .uint2
    case .int2: .int2
    case .float6E2M3: .float6E2M3
    case .float6E3M2: .float6E3M2
    }
  }

  /// The bits of one element; 0 for strings.
  package var bitWidth: Int { elementType?.bitWidth ?? 0 }

  /// ONNX's own spelling: `FLOAT8E4M3FN`.
  package var name: String { "\(self)".uppercased() }

  /// The bytes of so many elements in `raw_data`; nil for strings, and where they exceed 64 bits.
  ///
  /// Elements that share bytes are packed over the whole tensor, lowest bits first; a row starts no new byte.
  package func byteCount(ofElements count: UInt64) -> UInt64? {
    guard let elementType else { return nil }
    let (bits, overflow) = count.multipliedReportingOverflow(by: UInt64(elementType.bitWidth))
    return overflow ? nil : bits / 8 + (bits % 8 == 0 ? 0 : 1)
  }

  /// The field of a `TensorProto` that holds typed elements of this type.
  package var typedField: ONNXValueField {
    switch self {
    case .float, .complex64: .floatData
    case .double, .complex128: .doubleData
    case .int64: .int64Data
    case .uint32, .uint64: .uint64Data
    case .string: .stringData
    default: .int32Data
    }
  }

  /// The typed entries that so many elements take; nil where they exceed 64 bits.
  ///
  /// Complex numbers take two entries each. 4-bit and 2-bit elements share an entry as they share a byte; 6-bit
  /// ones do not. (onnx 1.23, comments of `TensorProto`.)
  package func entryCount(ofElements count: UInt64) -> UInt64? {
    switch self {
    case .complex64, .complex128:
      let (entries, overflow) = count.multipliedReportingOverflow(by: 2)
      return overflow ? nil : entries
    case .uint4, .int4, .float4E2M1: return count / 2 + count % 2
    case .uint2, .int2: return count / 4 + (count % 4 == 0 ? 0 : 1)
    default: return count
    }
  }
}

/// The fields of a `TensorProto` that hold elements; raw values are the field numbers.
package enum ONNXValueField: UInt32, Sendable, Hashable, CaseIterable {
  /// 32-bit floats.
  case floatData = 4
  /// 32-bit integers, and what is narrower.
  case int32Data = 5
  /// Strings.
  case stringData = 6
  /// 64-bit integers.
  case int64Data = 7
  /// Bytes, little-endian.
  case rawData = 9
  /// 64-bit floats.
  case doubleData = 10
  /// Unsigned 32-bit and 64-bit integers.
  case uint64Data = 11

  /// ONNX's own spelling.
  package var name: String {
    switch self {
    case .floatData: "float_data"
    case .int32Data: "int32_data"
    case .stringData: "string_data"
    case .int64Data: "int64_data"
    case .rawData: "raw_data"
    case .doubleData: "double_data"
    case .uint64Data: "uint64_data"
    }
  }

  /// How entries of the field are written; nil for those that are bytes.
  package var encoding: ONNXEncoding? {
    switch self {
    case .floatData: .fixed32
    case .doubleData: .fixed64
    case .int32Data, .int64Data, .uint64Data: .varint
    case .stringData, .rawData: nil
    }
  }
}
