public import ModelIR
public import SparseCoding

/// Checks an N:M pattern group by group.
///
/// Memory: per thread one chunk and its bits, or one byte a column of a stripe and the slices of one group. Magnitudes of
/// what violates the pattern take 40 KiB of sums; a search for orders of columns takes 4 MiB.
public struct Validator: Sendable {
  /// Along which axis groups run.
  public enum AxisChoice: Sendable, Hashable {
    /// The one that a product sums over, by the source or by convention.
    case automatic
    /// The last one.
    case last
    /// This one, outermost 0.
    case number(Int)
  }

  /// How much is found out about tensors that violate the pattern.
  public struct SecondLook: Sendable, Hashable {
    /// Whether what enforcing the pattern would remove is computed, and other axes are tried.
    public var comparesAxes = true
    /// Whether an order of places on the axis is searched for.
    public var searchesOrders = false

    /// The usual look: magnitudes and other axes, no orders.
    public init() {}
  }

  let pattern: NMPattern
  let profile: RuntimeProfile?
  let axis: AxisChoice
  let tail: ValidationReport.TailPolicy
  let violationLimit: Int
  let secondLook: SecondLook
  let pool: ChunkPool
  let chunkBytes: Int
  let progress: WorkProgress

  /// A validator of `pattern`; it keeps the first `violationLimit` violations of each tensor.
  /// - Parameter profile: the runtime whose rules apply: its patterns take the place of `pattern`, its axes that of
  ///   `axis`, and groups that are short count as padded.
  public init(
    _ pattern: NMPattern,
    profile: RuntimeProfile? = nil,
    axis: AxisChoice,
    tail: ValidationReport.TailPolicy,
    violationLimit: Int,
    secondLook: SecondLook = SecondLook(),
    pool: ChunkPool,
    chunkBytes: Int,
    progress: WorkProgress
  ) {
    self.pattern = profile?.pattern ?? pattern
    self.profile = profile
    self.axis = profile == nil ? axis : .automatic
    self.tail = profile == nil ? tail : .pad
    self.violationLimit = violationLimit
    self.secondLook = secondLook
    self.pool = pool
    self.chunkBytes = chunkBytes
    self.progress = progress
  }

  /// Checks the tensors of a model.
  /// - Parameters:
  ///   - path: what the user called the model.
  ///   - checksAll: whether tensors are checked that no matrix product consumes.
  /// - Throws: what reading throws.
  public func validate(_ model: Model, path: String, checksAll: Bool) throws -> ValidationReport {
    var zeroPoints = ZeroPoints(model)
    var results = try model.tensors.flatMap { try checks(of: $0, checksAll: checksAll, &zeroPoints) }
    for result in results where result.status != .skipped {
      progress.expect(result.tensor.counted.denseByteCount)
    }
    var openFile: Int?
    for index in results.indices where results[index].status != .skipped {
      let file = results[index].tensor.counted.storage.file
      if let openFile, openFile != file { try model.source(ofFile: openFile).rest() }
      openFile = file
      progress.begin(results[index].tensor.name.text)
      results[index].location = Self.location(of: results[index].tensor, in: model)
      try check(&results[index], model.source(ofFile: file))
    }
    for file in model.files { try file.source.rest() }
    NeighbourRemarks.add(to: &results)
    return ValidationReport(
      path: path,
      pattern: pattern,
      tail: tail,
      tensors: results,
      warnings: model.warnings,
      profile: profile
    )
  }

  /// Where the first part of a tensor lies, if it lies in a file as it is.
  private static func location(of tensor: Tensor, in model: Model) -> ValidationReport.Location? {
    guard let region = tensor.storage.regions.first, Int(region.file) < model.files.count else { return nil }
    return ValidationReport.Location(
      file: model.files[Int(region.file)].source.displayName,
      offset: region.offset,
      byteCount: region.byteCount
    )
  }

  /// Who is checked, along which axes: each of them, where consumers differ.
  private func checks(
    of tensor: Tensor,
    checksAll: Bool,
    _ zeroPoints: inout ZeroPoints
  ) throws -> [ValidationReport.TensorResult] {
    let first = result(for: tensor, checksAll: checksAll)
    guard first.status != .skipped, let axis = first.axis else { return [first] }
    if axis.axes.count == 1 { return [try judged(first, &zeroPoints)] }
    return try axis.axes.compactMap { number in
      guard number < first.tensor.counted.shape.rank else { return nil }
      var result = first
      result.axis = ReductionAxis(axes: [number], evidence: axis.evidence)
      return try judged(result, &zeroPoints)
    }
  }

  /// A result with what the runtime says of the tensor before its values are read.
  private func judged(
    _ result: ValidationReport.TensorResult,
    _ zeroPoints: inout ZeroPoints
  ) throws -> ValidationReport.TensorResult {
    guard let profile, let axis = result.axis?.axes.first else { return result }
    var result = result
    if profile.countsStoredCodes { result.tensor = result.tensor.countedAsStored }
    let isSymmetric = try zeroPoints.areZero(of: result.tensor)
    let eligibility = Eligibility(result.tensor, axis: axis, isSymmetric: isSymmetric, profile)
    result.eligibility = eligibility
    result.ownPattern = eligibility.pattern
    result.remarks = eligibility.remarks
    if let first = eligibility.obstacles.first {
      result.status = .ineligible
      result.reason = eligibility.obstacles.map(\.problem).joined(separator: "; ")
      if let remedy = first.remedy { result.reason? += "; \(remedy)" }
    }
    let shape = result.tensor.counted.shape
    switch profile.grouping {
    case .reductionAxis: break
    case .lastAxis: result.axis = ReductionAxis(axes: [shape.rank - 1], evidence: .convention)
    case .memory:
      let straddles = shape.columns % UInt64(eligibility.pattern.group) != 0
      if straddles && result.tensor.counted.layout != .dense {
        result.status = .skipped
        result.reason = "its groups cross the ends of rows, and it is stored sparse"
        return result
      }
      result.axis = ReductionAxis(axes: [shape.rank - 1], evidence: .convention)
      result.runsThroughMemory = straddles
      if straddles && eligibility.isEligible { result.remarks.append("its groups cross the ends of rows") }
    }
    return result
  }

  private func result(for tensor: Tensor, checksAll: Bool) -> ValidationReport.TensorResult {
    /// Leaves the tensor out.
    func skip(_ reason: String) -> ValidationReport.TensorResult {
      ValidationReport.TensorResult(tensor: tensor, status: .skipped, reason: reason)
    }
    if !checksAll, let reason = WeightKind(tensor).reasonToSkip { return skip(reason) }
    /// Leaves a weight out of which nothing can be told.
    func pass(_ reason: String) -> ValidationReport.TensorResult {
      var result = skip(reason)
      result.isUnchecked = true
      return result
    }
    if !tensor.hasCountedElements {
      return pass("\(tensor.quantization?.scheme ?? "its type") cannot store a zero")
    }
    let counted = tensor.counted
    if !ChunkScanner.canScan(counted.elementType) {
      return pass("\(counted.elementType.name) packs elements into shared bytes")
    }
    if counted.shape.elementCount == 0 { return skip("it has no element") }
    if counted.isExpansion { return pass("it claims to be far larger than it is stored") }
    let chosen: ReductionAxis
    switch axis {
    case .automatic:
      chosen =
        tensor.reduction ?? ReductionAxis.byConvention(counted)
        ?? ReductionAxis(axes: [max(0, counted.shape.rank - 1)], evidence: .convention)
    case .last: chosen = ReductionAxis(axes: [max(0, counted.shape.rank - 1)], evidence: .user)
    case .number(let number): chosen = ReductionAxis(axes: [number], evidence: .user)
    }
    if counted.shape.rank == 0 { return skip("a scalar") }
    guard let first = chosen.axes.first, first < counted.shape.rank else {
      return skip("it has no axis \(chosen.axes.first ?? 0)")
    }
    return ValidationReport.TensorResult(tensor: tensor, status: .compliant, axis: chosen)
  }
}

extension Tensor {
  /// The tensor without its view as numbers around a zero point, where each of its codes has a unit of its own.
  fileprivate var countedAsStored: Tensor {
    guard views?.codes != nil, quantization?.packing == nil, ChunkScanner.canScan(elementType) else {
      return self
    }
    var tensor = self
    tensor.views = TensorViews(storedByteCount: storedByteCount)
    return tensor
  }
}
