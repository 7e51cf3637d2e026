public import ModelIR

/// An ONNX file that breaks a rule of the format, or of its encoding.
public struct ONNXFault: Fault, Hashable {
  /// The rules, one case each.
  public enum Rule: Sendable, Hashable {
    // The encoding (Protocol Buffers).

    /// The file, or the message around it, ends within a field.
    case cutShort(ofFile: Bool)
    /// A content that would end behind the file, or behind the message around it.
    case contentBeyondEnd(UInt64, left: UInt64, ofFile: Bool)
    /// A content of 2 GiB or more.
    case contentTooLong(UInt64)
    /// A varint of more than 10 bytes or 64 bits.
    case varintTooLong
    /// A field number that is 0 or takes more than 29 bits.
    case wrongFieldNumber(UInt64)
    /// A wire type that does not exist.
    case wrongWireType(UInt8)
    /// A group without an end.
    case groupNotClosed
    /// The end of a group that was not begun.
    case groupNotOpened
    /// Messages nested deeper than the limit.
    case nestedTooDeep(limit: Int)
    /// More fields than the limit.
    case tooManyFields(limit: Int)
    /// Graphs and tensors whose description takes more memory than the limit.
    case tooMuchContent(limit: UInt64)
    /// A message that may stand once and stands twice.
    case messageTwice

    // Models and graphs.

    /// No `ir_version`: no ONNX model.
    case noVersion
    /// No graph.
    case noGraph
    /// A node without an operator.
    case noOperation
    /// A name over the limit.
    case nameTooLong(UInt64, limit: Int)
    /// A name that is no UTF-8, read strictly.
    case nameNotUTF8
    /// An initializer without a name.
    case noName
    /// Two initializers of one name in a graph.
    case duplicateInitializer

    /// A function that calls itself, maybe through others.
    case recursiveFunction(String)
    /// Functions that call one another deeper than the limit.
    case callsTooDeep(limit: Int)

    // Tensors.

    /// An element type that does not exist.
    case unknownType(Int64)
    /// More dimensions than the limit.
    case tooManyDimensions(limit: Int)
    /// A negative dimension.
    case negativeDimension(axis: Int, Int64)
    /// 2^63 elements or more.
    case tooManyElements
    /// A tensor that is stored in segments.
    case segment
    /// Elements, but no field that holds any.
    case noElements(UInt64)
    /// Elements in more than one field.
    case severalValueFields([ONNXFieldName])
    /// Elements in a field that is not for their type.
    case wrongValueField(ONNXFieldName, expected: ONNXFieldName)
    /// Strings in `raw_data`.
    case rawStrings
    /// `raw_data` of another length than the elements take.
    case wrongByteCount(UInt64, expected: UInt64)
    /// Another number of typed entries than the elements take.
    case wrongEntryCount(UInt64, expected: UInt64, field: ONNXFieldName)
    /// Varints of fewer or more bytes than so many entries can take.
    case wrongVarintBytes(UInt64, entries: UInt64, field: ONNXFieldName)

    // External data.

    /// Elements in another file, and no folder to look for it in.
    case noFolder
    /// Strings in another file.
    case externalStrings
    /// Elements in another file and in this one.
    case externalAndStored
    /// A `data_location` that does not exist.
    case unknownDataLocation(Int64)
    /// A key twice.
    case duplicateKey(String)
    /// No `location`, or an empty one.
    case noLocation
    /// A `location` that is an absolute path.
    case absoluteLocation(String)
    /// A `location` with a component `..`, or that names no file.
    case locationLeavesFolder(String)
    /// A `location` with a NUL.
    case nulInLocation(String)
    /// An offset or a length that is no number.
    case wrongNumber(key: String, String)
    /// An offset behind the end of the file.
    case offsetBeyondEnd(UInt64, of: String, byteCount: UInt64)
    /// Data that go on behind the end of the file.
    case dataBeyondEnd(of: String, missing: UInt64)
    /// A length that is not what the elements take.
    case wrongExternalLength(UInt64, expected: UInt64)
    /// A file that cannot be used, and why.
    case unusableFile(String, FaultKind, problem: String)

    // Sparse tensors.

    /// No values.
    case sparseWithoutValues
    /// Values, but no indices.
    case sparseWithoutIndices
    /// No dimension.
    case sparseScalar
    /// A dimension of 0.
    case sparseEmptyDimension(axis: Int)
    /// Values that are no vector.
    case sparseValuesRank(Int)
    /// Values that are strings.
    case sparseStrings
    /// Indices of another type than INT64.
    case sparseIndexType(String)
    /// Indices that are neither a vector nor a matrix.
    case sparseIndexRank(Int)
    /// Another number of indices than of values.
    case sparseIndexCount(UInt64, expected: UInt64)
    /// Coordinates of another number of axes than the tensor has.
    case sparseCoordinates(UInt64, expected: Int)
  }

  /// The file.
  public let file: String
  /// The tensor, if one is to blame.
  public let tensor: TensorName?
  /// The field that is to blame, by its way from the model on: `graph.node[3].attribute[0].t.dims`.
  public let field: String?
  /// The broken rule.
  public let rule: Rule
  /// Where in the file, in bytes.
  public let offset: UInt64?

  /// A violation of `rule`.
  public init(
    file: String,
    tensor: TensorName? = nil,
    field: String? = nil,
    _ rule: Rule,
    offset: UInt64? = nil
  ) {
    self.file = file
    self.tensor = tensor
    self.field = field
    self.rule = rule
    self.offset = offset
  }

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    let (problem, expected) = words
    var kind = FaultKind.badData
    if case .unusableFile(_, let reason, _) = rule { kind = reason }
    return Diagnosis(
      kind,
      file: file,
      tensor: tensor,
      field.map { "\($0): \(problem)" } ?? problem,
      expected: expected,
      offset: offset
    )
  }
}

/// The name of a field, as ONNX spells it.
public typealias ONNXFieldName = String
