/// What an `AttributeProto` holds, before any of its tensors and graphs is read.
struct AttributeFields {
  /// Its name.
  var name = ""
  /// The declared kind, `AttributeProto.AttributeType`; 0 where none is.
  var type: UInt64 = 0
  /// In a function: the function's attribute that is meant.
  var reference = ""
  /// The plain fields that occur.
  var float: WireField?
  var integer: WireField?
  var string: WireField?
  /// The repeated ones, as far as they are kept.
  var floats = Entries<Float>()
  var integers = Entries<Int64>()
  var stringCount: UInt64 = 0
  /// The tensors and graphs, in file order: fields 5, 6, 10, 11, 22 and 23.
  var messages: [WireField] = []

  /// Entries of a repeated field: where they stand, how many, and themselves if they are few.
  struct Entries<Element> {
    var runs: [Range<UInt64>] = []
    var count: UInt64 = 0
    var values: [Element] = []
  }

  /// The kinds, by the fields that hold them. (onnx 1.23, `AttributeProto.AttributeType`.)
  enum Kind: UInt64 {
    case float = 1
    case integer = 2
    case string = 3
    case tensor = 4
    case graph = 5
    case floats = 6
    case integers = 7
    case strings = 8
    case tensors = 9
    case graphs = 10
    case sparseTensor = 11
    case sparseTensors = 12

    /// The kind of a field that holds messages.
    init?(messageField number: UInt32) {
      switch number {
      case 5: self = .tensor
      case 6: self = .graph
      case 10: self = .tensors
      case 11: self = .graphs
      case 22: self = .sparseTensor
      case 23: self = .sparseTensors
      default: return nil
      }
    }

    /// The field's name.
    var fieldName: StaticString {
      switch self {
      case .float: "f"
      case .integer: "i"
      case .string: "s"
      case .tensor: "t"
      case .graph: "g"
      case .floats: "floats"
      case .integers: "ints"
      case .strings: "strings"
      case .tensors: "tensors"
      case .graphs: "graphs"
      case .sparseTensor: "sparse_tensor"
      case .sparseTensors: "sparse_tensors"
      }
    }

    /// Whether the field holds several.
    var isRepeated: Bool { [.floats, .integers, .strings, .tensors, .graphs, .sparseTensors].contains(self) }
  }

  /// The kind: as declared, or, in files of IR versions before 2, by what is there.
  var kind: Kind? {
    if type != 0 { return Kind(rawValue: type) }
    if let message = messages.first { return Kind(messageField: message.number) }
    if float != nil { return .float }
    if integer != nil { return .integer }
    if string != nil { return .string }
    if floats.count > 0 { return .floats }
    if integers.count > 0 { return .integers }
    return stringCount > 0 ? .strings : nil
  }
}
