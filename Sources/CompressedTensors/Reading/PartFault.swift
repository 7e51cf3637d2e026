public import ModelIR

/// A tensor of a compressed module that breaks a rule of its format.
public struct PartFault: Fault, Hashable {
  /// The rules, one case each.
  public enum Rule: Sendable, Hashable {
    /// A part that the format needs is not there.
    case missing(format: CompressionFormat)
    /// The part has another element type than the format gives it.
    case wrongType(found: ElementType, expected: String)
    /// The part has another shape than the others and the configuration imply.
    case wrongShape(found: Shape, expected: String)
    /// A shape in a tensor is no shape.
    case badShape(String)
    /// The configuration's scheme is none that the format has.
    case wrongScheme(String)
    /// The tensor that the parts make is stored beside them.
    case storedTwice
    /// The parts imply more than 64 bits of bytes.
    case tooLarge
    /// Bits that say which elements are kept say nothing.
    case badMetadata(row: UInt64, column: UInt64)
    /// A column's group lies behind the last.
    case badGroupIndex(column: Int, index: Int64, groups: UInt64)
    /// An exponent that cannot be corrected.
    case badExponent(row: UInt64, column: UInt64)
    /// A scale over all that is zero or no number.
    case badGlobalScale(Float)
  }

  /// The file.
  public let file: String
  /// The module and the part, as the part's tensor is called.
  public let tensor: TensorName
  /// The broken rule.
  public let rule: Rule

  init(file: String, tensor: TensorName, _ rule: Rule) {
    self.file = file
    self.tensor = tensor
    self.rule = rule
  }

  /// Whether it is only that a part is not there.
  var isMissing: Bool { if case .missing = rule { true } else { false } }

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    let (problem, expected): (String, String?) =
      switch rule {
      case .missing(let format): ("is missing, and \(format.rawValue) needs it", nil)
      case .wrongType(let found, let expected): ("dtype: is \(found.name)", expected)
      case .wrongShape(let found, let expected): ("shape: is \(found)", expected)
      case .badShape(let problem): ("its values are no shape: \(problem)", nil)
      case .wrongScheme(let problem): (problem, nil)
      case .storedTwice: ("is stored beside its compressed parts", "one of both")
      case .tooLarge: ("shape: the tensor would exceed 64 bits of bytes", nil)
      case .badMetadata(let row, let column):
        ("row \(row), column \(column): these bits keep no two of four elements", nil)
      case .badGroupIndex(let column, let index, let groups):
        ("column \(column) belongs to group \(index)", "there are \(groups) groups")
      case .badExponent(let row, let column):
        ("row \(row), group \(column): the exponent cannot be 2 larger", nil)
      case .badGlobalScale(let value): ("is \(value)", "a finite number that is not zero")
      }
    return Diagnosis(.badData, file: file, tensor: tensor, problem, expected: expected)
  }
}
