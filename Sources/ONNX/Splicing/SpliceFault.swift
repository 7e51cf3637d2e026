public import ModelIR

/// A change of a model file that cannot be made.
public struct SpliceFault: Fault, Hashable {
  /// The reasons, one case each.
  public enum Rule: Sendable, Hashable {
    /// The tensor cannot be stored so where it stands: how, and why not.
    case obstacle(to: String, reason: String)
    /// The file would have so many bytes, or more than 63 bits of them; protobuf allows 2 GiB - 1.
    case tooLarge(UInt64?)
    /// Two changes of the same bytes.
    case overlap
    /// Documentation and metadata of a tensor, in bytes, that are not carried along.
    case tooMuchBeside(UInt64, limit: Int)
    /// No tensor has this number.
    case noSuchTensor(Int)
  }

  /// The file.
  public let file: String
  /// The tensor, if one is to blame.
  public let tensor: TensorName?
  /// The reason.
  public let rule: Rule

  init(file: String, tensor: TensorName? = nil, _ rule: Rule) {
    self.file = file
    self.tensor = tensor
    self.rule = rule
  }

  /// What cannot be done, and what would be possible.
  public var diagnosis: Diagnosis {
    let (kind, problem, expected): (FaultKind, String, String?) =
      switch rule {
      case .obstacle(let target, let reason):
        (.cannotCreate, "cannot be stored as \(target): \(reason)", nil)
      case .tooLarge(let size):
        (
          .cannotCreate,
          size.map { "the model would have \($0) bytes" } ?? "the model would have more than 2^63 bytes",
          "protobuf allows \(WireMessage.largest); elements can be stored in another file"
        )
      case .overlap: (.internalError, "two changes of the same bytes", nil)
      case .tooMuchBeside(let size, let limit):
        (.badData, "its documentation and metadata have \(size) bytes", "at most \(limit)")
      case .noSuchTensor(let number): (.internalError, "there is no tensor number \(number)", nil)
      }
    return Diagnosis(kind, file: file, tensor: tensor, problem, expected: expected)
  }
}
