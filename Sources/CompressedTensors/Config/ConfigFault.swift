public import ModelIR

/// A config.json that breaks a rule.
public struct ConfigFault: Fault, Hashable {
  /// The rules, one case each.
  public enum Rule: Sendable, Hashable {
    /// The file exceeds the limit.
    case tooLarge(UInt64)
    /// It is no JSON.
    case json(String)
    /// A field's value is not what it must be.
    case wrongField(String, expected: String)
    /// A format that the library never had.
    case unknownFormat(field: String, name: String)
    /// A target or an exception that cannot be matched.
    case badPattern(field: String, problem: String)
    /// Another library quantized the weights, and what was asked for would lose what it says.
    case foreign(wanted: String)
    /// Nothing is there that a repair would change.
    case nothingToRepair
    /// The weights are stored sparse, so that the configuration is right.
    case isSparse(String)
  }

  /// The file.
  public let file: String
  /// The broken rule.
  public let rule: Rule
  /// Where in the file, in bytes.
  public let offset: UInt64?

  init(file: String, _ rule: Rule, offset: UInt64? = nil) {
    self.file = file
    self.rule = rule
    self.offset = offset
  }

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    let (problem, expected): (String, String?) =
      switch rule {
      case .tooLarge(let count):
        ("the configuration has \(count) bytes", "at most \(ConfigReader.sizeLimit)")
      case .json(let problem): (problem, nil)
      case .wrongField(let field, let expected): ("\(field) has a wrong value", expected)
      case .unknownFormat(let field, let name):
        (
          "\(field): the format \"\(name)\" is unknown",
          "one of " + CompressionFormat.allCases.map(\.rawValue).joined(separator: ", ")
        )
      case .badPattern(let field, let problem): ("\(field): \(problem)", nil)
      case .foreign(let wanted):
        ("another library quantized the weights (quant_method), which \(wanted)", nil)
      case .nothingToRepair: ("has no sparsity_config that stops a loader", nil)
      case .isSparse(let format):
        (
          "its weights are stored as \(format), which --repair-config cannot mend",
          "convert --layout dense restores them"
        )
      }
    return Diagnosis(.badData, file: file, problem, expected: expected, offset: offset)
  }
}
