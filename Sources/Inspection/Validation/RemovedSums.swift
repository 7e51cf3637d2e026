internal import ModelIR
internal import SparseCoding
internal import Synchronization

/// Units of work, dealt out in a number of parts that does not depend on the number of threads: so that what is summed
/// part by part is the same for any.
struct WorkParts: Sendable {
  /// The most parts.
  private static let most = 1024

  /// How many units there are.
  private let units: Int

  /// The units of a walk across the rows, or the chunks of a tensor whose rows lie along its groups.
  init(_ walk: AxisWalk?, _ reader: DenseReader) { units = walk?.unitCount ?? reader.grid.count }

  /// How many parts there are.
  var count: Int { min(units, Self.most) }

  /// The units of a part.
  subscript(part: Int) -> Range<Int> {
    let (size, rest) = units.quotientAndRemainder(dividingBy: count)
    let start = part * size + min(part, rest)
    return start..<start + size + (part < rest ? 1 : 0)
  }
}

/// What enforcing a pattern would remove of a tensor, summed part by part and by several threads.
///
/// Memory: 40 bytes a part.
final class RemovedSums: Sendable {
  /// Reads the magnitudes.
  let magnitudes: MagnitudeReader
  private let sums: Mutex<[MagnitudeLoss?]>

  /// No sum yet.
  init(_ magnitudes: MagnitudeReader, _ parts: WorkParts) {
    self.magnitudes = magnitudes
    sums = Mutex([MagnitudeLoss?](repeating: nil, count: parts.count))
  }

  /// Takes the sums of a part.
  func set(_ part: Int, _ loss: MagnitudeLoss) { sums.withLock { $0[part] = loss } }

  /// The parts that have no sums.
  var missing: [Int] { sums.withLock { sums in sums.indices.filter { sums[$0] == nil } } }

  /// The sums of all parts.
  var total: MagnitudeLoss {
    sums.withLock { sums in
      sums.reduce(into: MagnitudeLoss()) { total, loss in
        if let loss { total.add(loss) }
      }
    }
  }
}

/// The slices of one group of each of some columns, copied one behind the other.
struct SliceGroup: Sendable {
  /// The bytes of the slices.
  private(set) var bytes: [UInt8] = []
  /// How many slices there are.
  private(set) var slices = 0

  /// Empties the group.
  mutating func reset() {
    slices = 0
    bytes.removeAll(keepingCapacity: true)
  }

  /// Adds a slice.
  mutating func add(_ slice: ArraySlice<UInt8>) {
    bytes += slice
    slices += 1
  }
}

extension MagnitudeLoss {
  /// Adds the groups of a chunk whose rows lie along them.
  mutating func add(_ dense: [UInt8], _ chunk: Chunk, _ pattern: NMPattern, _ magnitudes: MagnitudeReader) {
    magnitudes.add(dense, rows: chunk.rowCount, columns: chunk.columnCount, pattern, to: &self)
  }

  /// Adds one group of each of some columns.
  mutating func add(_ group: SliceGroup, columns: Int, _ pattern: NMPattern, _ magnitudes: MagnitudeReader) {
    magnitudes.add(across: group.bytes, slices: group.slices, columns: columns, pattern, to: &self)
  }
}
