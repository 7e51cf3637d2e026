public import ModelIR

/// How two models differ, whatever their containers and layouts.
public struct DifferenceReport: Sendable {
  /// What one tensor differs in.
  public enum Difference: Sendable, Hashable {
    /// Only the first model has it.
    case onlyInFirst
    /// Only the second model has it.
    case onlyInSecond
    /// The element types differ.
    case elementType(ElementType, ElementType)
    /// The types differ, by name, at least one of them a type of ggml's blocks.
    case blockType(String, String)
    /// The shapes differ.
    case shape(Shape, Shape)
    /// Elements differ in their bits.
    case values(ValueDifference)
  }

  /// One tensor that differs.
  public struct TensorResult: Sendable, Hashable {
    /// The name.
    public var name: TensorName
    /// In what.
    public var difference: Difference

    /// A tensor that differs in this.
    public init(name: TensorName, difference: Difference) {
      self.name = name
      self.difference = difference
    }
  }

  /// The first model as the user called it.
  public var first: String
  /// The second model as the user called it.
  public var second: String
  /// How many tensors are the same in both, bit for bit.
  public var equalTensors: Int
  /// The bytes of those tensors, dense.
  public var equalByteCount: UInt64
  /// The tensors that differ, in the order of the first model, then of the second.
  public var differences: [TensorResult]
  /// What differs in the metadata; nil where they were not compared, as those of two containers are not.
  public var metadata: [MetadataDifference]?
  /// Whether numbers were compared, whatever types they are stored in.
  public var comparesNumbers = false
  /// Whether differing metadata make the models different.
  public var metadataCounts = false
  /// What should be known.
  public var warnings: [Diagnosis]

  /// A report of these parts.
  public init(
    first: String,
    second: String,
    equalTensors: Int,
    equalByteCount: UInt64,
    differences: [TensorResult],
    warnings: [Diagnosis]
  ) {
    self.first = first
    self.second = second
    self.equalTensors = equalTensors
    self.equalByteCount = equalByteCount
    self.differences = differences
    self.warnings = warnings
  }

  /// The numbers of all tensors whose values differ, taken together; their largest difference has no place. Nil without
  /// any.
  public var total: NumberDifference? {
    let all = differences.compactMap { result -> NumberDifference? in
      if case .values(let values) = result.difference { values.numbers } else { nil }
    }
    return all.isEmpty ? nil : all.reduce(into: NumberDifference()) { $0.add($1) }
  }

  /// Whether the answer is yes.
  public var isEqual: Bool { differences.isEmpty && !(metadataCounts && metadata?.isEmpty == false) }
}

/// A key of metadata that two models do not share, or whose values differ.
public struct MetadataDifference: Sendable, Hashable {
  /// The first model's entry, or nil where it has none.
  public var first: MetadataReport.Entry?
  /// The second model's entry, or nil where it has none.
  public var second: MetadataReport.Entry?

  /// Two entries of one key.
  public init(first: MetadataReport.Entry?, second: MetadataReport.Entry?) {
    self.first = first
    self.second = second
  }

  /// The key.
  public var key: String { first?.key ?? second?.key ?? "" }
}
