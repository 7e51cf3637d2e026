public import ModelIR

/// A GGUF file that breaks a rule of the format.
public struct GGUFFault: Fault, Hashable {
  /// The rules, one case each.
  public enum Rule: Sendable, Hashable {
    /// Another start than `GGUF`.
    case wrongMagic([UInt8])
    /// A version that does not exist.
    case unsupportedVersion(UInt32)
    /// Version 1, read strictly.
    case version1
    /// A big-endian file, read strictly.
    case bigEndian
    /// The file ends within the header.
    case cutShort(within: String)
    /// More pairs or tensors than the rest of the file has room for.
    case countTooLarge(of: String, UInt64, room: UInt64)
    /// More pairs or tensors than the limit.
    case tooMany(of: String, limit: Int)
    /// More bytes of keys, texts and names than the limit.
    case tooMuchText(limit: Int)
    /// A string over 2^30 bytes.
    case stringTooLong(UInt64)
    /// A string that would end behind the file.
    case stringBeyondEnd(UInt64, left: UInt64)
    /// An empty key, read strictly.
    case emptyKey
    /// A key over the limit.
    case keyTooLong(UInt64, limit: Int)
    /// A key that is no UTF-8.
    case keyNotUTF8
    /// A key twice.
    case duplicateKey
    /// A value type that does not exist.
    case unknownValueType(UInt32)
    /// An array of arrays, read strictly.
    case nestedArray
    /// An array of arrays that another container was to carry.
    case nestedArrayBeyondGGUF
    /// Arrays nested deeper than the limit.
    case nestedTooDeep(limit: Int)
    /// An array of over 2^30 elements.
    case arrayTooLong(UInt64)
    /// An array with more elements than the rest of the file has room for.
    case arrayBeyondEnd(UInt64, of: GGUFValueType, left: UInt64)
    /// A text that is no UTF-8, where text is needed.
    case textNotUTF8
    /// More elements of arrays asked for at once than the limit.
    case tooManyElementsAtOnce(limit: Int)
    /// `general.alignment` of another type than u32.
    case wrongAlignmentType(GGUFValueType)
    /// `general.alignment` that is no power of two.
    case wrongAlignment(UInt64)
    /// A tensor name over the limit.
    case nameTooLong(UInt64, limit: Int)
    /// A tensor name that is no UTF-8.
    case nameNotUTF8
    /// A tensor name twice.
    case duplicateTensor
    /// More than 4 dimensions.
    case tooManyDimensions(UInt32)
    /// An extent over 2^63 - 1.
    case negativeDimension(axis: Int, UInt64)
    /// 2^63 - 1 elements or more.
    case tooManyElements
    /// A tensor type that does not exist.
    case unknownTensorType(UInt32)
    /// Rows that are no whole number of blocks.
    case rowNotBlocks(GGMLType, elements: UInt64)
    /// More bytes, or offsets, than 64 bits hold.
    case tooManyBytes
    /// Data that would start behind the end of the file.
    case dataBeyondEnd(start: UInt64)
    /// An offset that is not where the tensor before ends, read strictly.
    case wrongOffset(UInt64, expected: UInt64)
    /// Data that overlap with another tensor's.
    case overlap(TensorName)
    /// Data that go on behind the end of the file.
    case dataCutShort(missing: UInt64)
    /// Padding of the last tensor that is missing, read strictly.
    case paddingCutShort(missing: UInt64)
    /// Extents that no shape can say: their product exceeds 64 bits although one is 0.
    case shapeOverflow([UInt64])
    /// A type whose big-endian form is not known.
    case cannotSwap(GGMLType)
  }

  /// The file.
  public let file: String
  /// The tensor, if one is to blame.
  public let tensor: TensorName?
  /// The key, if one is to blame.
  public let key: String?
  /// The broken rule.
  public let rule: Rule
  /// Where in the file, in bytes.
  public let offset: UInt64?

  /// A violation of `rule`.
  public init(
    file: String,
    tensor: TensorName? = nil,
    key: String? = nil,
    _ rule: Rule,
    offset: UInt64? = nil
  ) {
    self.file = file
    self.tensor = tensor
    self.key = key
    self.rule = rule
    self.offset = offset
  }

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    let (problem, expected) = words
    return Diagnosis(
      .badData,
      file: file,
      tensor: tensor,
      key.map { "key \"\($0)\": \(problem)" } ?? problem,
      expected: expected,
      offset: offset
    )
  }
}
