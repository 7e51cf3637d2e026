import ModelIR
import SparseCoding

/// Parts that break a rule.
struct BrokenParts: Sendable, CustomStringConvertible {
  let story: String
  let layout: Layout
  let shape: Shape
  let parts: Parts
  let rule: LayoutFault.Rule
  var description: String { story }

  init(
    _ story: String,
    _ shape: Shape,
    mask: [UInt8],
    values: Int,
    _ rule: LayoutFault.Rule
  ) {
    self.init(
      story,
      .bitmask,
      shape,
      Parts(structure: mask, values: [UInt8](repeating: 7, count: values)),
      rule
    )
  }

  init(
    _ story: String,
    _ shape: Shape,
    offsets: [UInt64],
    width: IndexWidth = .bits32,
    columns: [UInt64],
    columnWidth: IndexWidth = .bits8,
    _ rule: LayoutFault.Rule
  ) {
    let parts = Parts(
      rowOffsets: littleEndianBytes(offsets, width: width.byteWidth),
      structure: littleEndianBytes(columns, width: columnWidth.byteWidth),
      values: [UInt8](repeating: 7, count: columns.count),
      columnWidth: columnWidth,
      offsetWidth: width
    )
    self.init(story, .csr, shape, parts, rule)
  }

  init(
    _ story: String,
    _ pattern: String,
    _ shape: Shape,
    indices: [UInt8],
    _ rule: LayoutFault.Rule
  ) {
    let layout = Layout("nm:\(pattern)") ?? .dense
    var kept = 0
    if case .nm(let pattern) = layout {
      kept = Int(shape.rows * pattern.keptPerRow(columns: shape.columns))
    }
    let values = [UInt8](repeating: 7, count: kept)
    self.init(story, layout, shape, Parts(structure: indices, values: values), rule)
  }

  private init(
    _ story: String,
    _ layout: Layout,
    _ shape: Shape,
    _ parts: Parts,
    _ rule: LayoutFault.Rule
  ) {
    (self.story, self.layout, self.shape, self.parts, self.rule) = (story, layout, shape, parts, rule)
  }
}

extension BrokenParts {
  /// One or more for each rule.
  static let all = masks + rows + groups

  /// Masks of [2, 5]: a byte a row.
  static let masks: [BrokenParts] = [
    BrokenParts(
      "more bits than values",
      .of(2, 5),
      mask: [3, 16],
      values: 2,
      .populationDiffers(mask: 3, values: 2)
    ),
    BrokenParts(
      "fewer bits than values",
      .of(2, 5),
      mask: [0, 16],
      values: 2,
      .populationDiffers(mask: 1, values: 2)
    ),
    BrokenParts("no bit", .of(2, 5), mask: [0, 0], values: 1, .populationDiffers(mask: 0, values: 1)),
    BrokenParts("a spare bit", .of(2, 5), mask: [1, 0x20], values: 2, .spareBitSet(row: 1)),
    BrokenParts("the last spare bit", .of(2, 5), mask: [0x80, 1], values: 2, .spareBitSet(row: 0)),
    BrokenParts(
      "a spare bit behind a split row",
      .of(2, 65),
      mask: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
      values: 2,
      .spareBitSet(row: 1)
    ),
  ]

  /// Rows of [3, 5], then some of [2, 200], which small chunks split at 64, 128 and 192.
  static let rows: [BrokenParts] = [
    BrokenParts(
      "the first offset",
      .of(3, 5),
      offsets: [1, 1, 1, 2],
      columns: [0, 4],
      .firstOffsetNotZero(1)
    ),
    BrokenParts("falling offsets", .of(3, 5), offsets: [0, 2, 1, 2], columns: [0, 4], .offsetsFall(row: 1)),
    BrokenParts(
      "an offset behind the values",
      .of(3, 5),
      offsets: [0, 0, 3, 2],
      columns: [0, 4],
      .offsetOverruns(row: 1, offset: 3, nnz: 2)
    ),
    BrokenParts(
      "an offset that is negative if signed",
      .of(3, 5),
      offsets: [0, .max, .max, 2],
      width: .bits64,
      columns: [0, 4],
      .offsetOverruns(row: 0, offset: .max, nnz: 2)
    ),
    BrokenParts(
      "the last offset",
      .of(3, 5),
      offsets: [0, 1, 1, 1],
      columns: [0, 4],
      .lastOffsetDiffers(1, nnz: 2)
    ),
    BrokenParts(
      "a column behind the last",
      .of(3, 5),
      offsets: [0, 0, 2, 2],
      columns: [0, 5],
      .columnOutOfRange(row: 1, column: 5, columns: 5)
    ),
    BrokenParts(
      "the largest column of 32 bits",
      .of(3, 5),
      offsets: [0, 0, 2, 2],
      columns: [0, 0xffff_ffff],
      columnWidth: .bits32,
      .columnOutOfRange(row: 1, column: 0xffff_ffff, columns: 5)
    ),
    BrokenParts(
      "falling columns",
      .of(3, 5),
      offsets: [0, 1, 3, 3],
      columns: [0, 3, 2],
      .columnsNotAscending(row: 1)
    ),
    BrokenParts(
      "a column twice",
      .of(3, 5),
      offsets: [0, 1, 1, 3],
      columns: [0, 3, 3],
      .columnsNotAscending(row: 2)
    ),
    BrokenParts(
      "more values than columns",
      .of(1, 2),
      offsets: [0, 3],
      columns: [0, 1, 1],
      .columnsNotAscending(row: 0)
    ),
    BrokenParts(
      "columns of two pieces exchanged",
      .of(2, 200),
      offsets: [0, 1, 3],
      columns: [0, 70, 10],
      .columnsNotAscending(row: 1)
    ),
    BrokenParts(
      "a column twice at a border",
      .of(2, 200),
      offsets: [0, 3, 3],
      columns: [63, 64, 64],
      .columnsNotAscending(row: 0)
    ),
    BrokenParts(
      "a column of the second piece behind all others",
      .of(2, 200),
      offsets: [0, 0, 4],
      columns: [1, 130, 199, 64],
      .columnsNotAscending(row: 1)
    ),
    BrokenParts(
      "a column behind a split row",
      .of(2, 200),
      offsets: [0, 2, 3],
      columns: [1, 200, 4],
      .columnOutOfRange(row: 0, column: 200, columns: 200)
    ),
    BrokenParts(
      "a first offset of a split row",
      .of(1, 200),
      offsets: [1, 2],
      columns: [1, 2],
      .firstOffsetNotZero(1)
    ),
    BrokenParts(
      "falling offsets of split rows",
      .of(2, 200),
      offsets: [0, 2, 1],
      columns: [1, 2],
      .offsetsFall(row: 1)
    ),
    BrokenParts(
      "an offset of split rows behind the values",
      .of(2, 200),
      offsets: [0, 1, 2],
      columns: [1],
      .offsetOverruns(row: 1, offset: 2, nnz: 1)
    ),
    BrokenParts(
      "the last offset of split rows",
      .of(2, 200),
      offsets: [0, 1, 1],
      columns: [1, 2],
      .lastOffsetDiffers(1, nnz: 2)
    ),
  ]

  /// Two bits a position for 2:4 and three for 3:5, LSB first.
  static let groups: [BrokenParts] = [
    BrokenParts(
      "falling positions",
      "2:4",
      .of(2, 8),
      indices: [0b11_10_01_00, 0b10_11_01_00],
      .positionsNotAscending(row: 1, group: 1)
    ),
    BrokenParts(
      "a position twice",
      "2:4",
      .of(2, 8),
      indices: [0b11_10_01_01, 0b11_10_01_00],
      .positionsNotAscending(row: 0, group: 0)
    ),
    BrokenParts(
      "a position behind a ragged group",
      "2:4",
      .of(2, 6),
      indices: [0b01_00_01_00, 0b10_00_01_00],
      .positionOutOfRange(row: 1, group: 1, position: 2)
    ),
    BrokenParts(
      "a position behind a group that is no power of two",
      "3:5",
      .of(1, 5),
      indices: [0b01_001_000, 1],
      .positionOutOfRange(row: 0, group: 0, position: 5)
    ),
    BrokenParts(
      "a spare bit of the indices",
      "2:4",
      .of(2, 4),
      indices: [0b01_00, 0b1_00_01_00],
      .spareIndexBitSet(row: 1)
    ),
    BrokenParts(
      "the last spare bit of the indices",
      "1:2",
      .of(1, 2),
      indices: [0x80],
      .spareIndexBitSet(row: 0)
    ),
  ]
}
