public import ModelIR
internal import SparseCoding

/// Whether a model's weights follow an N:M pattern, tensor by tensor.
public struct ValidationReport: Sendable {
  /// What is done about groups at the end of an axis that are shorter than M.
  public enum TailPolicy: String, Sendable, Hashable, CaseIterable {
    /// A tensor with such groups fails.
    case error
    /// Such groups are not looked at.
    case ignore
    /// Such groups count as if zeros filled them.
    case pad
  }

  /// What became of one tensor.
  public enum Status: String, Sendable, Hashable {
    /// Every group complies.
    case compliant
    /// Some group has more than N nonzero values, or is too short.
    case violating
    /// It was not checked.
    case skipped
  }

  /// A violating group with its values.
  public struct Violation: Sendable, Hashable {
    /// The row: all elements across the axis, row-major.
    public var row: UInt64
    /// The group along the axis, and the place of its first element on it.
    public var group: UInt64
    /// The place of the group's first element on the axis.
    public var firstIndex: UInt64
    /// How many of its values are not zero.
    public var nonzeros: Int
    /// Its values as text, the shortest digits that tell them apart.
    public var values: [String]

    /// A violating group.
    public init(row: UInt64, group: UInt64, firstIndex: UInt64, nonzeros: Int, values: [String]) {
      self.row = row
      self.group = group
      self.firstIndex = firstIndex
      self.nonzeros = nonzeros
      self.values = values
    }
  }

  /// One tensor.
  public struct TensorResult: Sendable {
    /// The tensor.
    public var tensor: Tensor
    /// What became of it.
    public var status: Status
    /// Why it was skipped, or fails for another reason than its groups.
    public var reason: String?
    /// The axis that was checked, and how it is known.
    public var axis: ReductionAxis?
    /// The groups that were checked.
    public var groups: UInt64 = 0
    /// Groups at the end of the axis that are shorter than M.
    public var raggedGroups: UInt64 = 0
    /// Groups with more than N nonzero values.
    public var violatingGroups: UInt64 = 0
    /// The groups by the number of their nonzero values, 0 to M.
    public var histogram: [UInt64] = []
    /// The first violations by row and group.
    public var firstViolations: [Violation] = []

    /// A result without counts.
    public init(tensor: Tensor, status: Status, reason: String? = nil, axis: ReductionAxis? = nil) {
      self.tensor = tensor
      self.status = status
      self.reason = reason
      self.axis = axis
    }

    /// Where the first element of a violating group lies in the tensor, or its codes: an index for each axis,
    /// outermost first. The group goes on along ``axis``.
    public func place(of violation: Violation) -> [UInt64] {
      var place = [UInt64](repeating: 0, count: tensor.counted.shape.rank)
      guard let axis = axis?.axes.first, place.indices.contains(axis) else { return [] }
      var rest = violation.row
      for other in place.indices.reversed() where other != axis {
        (rest, place[other]) = rest.quotientAndRemainder(
          dividingBy: max(1, tensor.counted.shape.extents[other])
        )
      }
      place[axis] = violation.firstIndex
      return place
    }
  }

  /// What the user called the model.
  public var path: String
  /// The pattern.
  public var pattern: NMPattern
  /// What was done about short groups.
  public var tail: TailPolicy
  /// The tensors, in the order of the model.
  public var tensors: [TensorResult]
  /// What should be known.
  public var warnings: [Diagnosis]

  /// A report of these parts.
  public init(
    path: String,
    pattern: NMPattern,
    tail: TailPolicy,
    tensors: [TensorResult],
    warnings: [Diagnosis]
  ) {
    self.path = path
    self.pattern = pattern
    self.tail = tail
    self.tensors = tensors
    self.warnings = warnings
  }

  /// How many tensors have this status.
  public func count(_ status: Status) -> Int { tensors.lazy.filter { $0.status == status }.count }

  /// Whether the answer is yes: something was checked, and all of it complies.
  public var isCompliant: Bool { count(.compliant) > 0 && count(.violating) == 0 }
}
