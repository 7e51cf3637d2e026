public import ModelIR

/// A payload that is not what its tensor's type and shape say.
public struct PayloadFault: Fault, Hashable {
  /// The rules, one case each.
  public enum Rule: Sendable, Hashable {
    /// There are more or fewer entries than the tensor has.
    case wrongEntryCount(found: UInt64, expected: UInt64)
    /// There are more or fewer bytes than the tensor has.
    case wrongByteCount(found: UInt64, expected: UInt64)
    /// An entry is no element of the type.
    case entryOutOfRange(entry: UInt64, value: UInt64, expected: String)
    /// A varint is longer than 10 bytes, or has more than 64 bits.
    case overlongVarint(entry: UInt64)
    /// A varint is cut off where its field ends.
    case truncatedVarint(entry: UInt64)
    /// A packed field is no whole number of entries.
    case brokenRun(byteCount: UInt64, width: Int)
    /// The entries are written in a way that this type has none.
    case wrongEncoding
    /// The payload names a file that the model does not have.
    case noSuchFile(Int)
    /// An index is not within the shape.
    case indexOutOfRange(position: UInt64, index: UInt64, limit: UInt64)
    /// Indices do not ascend.
    case indicesNotAscending(position: UInt64)
    /// There are values and no element that they could be.
    case valuesOfEmptyTensor(nnz: UInt64)
  }

  /// The file.
  public let file: String
  /// The tensor.
  public let tensor: TensorName
  /// The field of the tensor.
  public let field: String
  /// The broken rule.
  public let rule: Rule
  /// Where, in bytes from the file's first.
  public let offset: UInt64?

  init(file: String, tensor: TensorName, field: String, _ rule: Rule, offset: UInt64? = nil) {
    self.file = file
    self.tensor = tensor
    self.field = field
    self.rule = rule
    self.offset = offset
  }

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    let (problem, expected): (String, String?) =
      switch rule {
      case .wrongEntryCount(let found, let expected):
        ("there are \(found) entries", "\(expected), by type and shape")
      case .wrongByteCount(let found, let expected):
        ("there are \(found) bytes", "\(expected), by type and shape")
      case .entryOutOfRange(let entry, let value, let expected):
        ("entry \(entry) is \(Int64(bitPattern: value)), which the type cannot hold", expected)
      case .overlongVarint(let entry): ("entry \(entry) is a varint of more than 64 bits", nil)
      case .truncatedVarint(let entry): ("entry \(entry) is cut off at the end of its field", nil)
      case .brokenRun(let byteCount, let width):
        ("a packed field has \(byteCount) bytes", "a multiple of \(width)")
      case .wrongEncoding: ("entries of this type are not stored in this field", nil)
      case .noSuchFile(let number): ("external file \(number) is not among the model's files", nil)
      case .indexOutOfRange(let position, let index, let limit):
        (
          "the index of value \(position) has \(Int64(bitPattern: index))",
          "0 to \(limit == 0 ? 0 : limit - 1)"
        )
      case .indicesNotAscending(let position):
        ("the index of value \(position) is not above the one before it", nil)
      case .valuesOfEmptyTensor(let nnz): ("there are \(nnz) values, and the shape has no element", nil)
      }
    return Diagnosis(
      .badData,
      file: file,
      tensor: tensor,
      "\(field): \(problem)",
      expected: expected,
      offset: offset
    )
  }
}
