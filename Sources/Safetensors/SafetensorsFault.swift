public import ModelIR
public import StrictJSON

/// A safetensors file that breaks a rule of the format.
public struct SafetensorsFault: Fault, Hashable {
  /// The rules, one case each, named after the reference's errors where it has one.
  public enum Rule: Sendable, Hashable {
    /// Fewer than the 8 bytes of the header's length.
    case headerTooSmall(fileByteCount: UInt64)
    /// A header length over 100,000,000.
    case headerTooLarge(UInt64)
    /// A header that would end behind the file.
    case invalidHeaderLength(UInt64, fileByteCount: UInt64)
    /// A header that is no JSON, or not strict JSON.
    case json(JSONError)
    /// A value of another kind than the field needs.
    case wrongField(String, expected: String)
    /// A field that a tensor must have and lacks.
    case missingField(String)
    /// A field twice in one tensor.
    case duplicateField(String)
    /// A tensor's name twice.
    case duplicateTensor
    /// `__metadata__` twice.
    case duplicateMetadata
    /// A key twice within `__metadata__`.
    case duplicateMetadataKey(String)
    /// A dtype that the format does not know.
    case unknownType(String)
    /// A shape whose product exceeds 64 bits.
    case shapeOverflow
    /// Elements that do not fill whole bytes.
    case misaligned(ElementType, elements: UInt64)
    /// Offsets whose end lies before their start.
    case reversedOffsets(UInt64, UInt64)
    /// Offsets that leave a hole or overlap: tensors must lie one behind the other.
    case invalidOffset(begin: UInt64, expected: UInt64)
    /// Offsets that span another number of bytes than type and shape need.
    case wrongByteCount(found: UInt64, expected: UInt64)
    /// Tensors that end before the file does.
    case trailingBytes(UInt64)
    /// Tensors that go on behind the end of the file.
    case cutShort(missing: UInt64)
    /// More tensors than the limit.
    case tooManyTensors(limit: Int)
  }

  /// The file.
  public let file: String
  /// The tensor, if one is to blame.
  public let tensor: TensorName?
  /// The broken rule.
  public let rule: Rule
  /// Where in the file, in bytes.
  public let offset: UInt64?

  /// A violation of `rule`.
  public init(file: String, tensor: TensorName? = nil, _ rule: Rule, offset: UInt64? = nil) {
    self.file = file
    self.tensor = tensor
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
      problem,
      expected: expected,
      offset: offset
    )
  }

  private var words: (problem: String, expected: String?) {
    switch rule {
    case .headerTooSmall(let count):
      ("has \(count) bytes, too few for a safetensors file", "it starts with an 8-byte header length")
    case .headerTooLarge(let length): ("the header length is \(length)", "at most 100000000")
    case .invalidHeaderLength(let length, let count):
      (
        "the header length is \(length) and the file ends at byte \(count)",
        "a stopped download looks like this"
      )
    case .json(let error): ("header: \(error.problem)", nil)
    case .wrongField(let field, let expected): ("\(field) has a wrong value", expected)
    case .missingField(let field): ("has no \(field)", nil)
    case .duplicateField(let field): ("has \(field) twice", nil)
    case .duplicateTensor: ("stands twice in the header", "--lenient takes the last, as the reference does")
    case .duplicateMetadata: ("the header has __metadata__ twice", nil)
    case .duplicateMetadataKey(let key):
      ("__metadata__ has the key \"\(key)\" twice", "--lenient takes the last, as the reference does")
    case .unknownType(let name): ("dtype \"\(name)\" is unknown", nil)
    case .shapeOverflow: ("shape: the number of bytes exceeds 64 bits", nil)
    case .misaligned(let type, let elements):
      ("shape: \(elements) elements of \(type.name) do not fill whole bytes", nil)
    case .reversedOffsets(let begin, let end): ("data_offsets run backwards, from \(begin) to \(end)", nil)
    case .invalidOffset(let begin, let expected):
      (
        "data_offsets begin at \(begin)",
        "at \(expected), where the tensor before it ends: no gap and no overlap"
      )
    case .wrongByteCount(let found, let expected):
      ("data_offsets span \(found) bytes", "dtype and shape need \(expected)")
    case .trailingBytes(let count): ("\(count) bytes follow the last tensor", "the file ends with it")
    case .cutShort(let missing):
      ("the file is cut short, \(missing) bytes are missing", "a stopped download looks like this")
    case .tooManyTensors(let limit): ("has more than \(limit) tensors", nil)
    }
  }
}
