public import Inspection
public import ModelIR
internal import Quantizing
public import SparseCoding
internal import Synchronization

/// Compares two models tensor by tensor, bit by bit, whatever their layouts.
///
/// Tensors that differ are read once more, to say by how much: their numbers, and which of them are zero.
/// Memory: per thread one chunk of each model and its parts, and for those that differ 16 bytes an element of a chunk;
/// 100 bytes a chunk of the tensor in work.
public struct ModelComparison: Sendable {
  private let pool: ChunkPool
  private let chunkBytes: Int
  private let progress: WorkProgress

  /// A comparison on `pool`'s threads with chunks of at most `chunkBytes`.
  public init(pool: ChunkPool, chunkBytes: Int, progress: WorkProgress) {
    self.pool = pool
    self.chunkBytes = chunkBytes
    self.progress = progress
  }

  /// What differs.
  /// - Throws: what reading throws.
  public func compare(
    _ first: Model,
    _ second: Model,
    named firstName: String,
    _ secondName: String
  ) throws -> DifferenceReport {
    var places: [TensorName: Int] = [:]
    for (index, tensor) in second.tensors.enumerated() { places[tensor.name] = index }
    var report = DifferenceReport(
      first: firstName,
      second: secondName,
      equalTensors: 0,
      equalByteCount: 0,
      differences: [],
      warnings: first.warnings + second.warnings
    )
    for tensor in first.tensors where places[tensor.name] != nil { progress.expect(tensor.denseByteCount) }
    var open: (first: Int, second: Int)?
    for tensor in first.tensors {
      guard let place = places.removeValue(forKey: tensor.name) else {
        report.differences.append(.init(name: tensor.name, difference: .onlyInFirst))
        continue
      }
      let other = second.tensors[place]
      let files = (tensor.storage.file, other.storage.file)
      if let open, open != files {
        if open.first != files.0 { try first.source(ofFile: open.first).rest() }
        if open.second != files.1 { try second.source(ofFile: open.second).rest() }
      }
      open = files
      progress.begin(tensor.name.text)
      if let difference = try difference(
        tensor,
        first.source(ofFile: files.0),
        other,
        second.source(ofFile: files.1)
      ) {
        report.differences.append(.init(name: tensor.name, difference: difference))
      } else {
        report.equalTensors += 1
        report.equalByteCount += tensor.denseByteCount
      }
    }
    for tensor in second.tensors where places[tensor.name] != nil {
      report.differences.append(.init(name: tensor.name, difference: .onlyInSecond))
    }
    for file in first.files + second.files { try file.source.rest() }
    return report
  }

  private func difference(
    _ first: Tensor,
    _ firstSource: any ByteSource,
    _ second: Tensor,
    _ secondSource: any ByteSource
  ) throws -> DifferenceReport.Difference? {
    let blocks = (first.blockType, second.blockType)
    if blocks.0 != blocks.1 {
      return .blockType(
        blocks.0?.name ?? first.elementType.name,
        blocks.1?.name ?? second.elementType.name
      )
    }
    if blocks.0 != nil && first.logicalShape != second.logicalShape {
      return .shape(first.logicalShape, second.logicalShape)
    }
    if first.elementType != second.elementType { return .elementType(first.elementType, second.elementType) }
    if first.shape != second.shape { return .shape(first.shape, second.shape) }
    // Each is cut so that it splits no group of the other.
    var left = DenseReader(
      tensor: first,
      source: firstSource,
      chunkBytes: chunkBytes,
      group: Self.group(of: second)
    )
    var right = DenseReader(
      tensor: second,
      source: secondSource,
      chunkBytes: chunkBytes,
      group: Self.group(of: first)
    )
    try left.survey(on: pool)
    try right.survey(on: pool)
    precondition(left.grid.count == right.grid.count, "both are cut alike")
    let found = Mutex<(count: UInt64, first: UInt64)>((0, .max))
    let (a, b) = (left, right)
    try pool.forEach(left.grid.count) {
      (DenseReader.Workspace(), DenseReader.Workspace())
    } _: { index, workspaces in
      let chunk = a.grid[index]
      let bytes = chunk.elementCount * a.grid.elementBytes
      defer { progress.advance(bytes) }
      if a.isVoid(index) && b.isVoid(index) { return }
      _ = try a.read(index, &workspaces.0)
      _ = try b.read(index, &workspaces.1)
      let (count, place) = ChunkCoder.differences(
        workspaces.0.dense,
        workspaces.1.dense,
        elementBytes: a.grid.elementBytes,
        count: chunk.elementCount
      )
      guard let place else { return }
      let element = a.grid.firstElement(of: chunk) + UInt64(place)
      found.withLock { $0 = ($0.count + UInt64(count), min($0.first, element)) }
    }
    let (count, element) = found.withLock { $0 }
    if count == 0 { return nil }
    return .values(
      ValueDifference(elements: count, first: element, numbers: try numbers(left, right))
    )
  }

  /// How two tensors differ as numbers; nil where they are none. The result does not depend on the threads, as sums
  /// are added up in the order of the chunks.
  private func numbers(_ left: DenseReader, _ right: DenseReader) throws -> NumberDifference? {
    guard left.tensor.blockType == nil, let reals = ElementNumbers(left.tensor.elementType) else {
      return nil
    }
    progress.expect(left.tensor.denseByteCount)
    let found = Mutex([NumberDifference](repeating: NumberDifference(), count: left.grid.count))
    try pool.forEach(left.grid.count) {
      NumberWorkspace()
    } _: { index, state in
      let chunk = left.grid[index]
      let count = chunk.elementCount
      defer { progress.advance(count * left.grid.elementBytes) }
      _ = try left.read(index, &state.first)
      _ = try right.read(index, &state.second)
      reals.read(state.first.dense, count: count, into: &state.firstNumbers)
      reals.read(state.second.dense, count: count, into: &state.secondNumbers)
      var difference = NumberDifference()
      difference.add(
        state.firstNumbers,
        state.secondNumbers,
        count: count,
        from: left.grid.firstElement(of: chunk)
      )
      let result = difference
      found.withLock { $0[index] = result }
    }
    return found.withLock { pieces in
      pieces.reduce(into: NumberDifference()) { $0.add($1) }
    }
  }

  private struct NumberWorkspace {
    var first = DenseReader.Workspace()
    var second = DenseReader.Workspace()
    var firstNumbers: [Double] = []
    var secondNumbers: [Double] = []
  }

  private static func group(of tensor: Tensor) -> Int {
    if case .nm(let pattern) = tensor.layout { pattern.group } else { 1 }
  }
}
