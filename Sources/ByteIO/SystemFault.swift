public import ModelIR
internal import SystemPackage

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// A system call that failed on a path.
public struct SystemFault: Fault {
  /// What the path is to us, which decides what a missing or forbidden file means.
  public enum Role: Sendable {
    /// We read it.
    case input
    /// We write it.
    case output
  }

  /// What was tried: `open`, `read`, `reserve space` ...
  public let action: String
  /// The path as the user knows it.
  public let path: String
  /// What the path is to us.
  public let role: Role
  /// The system's error number.
  public let code: CInt

  /// The failure of `action` with the error number `code`.
  public init(_ action: String, path: String, role: Role, code: CInt) {
    self.action = action
    self.path = path
    self.role = role
    self.code = code
  }

  /// The error number of a missing file.
  public static let notFound = ENOENT

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    let reason = Errno(rawValue: code).description
    return Diagnosis(kind, file: path, "cannot \(action): \(reason)")
  }

  private var kind: FaultKind {
    switch (code, role) {
    case (EACCES, _), (EPERM, _), (EROFS, _): .permissionDenied
    case (ENOENT, .input), (ENOTDIR, .input): .inputMissing
    case (ENOENT, .output), (ENOTDIR, .output), (EEXIST, .output), (EISDIR, .output), (ENOSPC, .output),
      (EDQUOT, .output), (EFBIG, .output), (ENAMETOOLONG, .output), (ELOOP, .output):
      .cannotCreate
    case (ELOOP, .input), (ENAMETOOLONG, .input): .inputMissing
    default: .readOrWriteFailed
    }
  }
}

/// Repeats a system call while a signal interrupts it; returns its result or throws its error number.
func retrying<Result: SignedInteger>(
  _ action: String,
  path: String,
  role: SystemFault.Role,
  _ call: () -> Result
) throws -> Result {
  while true {
    let result = call()
    if result >= 0 { return result }
    let code = errno
    if code != EINTR { throw SystemFault(action, path: path, role: role, code: code) }
  }
}
