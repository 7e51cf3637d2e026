public import ModelIR
internal import SystemPackage

/// A standard stream that cannot be written.
public struct StreamFault: Fault {
  let name: String
  let code: CInt

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    Diagnosis(.readOrWriteFailed, "cannot write to \(name): \(Errno(rawValue: code).description)")
  }
}
