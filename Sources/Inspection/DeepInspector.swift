internal import ModelIR
internal import Quantizing
internal import SparseCoding
internal import Synchronization

/// The second look: every value of a tensor by its bits, and where its zeros are.
///
/// Memory: per thread one chunk and its parts, 512 KiB of counts, and 4 bytes a row and a column; 48 bytes a chunk.
struct DeepInspector: Sendable {
  let pool: ChunkPool
  let progress: WorkProgress
  /// The most cells along either side of maps of densities; 0 for no maps.
  let mapCells: Int
  /// What the codes of each type met so far are worth; nil for types whose numbers are not known.
  private var numbers: [ElementType: [Double]?] = [:]

  /// A second look on `pool`'s threads.
  init(pool: ChunkPool, progress: WorkProgress, mapCells: Int) {
    self.pool = pool
    self.progress = progress
    self.mapCells = mapCells
  }

  /// What a thread fills, one chunk after the other; taken from a shelf and put back, so that there are no more than
  /// threads.
  private struct Tables: Sendable {
    var census: ValueCensus?
    var map: ZeroMap?
  }

  /// What is found about the tensor of a surveyed reader; nil for types that share bytes or are pairs of numbers.
  ///
  /// The result does not depend on the threads: counts are whole numbers, and moments are put together in the order of
  /// the chunks.
  /// - Parameters:
  ///   - zeros: elements whose bits are all zero.
  ///   - heads: how an attention layer's heads lie in the tensor.
  /// - Throws: what reading throws.
  mutating func inspect(_ reader: DenseReader, zeros: UInt64, heads: AttentionHeads?) throws
    -> DeepStatistics?
  {
    guard let census = ValueCensus(reader.tensor.elementType) else { return nil }
    let empty = Tables(census: census, map: ZeroMap(of: reader, cells: max(1, mapCells)))
    let shelf = Mutex<[Tables]>([])
    let moments = Mutex([Moments](repeating: Moments(), count: reader.grid.count))
    let progress = progress
    try pool.forEach(reader.grid.count) {
      DenseReader.Workspace()
    } _: { index, workspace in
      _ = try reader.read(index, &workspace)
      let chunk = reader.grid[index]
      var tables = shelf.withLock { $0.popLast() } ?? empty
      let found = tables.census?.add(workspace.dense, count: chunk.elementCount) ?? Moments()
      if reader.isVoid(index) {
        tables.map?.addVoid(chunk)
      } else {
        tables.map?.add(workspace.dense, chunk)
      }
      let filled = tables
      shelf.withLock { $0.append(filled) }
      moments.withLock { $0[index] = found }
      progress.advance(chunk.elementCount * reader.grid.elementBytes)
    }
    var (total, isFirst) = (empty, true)
    for tables in shelf.withLock({ $0 }) {
      if isFirst {
        (total, isFirst) = (tables, false)
        continue
      }
      if let census = tables.census { total.census?.addCounts(census) }
      if let map = tables.map { total.map?.add(map) }
    }
    for found in moments.withLock({ $0 }) { total.census?.add(found) }
    guard let census = total.census else { return nil }
    let known = numbers[census.type] ?? census.numbers
    numbers[census.type] = .some(known)
    var found = DeepStatistics(census, worth: known, zeros: zeros, map: total.map, keepsMap: mapCells > 0)
    if let map = total.map {
      found.heads = heads.flatMap { HeadDensities($0, map) }
      found.emptySlices = Self.emptySlices(map, of: reader.tensor.shape)
    }
    return found
  }

  /// The most places on the first axis that are looked at one by one.
  private static let mostSlices: UInt64 = 1 << 16

  /// The places on the first of three or more axes without a nonzero.
  private static func emptySlices(_ map: ZeroMap, of shape: Shape) -> [UInt64]? {
    guard shape.rank >= 3, let count = shape.extents.first, count > 0, count <= mostSlices,
      !map.rowCounts.isEmpty, UInt64(map.rowCounts.count).isMultiple(of: count)
    else { return nil }
    let rows = map.rowCounts.count / Int(count)
    return (0..<Int(count)).filter { slice in
      map.rowCounts[slice * rows..<(slice + 1) * rows].allSatisfy { $0 == 0 }
    }.map { UInt64($0) }
  }
}

extension DeepStatistics {
  /// What a census and a map tell.
  init(_ census: ValueCensus, worth numbers: [Double]?, zeros: UInt64, map: ZeroMap?, keepsMap: Bool) {
    var moments: Moments? = numbers == nil ? nil : census.moments
    if let numbers, (census.type.byteWidth ?? 0) <= 2 {
      var sum = Moments()
      for (bits, count) in census.upper.enumerated() where count > 0 {
        sum.add(Moments(numbers[bits], times: count))
      }
      moments = sum
    }
    self.init(
      moments: moments,
      distribution: moments.flatMap { moments in
        numbers.flatMap { Distribution(census.upper, worth: $0, from: moments.least, to: moments.greatest) }
      },
      planeEntropies: ByteEntropies(census).planes,
      predictedByteCount: ByteEntropies.predictedByteCount(census, zeros: zeros),
      zeros: map,
      keepsMap: keepsMap
    )
  }
}

extension DeepStatistics.Distribution {
  /// Counts by bits, of which each is worth a number; nil without a finite one.
  init?(_ counts: [UInt64], worth numbers: [Double], from least: Double, to greatest: Double) {
    guard least <= greatest else { return nil }
    (self.least, self.greatest) = (least, greatest)
    self.counts = [UInt64](repeating: 0, count: Self.binCount)
    // Half the width first: the whole may be infinite.
    let width = greatest / Double(Self.binCount) - least / Double(Self.binCount)
    for (bits, count) in counts.enumerated() where count > 0 && numbers[bits].isFinite {
      let place = width > 0 ? ((numbers[bits] - least) / width).rounded(.down) : 0
      self.counts[place.isFinite ? Int(max(0, min(Double(Self.binCount - 1), place))) : Self.binCount - 1] +=
        count
    }
  }
}

extension ValueCensus {
  /// What each value of the upper bits is worth; nil for types whose numbers are not known.
  fileprivate var numbers: [Double]? {
    guard let reals = ElementNumbers(type) else { return nil }
    let width = reals.byteWidth
    var bytes: [UInt8] = []
    bytes.reserveCapacity(upper.count * width)
    for bits in upper.indices {
      bytes += repeatElement(0, count: max(0, width - 2))
      bytes.append(UInt8(truncatingIfNeeded: bits))
      if width > 1 { bytes.append(UInt8(truncatingIfNeeded: bits >> 8)) }
    }
    var numbers: [Double] = []
    reals.read(bytes, count: upper.count, into: &numbers)
    return numbers
  }
}
