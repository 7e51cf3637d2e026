public import ModelIR

/// A GGUF file that cannot be laid out.
public struct GGUFPlanFault: Fault, Hashable {
  /// The rules, one case each.
  public enum Rule: Sendable, Hashable {
    /// An empty key.
    case emptyKey
    /// A key of over 65,535 bytes.
    case keyTooLong(Int)
    /// A key twice.
    case duplicateKey
    /// A value whose width GGUF lacks.
    case noValueType
    /// A value that its type does not hold.
    case valueOutOfRange
    /// An empty array without a type.
    case untypedArray
    /// An array of arrays.
    case nestedArray
    /// An array of values of several types.
    case mixedArray
    /// A text of more bytes than are read.
    case textTooLong(Int, limit: UInt64)
    /// `general.alignment` that is no u32, or no power of two.
    case wrongAlignment
    /// A tensor name of over 63 bytes.
    case nameTooLong(Int)
    /// A tensor name twice.
    case duplicateTensor
    /// More than 4 dimensions.
    case tooManyDimensions(Int)
    /// Rows that are no whole number of blocks.
    case rowNotBlocks(GGMLType, elements: UInt64)
    /// A tensor whose elements or bytes GGUF cannot count.
    case tensorTooLarge([UInt64])
    /// Data that exceed what a file can hold.
    case dataTooLarge
    /// More shards than `split.count` can say.
    case tooManyShards(Int)
    /// More tensors than `split.tensors.count` can say.
    case tooManyTensors(Int)
  }

  /// The file.
  public let file: String
  /// The tensor, if one is to blame.
  public let tensor: TensorName?
  /// The key, if one is to blame.
  public let key: String?
  /// The broken rule.
  public let rule: Rule

  /// A violation of `rule`.
  public init(file: String, tensor: TensorName? = nil, key: String? = nil, rule: Rule) {
    self.file = file
    self.tensor = tensor
    self.key = key
    self.rule = rule
  }

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    let (problem, expected) = words
    return Diagnosis(
      .cannotCreate,
      file: file,
      tensor: tensor,
      key.map { "key \"\($0)\": \(problem)" } ?? problem,
      expected: expected
    )
  }

  private var words: (problem: String, expected: String?) {
    switch rule {
    case .emptyKey: ("a key is empty", nil)
    case .keyTooLong(let count): ("a key has \(count) bytes", "GGUF allows 65535")
    case .duplicateKey: ("stands twice", nil)
    case .noValueType: ("GGUF has no type for the value", nil)
    case .valueOutOfRange: ("the value exceeds its type", nil)
    case .untypedArray: ("an empty array needs the type of its elements", nil)
    case .nestedArray: ("is an array of arrays", "llama.cpp refuses that")
    case .mixedArray: ("an array holds values of several types", "GGUF has arrays of one type")
    case .textTooLong(let count, let limit): ("would have \(count) bytes", "at most \(limit)")
    case .wrongAlignment: ("general.alignment is no alignment", "a u32 that is a power of two")
    case .nameTooLong(let count): ("the name has \(count) bytes", "llama.cpp reads at most 63")
    case .duplicateTensor: ("stands twice", nil)
    case .tooManyDimensions(let count): ("has \(count) dimensions", "GGUF allows 4")
    case .rowNotBlocks(let type, let elements):
      ("rows have \(elements) elements", "a multiple of \(type.blockElements), the block of \(type.name)")
    case .tensorTooLarge(let dims): ("dimensions \(dims) are too large", "fewer than 2^63 - 1 elements")
    case .dataTooLarge: ("the data would exceed 2^63 bytes", nil)
    case .tooManyShards(let count):
      ("would have \(count) shards", "GGUF counts up to 65535; make them larger")
    case .tooManyTensors(let count): ("has \(count) tensors", "shards of GGUF count up to 2147483647")
    }
  }
}

extension GGUFPlanFault.Rule {
  init(_ problem: MetadataEncoder.Problem) {
    switch problem {
    case .noType: self = .noValueType
    case .untypedArray: self = .untypedArray
    case .nestedArray: self = .nestedArray
    case .mixedArray: self = .mixedArray
    case .outOfRange: self = .valueOutOfRange
    }
  }
}
