public import ModelIR

/// Whether a model's files are whole.
public struct IntegrityReport: Sendable {
  /// How a check came out.
  public enum Outcome: String, Sendable, Hashable {
    /// It holds.
    case passed
    /// It does not hold.
    case failed
    /// It could not be made.
    case skipped
  }

  /// One check.
  public struct Check: Sendable {
    /// What was checked: `structure`, `index`, `layout`, `hash`.
    public var name: String
    /// How it came out.
    public var outcome: Outcome
    /// What was found, in one line.
    public var summary: String
    /// What is wrong, one finding each.
    public var findings: [Diagnosis]

    /// A check of these parts.
    public init(name: String, outcome: Outcome, summary: String, findings: [Diagnosis] = []) {
      self.name = name
      self.outcome = outcome
      self.summary = summary
      self.findings = findings
    }
  }

  /// What the user called the model.
  public var path: String
  /// The checks, in the order in which they were made.
  public var checks: [Check]
  /// What should be known.
  public var warnings: [Diagnosis]

  /// A report of these parts.
  public init(path: String, checks: [Check], warnings: [Diagnosis]) {
    self.path = path
    self.checks = checks
    self.warnings = warnings
  }

  /// Whether no check failed.
  public var isWhole: Bool { !checks.contains { $0.outcome == .failed } }
}
