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
    /// A rule of the runtime other than the pattern stops it.
    case ineligible
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

  /// How the pattern fares along other axes than the asked one.
  public struct AxisComparison: Sendable, Hashable {
    /// The axis, or those that are one after flattening, outermost 0.
    public var axes: [Int]
    /// The groups along it.
    public var groups: UInt64
    /// Those with more than N nonzero values; nil where there are more than a hundredth, and counting stopped.
    public var violatingGroups: UInt64?

    /// A comparison of these figures.
    public init(axes: [Int], groups: UInt64, violatingGroups: UInt64?) {
      self.axes = axes
      self.groups = groups
      self.violatingGroups = violatingGroups
    }

    /// Whether the pattern holds along it.
    public var holds: Bool { violatingGroups == 0 }
  }

  /// What would go if all but the N largest values of each group became zero, as shares of what is there.
  public struct RemovedMagnitude: Sendable, Hashable {
    /// Of the sum of magnitudes.
    public var first: Double
    /// Of the root of the sum of squares.
    public var second: Double

    /// These shares.
    public init(first: Double, second: Double) {
      self.first = first
      self.second = second
    }
  }

  /// Where a tensor's first part lies.
  public struct Location: Sendable, Hashable {
    /// The file, as it was opened.
    public var file: String
    /// Its first byte.
    public var offset: UInt64
    /// Its bytes.
    public var byteCount: UInt64

    /// A part of a file.
    public init(file: String, offset: UInt64, byteCount: UInt64) {
      self.file = file
      self.offset = offset
      self.byteCount = byteCount
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
    /// The pattern that this tensor was checked for, where that is not the report's.
    public var ownPattern: NMPattern?
    /// Whether a runtime takes it, apart from its zeros; nil where none was asked for.
    public var eligibility: Eligibility?
    /// Whether groups ran through memory rather than along ``axis``.
    public var runsThroughMemory = false
    /// What enforcing the pattern would take from a tensor that violates it; nil where that was not computed.
    public var removed: RemovedMagnitude?
    /// How a tensor that violates the pattern fares along other axes.
    public var otherAxes: [AxisComparison] = []
    /// Whether another order of places on the axis would comply; nil where that was not asked for.
    public var columnOrder: ColumnOrder?
    /// What else should be known.
    public var remarks: [String] = []
    /// Where it lies; nil where it is decoded from what a file holds.
    public var location: Location?

    /// Whether the groups that were counted comply.
    public var patternHolds: Bool { status != .skipped && violatingGroups == 0 && !histogram.isEmpty }

    /// Whether a product consumes it, but its values cannot be counted, so that nothing is known of the pattern.
    public var isUnchecked = false

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
      if runsThroughMemory {
        var rest = violation.firstIndex
        for axis in place.indices.reversed() {
          (rest, place[axis]) = rest.quotientAndRemainder(
            dividingBy: max(1, tensor.counted.shape.extents[axis])
          )
        }
        return place
      }
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
  /// The runtime whose rules were applied; nil for the pattern alone.
  public var profile: RuntimeProfile?
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
    warnings: [Diagnosis],
    profile: RuntimeProfile? = nil
  ) {
    self.profile = profile
    self.path = path
    self.pattern = pattern
    self.tail = tail
    self.tensors = tensors
    self.warnings = warnings
  }

  /// How many tensors have this status.
  public func count(_ status: Status) -> Int { tensors.lazy.filter { $0.status == status }.count }

  /// The pattern that a tensor was checked for.
  public func pattern(of result: TensorResult) -> NMPattern { result.ownPattern ?? pattern }

  /// How many weights a product consumes that could not be checked.
  public var uncheckedCount: Int { tensors.lazy.filter(\.isUnchecked).count }

  /// Whether the answer is yes: something was checked (and is eligible, where a runtime was asked for), and all of it
  /// complies. Where a pattern was asked for and no runtime's rules, nothing may have been left unchecked.
  public var isCompliant: Bool {
    guard count(.compliant) > 0 && count(.violating) == 0 else { return false }
    return profile.map { $0.name != .any } ?? false || uncheckedCount == 0
  }
}
