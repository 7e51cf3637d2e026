import ModelIR
import SparseCoding

/// The parts of an encoded tensor.
struct Parts: Equatable, Sendable {
  /// Row offsets: CSR only.
  var rowOffsets: [UInt8] = []
  /// Mask bytes, column indices or index bytes.
  var structure: [UInt8] = []
  var values: [UInt8] = []
  /// The widths of CSR's indices.
  var columnWidth = IndexWidth.bits8
  var offsetWidth = IndexWidth.bits32

  var byteCount: Int { rowOffsets.count + structure.count + values.count }

  /// The parts one after the other.
  private var all: [[UInt8]] { [rowOffsets, structure, values] }

  /// Flips bits of one byte of one of the parts; false if there is no byte.
  mutating func damage(using generator: inout SeededGenerator) -> Bool {
    let choices = (0..<3).filter { !all[$0].isEmpty }
    if choices.isEmpty { return false }
    // Half of the damage is one bit: what is nearly right tests more.
    let flip = Bool.random(using: &generator) ? 1 << UInt8.random(in: 0..<8, using: &generator) : UInt8.max
    func change(_ part: inout [UInt8]) { part[Int.random(in: part.indices, using: &generator)] ^= flip }
    switch generator.pick(choices) {
    case 0: change(&rowOffsets)
    case 1: change(&structure)
    default: change(&values)
    }
    return true
  }

  /// The bytes of a file that holds the parts, with bytes between them that are nobody's.
  var file: [UInt8] {
    all.reduce([]) { $0 + Self.gap + $1 }
  }

  private static let gap = [UInt8](repeating: 0xb5, count: 3)

  /// The tensor whose parts lie in ``file``.
  func tensor(_ layout: Layout, _ type: ElementType, _ shape: Shape) -> Tensor {
    var regions: [Region] = []
    var offset = 0
    for part in all {
      offset += Self.gap.count
      regions.append(Region(file: 0, offset: UInt64(offset), byteCount: UInt64(part.count)))
      offset += part.count
    }
    let storage: Storage =
      switch layout {
      case .dense: .dense(regions[2])
      case .bitmask: .bitmask(mask: regions[1], values: regions[2])
      case .csr:
        .csr(
          rowOffsets: regions[0],
          offsetWidth: offsetWidth,
          columnIndices: regions[1],
          columnWidth: columnWidth,
          values: regions[2]
        )
      case .nm(let pattern): .nm(pattern, values: regions[2], indices: regions[1])
      }
    return Tensor(name: "tensor", elementType: type, shape: shape, storage: storage)
  }

  /// A reader of the parts from memory.
  func reader(
    _ layout: Layout,
    _ type: ElementType,
    _ shape: Shape,
    chunkBytes: Int,
    group: Int = 1
  ) -> DenseReader {
    DenseReader(
      tensor: tensor(layout, type, shape),
      source: MemorySource(file, named: "memory"),
      chunkBytes: chunkBytes,
      group: group
    )
  }
}

extension DenseReader {
  /// Surveys all chunks, the last first.
  mutating func surveyAll() throws {
    var workspace = Workspace()
    var counts = [UInt64](repeating: 0, count: grid.count)
    for index in counts.indices.reversed() { counts[index] = try survey(index, &workspace) }
    try finishSurvey(counts)
  }

  /// The dense bytes of all chunks, each where the grid says.
  func readAll() throws -> [UInt8] {
    var workspace = Workspace()
    var dense = [UInt8](repeating: 0xb5, count: Int(tensor.denseByteCount))
    for index in 0..<grid.count {
      let count = try read(index, &workspace)
      let start = Int(grid.denseRange(of: grid[index]).offset)
      dense.replaceSubrange(start..<(start + count), with: workspace.dense[..<count])
    }
    return dense
  }
}
