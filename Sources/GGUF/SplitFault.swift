public import ModelIR

/// Shards that are no model together.
public struct SplitFault: Fault, Hashable {
  /// The rules, one case each.
  public enum Rule: Sendable, Hashable {
    /// A name that does not follow the pattern, or not with the shard's own numbers.
    case wrongName(expected: String)
    /// Another shard than the first.
    case notFirst(number: Int, first: String)
    /// A shard that is not there.
    case missingShard(missing: Int, of: Int)
    /// A key that every shard must have.
    case missingKey(String)
    /// A key of another type than llama.cpp reads.
    case wrongType(String, GGUFValueType, expected: GGUFValueType)
    /// A shard in another's place.
    case wrongNumber(Int, expected: Int)
    /// A shard of a model with another number of them.
    case wrongCount(Int, expected: Int)
    /// Another number of tensors than the first shard says.
    case wrongTensorCount(Int, found: Int)
    /// A tensor in two shards.
    case duplicateTensor(also: String)
  }

  /// The file.
  public let file: String
  /// The tensor, if one is to blame.
  public let tensor: TensorName?
  /// The broken rule.
  public let rule: Rule

  /// A violation of `rule`.
  public init(file: String, tensor: TensorName? = nil, _ rule: Rule) {
    self.file = file
    self.tensor = tensor
    self.rule = rule
  }

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    let (problem, expected) = words
    var kind = FaultKind.badData
    if case .missingShard = rule { kind = .inputMissing }
    return Diagnosis(kind, file: file, tensor: tensor, problem, expected: expected)
  }

  private var words: (problem: String, expected: String?) {
    switch rule {
    case .wrongName(let expected): ("is a shard, and its name does not say which", "\(expected)")
    case .notFirst(let number, let first): ("is shard \(number + 1) of a model", "its first one, \(first)")
    case .missingShard(let missing, let count):
      (
        missing == 1 ? "is not there" : "is not there, and \(missing - 1) other shards of \(count) are not",
        "a stopped download looks like this"
      )
    case .missingKey(let key): ("is a shard without \(key)", nil)
    case .wrongType(let key, let type, let expected):
      ("\(key) is of type \(type.name)", "type \(expected.name)")
    case .wrongNumber(let number, let expected): ("split.no is \(number)", "\(expected), as the name says")
    case .wrongCount(let count, let expected):
      ("split.count is \(count)", "\(expected), as the first shard says")
    case .wrongTensorCount(let count, let found):
      ("split.tensors.count is \(count)", "the shards have \(found) tensors")
    case .duplicateTensor(let other): ("stands in \(other) too", "each tensor in one shard")
    }
  }
}
