public import ModelIR
public import SparseCoding
internal import Synchronization

/// Checks an N:M pattern group by group.
///
/// Memory: per thread one chunk and its bits, or one byte a column of a stripe.
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

  private let pattern: NMPattern
  private let axis: AxisChoice
  private let tail: ValidationReport.TailPolicy
  private let violationLimit: Int
  private let pool: ChunkPool
  private let chunkBytes: Int
  private let progress: WorkProgress

  /// A validator of `pattern`; it keeps the first `violationLimit` violations of each tensor.
  public init(
    _ pattern: NMPattern,
    axis: AxisChoice,
    tail: ValidationReport.TailPolicy,
    violationLimit: Int,
    pool: ChunkPool,
    chunkBytes: Int,
    progress: WorkProgress
  ) {
    self.pattern = pattern
    self.axis = axis
    self.tail = tail
    self.violationLimit = violationLimit
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
    var results = model.tensors.flatMap { checks(of: $0, checksAll: checksAll) }
    for result in results where result.status != .skipped {
      progress.expect(result.tensor.counted.denseByteCount)
    }
    var openFile: Int?
    for index in results.indices where results[index].status != .skipped {
      let file = results[index].tensor.counted.storage.file
      if let openFile, openFile != file { try model.source(ofFile: openFile).rest() }
      openFile = file
      progress.begin(results[index].tensor.name.text)
      try check(&results[index], model.source(ofFile: file))
    }
    for file in model.files { try file.source.rest() }
    return ValidationReport(
      path: path,
      pattern: pattern,
      tail: tail,
      tensors: results,
      warnings: model.warnings
    )
  }

  /// Who is checked, along which axes: each of them, where consumers differ.
  private func checks(of tensor: Tensor, checksAll: Bool) -> [ValidationReport.TensorResult] {
    let first = result(for: tensor, checksAll: checksAll)
    guard let axis = first.axis, axis.axes.count > 1 else { return [first] }
    return axis.axes.compactMap { number in
      guard number < first.tensor.counted.shape.rank else { return nil }
      var result = first
      result.axis = ReductionAxis(axes: [number], evidence: axis.evidence)
      return result
    }
  }

  private func result(for tensor: Tensor, checksAll: Bool) -> ValidationReport.TensorResult {
    /// Leaves the tensor out.
    func skip(_ reason: String) -> ValidationReport.TensorResult {
      ValidationReport.TensorResult(tensor: tensor, status: .skipped, reason: reason)
    }
    if !checksAll, let reason = WeightKind(tensor).reasonToSkip { return skip(reason) }
    if !tensor.hasCountedElements {
      return skip("\(tensor.quantization?.scheme ?? "its type") cannot store a zero")
    }
    let counted = tensor.counted
    if !ChunkScanner.canScan(counted.elementType) {
      return skip("\(counted.elementType.name) packs elements into shared bytes")
    }
    if counted.shape.elementCount == 0 { return skip("it has no element") }
    if counted.isExpansion { return skip("it claims to be far larger than it is stored") }
    let chosen: ReductionAxis
    switch axis {
    case .automatic:
      chosen =
        ReductionAxis.byConvention(counted)
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

  private func check(_ result: inout ValidationReport.TensorResult, _ source: any ByteSource) throws {
    let tensor = result.tensor.counted
    guard let axis = result.axis?.axes.first, let view = AxisView(tensor.shape, axis: axis) else { return }
    let matrix = view.matrix(of: tensor)
    var reader = DenseReader(
      tensor: matrix ?? tensor,
      source: source,
      chunkBytes: chunkBytes,
      group: pattern.group
    )
    try reader.survey(on: pool)
    let tally = matrix == nil ? try tallyAcrossRows(reader, view) : try tallyAlongRows(reader)
    result.groups = tally.groups
    result.raggedGroups = view.raggedGroups(of: pattern.group)
    result.violatingGroups = tally.violatingGroups
    result.histogram = tally.histogram
    result.firstViolations = try tally.first.map { try describe($0, reader, view) }
    if result.violatingGroups > 0 {
      result.status = .violating
    } else if tail == .error && result.raggedGroups > 0 {
      result.status = .violating
      result.reason =
        "axis \(axis) has \(view.extent) elements, no multiple of \(pattern.group): "
        + "--tail ignore or --tail pad says what to do with the rest"
    }
  }

  private func tallyAlongRows(_ reader: DenseReader) throws -> GroupTally {
    let total = Mutex(GroupTally(pattern, firstLimit: violationLimit))
    let ignoresTail = tail == .ignore
    try pool.forEach(reader.grid.count) {
      (workspace: DenseReader.Workspace(), bits: GroupTally.Workspace())
    } _: { index, state in
      let chunk = reader.grid[index]
      var tally = GroupTally(pattern, firstLimit: violationLimit)
      defer { progress.advance(chunk.elementCount * reader.grid.elementBytes) }
      _ = try reader.read(index, &state.workspace)
      tally.add(
        state.workspace.dense,
        chunk,
        of: reader.grid,
        reader.tensor.elementType,
        ignoresTail: ignoresTail,
        &state.bits
      )
      let found = tally
      total.withLock { $0.add(found) }
    }
    return total.withLock { $0 }
  }

  private func tallyAcrossRows(_ reader: DenseReader, _ view: AxisView) throws -> GroupTally {
    let walk = AxisWalk(view, reader: reader, chunkBytes: chunkBytes)
    let total = Mutex(GroupTally(pattern, firstLimit: violationLimit))
    let group = UInt64(pattern.group)
    try pool.forEach(walk.unitCount) {
      (workspace: DenseReader.Workspace(), buffer: [UInt8]())
    } _: { unit, state in
      guard var counter = VerticalCounter(reader.tensor.elementType) else { return }
      var tally = GroupTally(pattern, firstLimit: violationLimit)
      try walk.forEachSlice(ofUnit: unit, &state.workspace, slices: &state.buffer) {
        slice,
        buffer,
        start,
        count in
        if slice % group == 0 { counter.reset(columns: count) }
        counter.add(buffer, at: start)
        progress.advance(count * reader.grid.elementBytes)
        let isLast = slice + 1 == view.extent
        guard (slice + 1) % group == 0 || (isLast && tail != .ignore) else { return }
        for (column, nonzeros) in counter.counts.enumerated() {
          tally.add(
            row: walk.row(ofUnit: unit, column: column),
            group: slice / group,
            nonzeros: Int(nonzeros)
          )
        }
      }
      let found = tally
      total.withLock { $0.add(found) }
    }
    return total.withLock { $0 }
  }

  /// A violating group with its values.
  private func describe(
    _ violation: GroupTally.Violation,
    _ reader: DenseReader,
    _ view: AxisView
  ) throws -> ValidationReport.Violation {
    let first = violation.group * UInt64(pattern.group)
    let count = min(UInt64(pattern.group), view.extent - first)
    let (outer, inner) = violation.row.quotientAndRemainder(dividingBy: view.inner)
    var workspace = DenseReader.Workspace()
    var buffer: [UInt8] = []
    var values: [String] = []
    for place in first..<first + count {
      let position = (outer * view.extent + place) * view.inner + inner
      try reader.readElements(at: position, count: 1, &workspace, into: &buffer)
      values += ElementText.texts(buffer[..<reader.grid.elementBytes], reader.tensor.elementType)
    }
    return ValidationReport.Violation(
      row: violation.row,
      group: violation.group,
      firstIndex: first,
      nonzeros: violation.nonzeros,
      values: values
    )
  }
}
