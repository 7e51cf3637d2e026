import ModelIR
import Safetensors
import StrictJSON
import TestSupport
import Testing

/// A file that breaks one rule.
struct BrokenHeader: Sendable, CustomTestStringConvertible {
  let rule: SafetensorsFault.Rule
  /// The tensor to blame.
  let tensor: TensorName?
  /// Where the fault is, in bytes from the start of the file.
  let offset: UInt64?
  let file: SafetensorsBuilder

  var testDescription: String {
    "\(ruleName(rule)): \(String(decoding: file.header.prefix(70), as: UTF8.self))"
  }

  /// A file with this header and `dataCount` bytes of data.
  init(
    _ rule: SafetensorsFault.Rule,
    tensor: TensorName? = nil,
    at offset: UInt64?,
    _ header: String,
    dataCount: Int = 0,
    declaredLength: UInt64? = nil
  ) {
    self.rule = rule
    self.tensor = tensor
    self.offset = offset
    file = SafetensorsBuilder(
      header: header,
      data: [UInt8](repeating: 7, count: dataCount),
      declaredLength: declaredLength
    )
  }

  /// A header whose tensor `a` has this value.
  static func a(_ rule: SafetensorsFault.Rule, at offset: UInt64?, _ value: String, dataCount: Int = 0)
    -> BrokenHeader
  {
    BrokenHeader(rule, tensor: "a", at: offset, #"{"a":\#(value)}"#, dataCount: dataCount)
  }

  static func json(_ rule: JSONError.Rule, at offset: UInt64, in tensor: TensorName?, _ header: String)
    -> BrokenHeader
  {
    BrokenHeader(.json(JSONError(rule, at: offset)), tensor: tensor, at: 8 + offset, header)
  }

  static let lengths = [
    BrokenHeader(.headerTooLarge(100_000_001), at: 0, "{}", declaredLength: 100_000_001),
    BrokenHeader(.headerTooLarge(.max), at: 0, "{}", declaredLength: .max),
    BrokenHeader(.invalidHeaderLength(3, fileByteCount: 10), at: 0, "{}", declaredLength: 3),
    BrokenHeader(
      .invalidHeaderLength(100_000_000, fileByteCount: 10),
      at: 0,
      "{}",
      declaredLength: 100_000_000
    ),
  ]

  static let text = [
    json(.unexpectedEnd, at: 0, in: nil, ""),
    json(.unexpectedEnd, at: 1, in: nil, "{"),
    json(.trailingBytes, at: 2, in: nil, "{}{}"),
    json(.wrongKind(found: .array, expected: "an object"), at: 0, in: nil, "[]"),
    json(.wrongKind(found: .null, expected: "an object"), at: 5, in: "a", #"{"a":null}"#),
    json(.wrongKind(found: .string, expected: "an object"), at: 16, in: nil, #"{"__metadata__":"text"}"#),
    json(.wrongKind(found: .number, expected: "a string"), at: 14, in: "a", #"{"a":{"dtype":1}}"#),
    json(.wrongKind(found: .string, expected: "an array"), at: 14, in: "a", #"{"a":{"shape":"1"}}"#),
    json(
      .wrongKind(found: .string, expected: "an unsigned integer"),
      at: 15,
      in: "a",
      #"{"a":{"shape":["1"]}}"#
    ),
    json(.notUnsignedInteger, at: 15, in: "a", #"{"a":{"shape":[-1]}}"#),
    json(.notUnsignedInteger, at: 15, in: "a", #"{"a":{"shape":[18446744073709551616]}}"#),
    json(.notUnsignedInteger, at: 24, in: "a", #"{"a":{"data_offsets":[0,1.0]}}"#),
    json(.duplicateKey("k"), at: 16, in: "a", #"{"a":{"x":{"k":1,"k":1}}}"#),
    json(.loneSurrogate, at: 2, in: nil, #"{"\ud800":{}}"#),
  ]

  static let fields = [
    BrokenHeader(.duplicateMetadata, at: 26, #"{"__metadata__":{},"__metadata__":{}}"#),
    BrokenHeader(.duplicateMetadata, at: 28, #"{"__metadata__":null,"__metadat\u0061__":{}}"#),
    BrokenHeader(.duplicateMetadataKey("k"), at: 32, #"{"__metadata__":{"k":"1","k":"1"}}"#),
    BrokenHeader(.wrongField("__metadata__.k", expected: "a string"), at: 29, #"{"__metadata__":{"k":1}}"#),
    BrokenHeader(
      .wrongField("__metadata__.k", expected: "a string"),
      at: 29,
      #"{"__metadata__":{"k":null}}"#
    ),
    a(.missingField("dtype"), at: 47, #"{"shape":[1],"data_offsets":[0,1]}"#, dataCount: 1),
    a(.missingField("shape"), at: 48, #"{"dtype":"U8","data_offsets":[0,1]}"#, dataCount: 1),
    a(.missingField("data_offsets"), at: 39, #"{"dtype":"U8","shape":[1]}"#, dataCount: 1),
    a(.missingField("dtype"), at: 15, "{}"),
    a(.missingField("data_offsets"), at: 23, #"["U8",[1]]"#),
    a(.duplicateField("dtype"), at: 26, #"{"dtype":"U8","dtype":"U8"}"#),
    a(.duplicateField("shape"), at: 24, #"{"shape":[],"shape":[]}"#),
    a(.duplicateField("data_offsets"), at: 34, #"{"data_offsets":[0,0],"data_offsets":[0,0]}"#),
    a(.duplicateField("x"), at: 19, #"{"x":1,"x":1}"#),
    a(.wrongField("data_offsets", expected: "two integers"), at: 29, #"{"data_offsets":[]}"#),
    a(.wrongField("data_offsets", expected: "two integers"), at: 29, #"{"data_offsets":[0]}"#),
    a(.wrongField("data_offsets", expected: "two integers"), at: 34, #"{"data_offsets":[0,1,2]}"#),
    a(.wrongField("the tensor's array", expected: "three elements"), at: 29, #"["U8",[1],[0,1],null]"#),
    a(.unknownType("f32"), at: 22, #"{"dtype":"f32"}"#),
    a(.unknownType(""), at: 14, #"["",[],[]]"#),
    a(.unknownType("U4"), at: 22, #"{"dtype":"U4"}"#),
  ]

  private static let entry = #"{"dtype":"U8","shape":[1],"data_offsets":[0,1]}"#

  static let sizes = [
    BrokenHeader(.duplicateTensor, tensor: "a", at: 60, #"{"a":\#(entry),"a":\#(entry)}"#, dataCount: 1),
    BrokenHeader(.duplicateTensor, tensor: "a", at: 60, #"{"a":\#(entry),"\u0061":\#(entry)}"#, dataCount: 1),
    a(.shapeOverflow, at: 35, #"{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}"#),
    a(.shapeOverflow, at: 80, #"{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}"#),
    a(
      .misaligned(.float4E2M1, elements: 3),
      at: 61,
      #"{"dtype":"F4","shape":[3],"data_offsets":[0,1]}"#,
      dataCount: 1
    ),
    a(
      .misaligned(.float6E2M3, elements: 2),
      at: 66,
      #"{"dtype":"F6_E2M3","shape":[2],"data_offsets":[0,1]}"#,
      dataCount: 1
    ),
    a(.reversedOffsets(4, 3), at: 65, #"{"dtype":"U8","shape":[1],"data_offsets":[4,3]}"#, dataCount: 4),
    a(
      .invalidOffset(begin: 1, expected: 0),
      at: 62,
      #"{"dtype":"U8","shape":[1],"data_offsets":[1,2]}"#,
      dataCount: 2
    ),
    a(
      .invalidOffset(begin: .max, expected: 0),
      at: nil,
      #"{"dtype":"U8","shape":[0],"data_offsets":[18446744073709551615,18446744073709551615]}"#
    ),
    a(
      .wrongByteCount(found: 3, expected: 4),
      at: 62,
      #"{"dtype":"F32","shape":[1],"data_offsets":[0,3]}"#,
      dataCount: 3
    ),
    a(
      .wrongByteCount(found: 5, expected: 4),
      at: 62,
      #"{"dtype":"F32","shape":[1],"data_offsets":[0,5]}"#,
      dataCount: 5
    ),
    a(
      .wrongByteCount(found: 1, expected: 0),
      at: 61,
      #"{"dtype":"U8","shape":[0],"data_offsets":[0,1]}"#,
      dataCount: 1
    ),
    a(.cutShort(missing: 3), at: 62, #"{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#, dataCount: 1),
    BrokenHeader(.trailingBytes(2), at: 62, #"{"a":\#(entry)}"#, dataCount: 3),
    BrokenHeader(.trailingBytes(1), at: 10, "{}", dataCount: 1),
  ]

  static let all = lengths + text + fields + sizes
}
