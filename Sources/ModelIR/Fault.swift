/// What kind of failure a fault is, which decides the command's exit code.
public enum FaultKind: Sendable, Hashable {
  /// The request itself makes no sense.
  case usage
  /// An input breaks a rule; trying again will not help.
  case badData
  /// An input is not there.
  case inputMissing
  /// An output will not be created: it exists, is the input, or does not fit.
  case cannotCreate
  /// A read or a write failed.
  case readOrWriteFailed
  /// Another run is at work on the same output.
  case tryAgain
  /// Not allowed to.
  case permissionDenied
  /// Our own mistake.
  case internalError
}

/// What went wrong, where, and what would have been right, for one line of text.
public struct Diagnosis: Sendable, Hashable {
  /// The kind of failure.
  public var kind: FaultKind
  /// The file, as the user named it or found from there.
  public var file: String?
  /// The tensor, if one is to blame.
  public var tensor: TensorName?
  /// What is wrong.
  public var problem: String
  /// What would be right.
  public var expected: String?
  /// Where in the file, in bytes.
  public var offset: UInt64?

  /// A diagnosis of these parts.
  public init(
    _ kind: FaultKind,
    file: String? = nil,
    tensor: TensorName? = nil,
    _ problem: String,
    expected: String? = nil,
    offset: UInt64? = nil
  ) {
    self.kind = kind
    self.file = file
    self.tensor = tensor
    self.problem = problem
    self.expected = expected
    self.offset = offset
  }
}

/// An error that can say what, where, and what would be right.
public protocol Fault: Error {
  /// The whole story.
  var diagnosis: Diagnosis { get }
}
