public import ModelIR
internal import SparseCoding

/// A pattern that a tensor follows along other axes than products sum over: the usual mistake of whoever pruned it, and
/// of no use to a runtime.
public struct AxisPattern: Sendable, Hashable {
  /// The pattern.
  public var pattern: NMPattern
  /// The axes; several where they lie flattened, one behind the other.
  public var axes: [Int]

  /// A pattern along axes.
  public init(pattern: NMPattern, axes: [Int]) {
    self.pattern = pattern
    self.axes = axes
  }
}

/// Looks for the axis along which a sparse tensor follows a pattern, where it follows none along its own.
///
/// Most tensors are given up after their first groups. Memory: as ``Inspector``.
struct AxisSearch {
  private let validator: Validator
  private let pool: ChunkPool
  private let chunkBytes: Int

  init(pool: ChunkPool, chunkBytes: Int) {
    self.pool = pool
    self.chunkBytes = chunkBytes
    validator = Validator(
      .twoOfFour,
      axis: .automatic,
      tail: .error,
      violationLimit: 0,
      pool: pool,
      chunkBytes: chunkBytes,
      progress: WorkProgress()
    )
  }

  /// What a weight matrix follows elsewhere; nil for nothing, and for tensors that follow a pattern or are too dense for
  /// any.
  /// - Throws: what reading throws.
  func find(_ report: TensorReport, _ statistics: TensorStatistics, _ source: any ByteSource) throws
    -> AxisPattern?
  {
    let tensor = report.tensor.counted
    // The longest groups of all: whatever follows one of the others follows this one.
    guard let weakest = NMPattern(kept: 8, group: 16), statistics.elements > 0, statistics.compliant.isEmpty,
      !statistics.patterns.isEmpty, tensor.shape.rank >= 2, report.kind == .matrix
    else { return nil }
    let density = 1 - statistics.sparsity
    let patterns = NMPattern.common.filter {
      density <= Double($0.kept) / Double($0.group) && !$0.isSlack(at: statistics.sparsity)
    }
    .sorted { $0.strictness < $1.strictness }
    guard !patterns.isEmpty else { return nil }
    let own = report.axis?.axes ?? []
    for (axes, grouped) in GroupedView.alternatives(to: own, of: tensor) {
      if grouped.view.extent.isMultiple(of: UInt64(weakest.group)),
        try !holds(weakest, grouped, source)
      {
        continue
      }
      if let pattern = try patterns.first(where: { try holds($0, grouped, source) }) {
        return AxisPattern(pattern: pattern, axes: axes)
      }
    }
    return nil
  }

  private func holds(_ pattern: NMPattern, _ grouped: GroupedView, _ source: any ByteSource) throws -> Bool {
    guard grouped.view.raggedGroups(of: pattern.group) == 0, grouped.view.wholeGroups(of: pattern.group) > 0
    else { return false }
    let reader = try grouped.reader(source, pattern, chunkBytes: chunkBytes, on: pool)
    let tally = try validator.count(grouped, reader, pattern, firstLimit: 0, progress: nil, most: 0)
    return tally?.violatingGroups == 0
  }
}

extension GroupedView {
  /// A tensor along each of its other axes, and along all behind the first one flattened where those are several.
  /// - Parameter own: the axes that do not count.
  static func alternatives(to own: [Int], of tensor: Tensor) -> [(axes: [Int], grouped: GroupedView)] {
    let rank = tensor.shape.rank
    var found: [(axes: [Int], grouped: GroupedView)] = (0..<rank).compactMap { axis in
      own.contains(axis) ? nil : GroupedView(tensor, axis: axis).map { ([axis], $0) }
    }
    if rank > 2, tensor.shape.extents[0] > 0,
      let flat = GroupedView(flattening: tensor, columns: tensor.shape.elementCount / tensor.shape.extents[0])
    {
      found.append((Array(1..<rank), flat))
    }
    return found
  }
}
