public import ModelIR

/// What a runtime asks of a weight before it takes its sparse path: data, which ``Eligibility`` interprets.
///
/// The profiles themselves stand in `RuntimeProfile+Table.swift`, with the source of each rule.
public struct RuntimeProfile: Sendable, Hashable {
  /// The runtimes that are known.
  public enum Name: String, Sendable, Hashable, CaseIterable {
    /// NVIDIA TensorRT.
    case tensorrt
    /// NVIDIA cuSPARSELt, by its own or PyTorch's interface.
    case cusparselt
    /// PyTorch's `to_sparse_semi_structured` with CUTLASS.
    case torch
    /// apex's ASP, which prunes.
    case asp
    /// The library compressed-tensors up to 0.14.
    case compressedTensors = "compressed-tensors"
    /// No runtime: 2:4 along the axis that is summed over.
    case any

    /// How the runtime is called.
    public var title: String {
      switch self {
      case .tensorrt: "TensorRT"
      case .cusparselt: "cuSPARSELt"
      case .torch: "PyTorch"
      case .asp: "ASP"
      case .compressedTensors: "compressed-tensors"
      case .any: "any runtime"
      }
    }
  }

  /// Which elements make a group.
  public enum Grouping: String, Sendable, Hashable {
    /// Those along the axis that is summed over.
    case reductionAxis
    /// Those along the last axis; a weight that is summed over another one is not eligible.
    case lastAxis
    /// Those that follow one another in memory, whatever the shape.
    case memory
  }

  /// What holds for some element types.
  public struct TypeRule: Sendable, Hashable {
    /// The types.
    let types: [ElementType]
    /// The pattern that these types need.
    let pattern: NMPattern
    /// What the extent of the first axis must be a multiple of.
    let rows: UInt64
    /// What the extent of the second axis must be a multiple of; of a matrix, its columns.
    let columns: UInt64
    /// Whether integers have to be codes that the graph turns to reals, around 0.
    let needsSymmetricCodes: Bool
    /// What should be known of weights of these types that are eligible.
    let remark: String?

    init(
      _ types: [ElementType],
      _ pattern: NMPattern,
      rows: UInt64 = 1,
      columns: UInt64 = 1,
      needsSymmetricCodes: Bool = false,
      remark: String? = nil
    ) {
      self.types = types
      self.pattern = pattern
      self.rows = rows
      self.columns = columns
      self.needsSymmetricCodes = needsSymmetricCodes
      self.remark = remark
    }
  }

  /// Which runtime.
  public let name: Name
  /// The pattern that it needs of types without a rule of their own.
  public let pattern: NMPattern
  /// Which elements make a group.
  public let grouping: Grouping
  /// The layers that it makes sparse; nil for all.
  let layers: Set<LayerKind>?
  /// Why it leaves other layers alone.
  let layerReason: String
  /// The ranks that it takes.
  let ranks: ClosedRange<Int>
  /// What it asks of element types; empty if it takes all.
  let types: [TypeRule]
  /// Whether the extent along the groups has to be a multiple of the group, or of memory the count of elements.
  let needsWholeGroups: Bool
  /// Whether it can only read weights that are stored dense; else why not, in words.
  let denseReason: String?
  /// Whether codes count as they are stored, whatever their zero point.
  let countsStoredCodes: Bool
  /// What an answer by this profile does not say.
  public let note: String?
  /// Where the rules come from.
  public let sources: [String]

  /// The rule for a type; nil if there is none.
  func rule(for type: ElementType) -> TypeRule? { types.first { $0.types.contains(type) } }

  /// How the pattern is worded: `2:4`, and `2:4, 1:2 for F32` where types differ.
  public var patternText: String {
    var text = pattern.description
    for rule in types where rule.pattern != pattern {
      text += ", \(rule.pattern) for \(rule.types.map(\.name).joined(separator: ", "))"
    }
    return text
  }
}
