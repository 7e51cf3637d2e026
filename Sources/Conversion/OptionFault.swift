public import ModelIR

/// Options that cannot be followed together.
public struct OptionFault: Fault, Hashable {
  /// What is wrong.
  public let problem: String
  /// What would be right.
  public let expected: String?

  init(_ problem: String, expected: String? = nil) {
    self.problem = problem
    self.expected = expected
  }

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis { Diagnosis(.usage, problem, expected: expected) }
}
