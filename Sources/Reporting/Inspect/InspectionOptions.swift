internal import Inspection
public import ModelIR

/// How an inspection is shown.
public struct InspectionOptions: Sendable, Hashable {
  /// What rows are sorted by.
  public enum Sort: String, Sendable, Hashable, CaseIterable {
    /// Names, in ``NaturalOrder``.
    case name
    /// Bytes, the largest first.
    case size
    /// The share of zeros, the sparsest first.
    case sparsity
  }

  /// What rows are sorted by; equals go by name.
  public var sort: Sort
  /// How many rows are shown at most; nil for all.
  public var limit: Int?
  /// Whether every tensor has a row, rather than each group of repeated layers.
  public var showsEveryTensor: Bool
  /// Whether what the second look found has a table.
  public var showsDeep: Bool
  /// The tensor whose zeros are drawn.
  public var heatmap: TensorName?

  /// These options.
  public init(
    sort: Sort = .name,
    limit: Int? = nil,
    showsEveryTensor: Bool = false,
    showsDeep: Bool = false,
    heatmap: TensorName? = nil
  ) {
    self.showsDeep = showsDeep
    self.heatmap = heatmap
    self.sort = sort
    self.limit = limit
    self.showsEveryTensor = showsEveryTensor
  }

  /// The places of groups in the order in which they are shown, without regard to the limit.
  func order(_ groups: [TensorGroup]) -> [Int] {
    order(groups, keys: groups.map(\.name))
  }

  /// The places of groups in the order in which they are shown, where names are compared by these keys.
  func order(_ groups: [TensorGroup], keys: [[UInt8]]) -> [Int] {
    groups.indices.sorted { left, right in
      switch sort {
      case .name: break
      case .size:
        let (a, b) = (groups[left].storedBytes, groups[right].storedBytes)
        if a != b { return a > b }
      case .sparsity:
        let (a, b) = (groups[left].sparsity, groups[right].sparsity)
        if a != b { return a > b }
      }
      let (a, b) = (keys[left], keys[right])
      let order = NaturalOrder.compare(a.span, b.span)
      return order == 0 ? left < right : order < 0
    }
  }
}
