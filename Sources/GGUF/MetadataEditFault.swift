public import ModelIR

/// A change of metadata that cannot be made.
public struct MetadataEditFault: Fault, Hashable {
  /// The rules, one case each.
  public enum Rule: Sendable, Hashable {
    /// No `=`, or nothing before it.
    case noAssignment
    /// A text that spells no value of the type.
    case notOfType(String, GGUFValueType)
    /// The value is a list, or has to be one.
    case isArray
    /// `general.alignment` that is no power of two.
    case wrongAlignment(String)
    /// A type that GGUF does not have.
    case noSuchType(String)
    /// A key that follows from how a model is split.
    case ofSplits
    /// No such key.
    case unknownKey
  }

  /// The key.
  public let key: String
  /// The broken rule.
  public let rule: Rule

  /// A violation of `rule`.
  public init(key: String, _ rule: Rule) {
    self.key = key
    self.rule = rule
  }

  /// What is wrong, and what would be right.
  public var diagnosis: Diagnosis {
    switch rule {
    case .noAssignment: Diagnosis(.usage, "\"\(key)\" sets nothing", expected: "key=value or key:type=value")
    case .notOfType(let text, let type):
      Diagnosis(.usage, "key \"\(key)\": \"\(text)\" is no value of type \(type.name)")
    case .isArray: Diagnosis(.usage, "key \"\(key)\" is a list", expected: "lists cannot be set")
    case .wrongAlignment(let text):
      Diagnosis(.usage, "key \"\(key)\": \(text) is no alignment", expected: "a u32 that is a power of two")
    case .noSuchType(let type):
      Diagnosis(
        .usage,
        "key \"\(key)\": there is no type \"\(type)\"",
        expected: "key=value or key:u32=value"
      )
    case .ofSplits:
      Diagnosis(.usage, "key \"\(key)\" says how a model is split", expected: "--shard-size splits it")
    case .unknownKey: Diagnosis(.usage, "there is no key \"\(key)\"")
    }
  }
}
