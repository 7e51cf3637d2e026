package import ModelIR

/// Where PyTorch's semi-structured tensors (for CUTLASS) keep the elements of an M x K weight.
///
/// Two of four elements are stored, or one of two of F32. `packed` is row-major; `meta` is reordered within
/// blocks of 32 rows (16 of I8) x two words. Two words tell the places of 64 dense bytes: that is the unit of
/// columns, whatever the type. A unit's metadata for one row block is one run of 128 bytes, and the next row
/// block's follows it; the next unit's is below all row blocks.
/// (PyTorch, `torch/sparse/_semi_structured_conversions.py`.)
package struct CutlassTiling: Sendable, Hashable {
  /// The dense bytes of a row in a unit.
  package static let denseUnitBytes = 64
  /// The bytes of a row of `packed` in a unit.
  package static let packedUnitBytes = 32
  /// The bytes of `meta` in a unit, for all rows of a block.
  package static let metaUnitBytes = 128

  /// The type of elements: F16, BF16, I8 or F32.
  package let elementType: ElementType
  /// M, the rows of the dense weight.
  package let rows: UInt64
  /// K, the columns of the dense weight.
  package let columns: UInt64
  /// The shape of `packed`, of the elements' type: `[M, K / 2]`.
  package let packedShape: Shape
  /// The shape of `meta`: `[M, K / 16]`, of I8 `[M, K / 32]`, of F32 `[M, K / 8]`.
  package let metaShape: Shape
  /// The type of `meta`: I16, or I32 for elements of I8.
  package let metaType: ElementType
  /// The bytes of an element.
  let elementBytes: Int

  /// The tiling of a weight of `rows` x `columns`, or nil: M must be a positive multiple of 32 (16 for I8), K
  /// of 32 for F16 and BF16, 64 for I8, 16 for F32, and the sizes of all parts must fit 64 bits.
  ///
  /// (PyTorch asks for half of these columns of 8- and 16-bit types, and then fails where `meta` has an odd
  /// number of columns: words are stored by two.)
  package init?(elementType: ElementType, rows: UInt64, columns: UInt64) {
    guard let elementBytes = Self.elementBytes(of: elementType) else { return nil }
    let unitColumns = UInt64(Self.denseUnitBytes / elementBytes)
    guard rows > 0, columns > 0, rows % UInt64(Self.blockRows(of: elementType)) == 0,
      columns % unitColumns == 0, Shape([rows, columns])?.byteCount(of: elementType) != nil,
      let packed = Shape([rows, columns / 2]), let meta = Shape([rows, columns / unitColumns * 2])
    else { return nil }
    self.elementType = elementType
    self.rows = rows
    self.columns = columns
    self.elementBytes = elementBytes
    packedShape = packed
    metaShape = meta
    metaType = elementType == .int8 ? .int32 : .int16
  }

  /// The tiling that two stored tensors `X.packed` and `X.meta` can have, or nil.
  package static func matches(
    packed: (ElementType, Shape),
    meta: (ElementType, Shape)
  ) -> CutlassTiling? {
    guard packed.1.rank == 2 else { return nil }
    let (columns, overflow) = packed.1.columns.multipliedReportingOverflow(by: 2)
    guard !overflow,
      let tiling = CutlassTiling(elementType: packed.0, rows: packed.1.rows, columns: columns),
      tiling.metaType == meta.0, tiling.metaShape == meta.1
    else { return nil }
    return tiling
  }

  /// The rows of a block: 32, or 16 of I8.
  package var blockRows: Int { Self.blockRows(of: elementType) }

  /// The dense columns of a unit: 64 bytes of them.
  package var unitColumns: Int { Self.denseUnitBytes / elementBytes }

  /// How many blocks of rows there are.
  package var rowBlocks: UInt64 { rows / UInt64(blockRows) }

  /// How many units a row has.
  package var columnUnits: UInt64 { columns / UInt64(unitColumns) }

  /// Where a row's part of a unit starts within `packed`, in bytes; the row's next unit follows it.
  package func packedOffset(row: UInt64, unit: UInt64) -> UInt64 {
    precondition(row < rows && unit < columnUnits, "no such row or unit")
    return (row * columnUnits + unit) * UInt64(Self.packedUnitBytes)
  }

  /// Where a unit starts for a block of rows within `meta`, in bytes; the next row block's follows it.
  package func metaOffset(rowBlock: UInt64, unit: UInt64) -> UInt64 {
    precondition(rowBlock < rowBlocks && unit < columnUnits, "no such block or unit")
    return (unit * rowBlocks + rowBlock) * UInt64(Self.metaUnitBytes)
  }

  private static func elementBytes(of type: ElementType) -> Int? {
    switch type {
    case .int8: 1
    case .float16, .bfloat16: 2
    case .float32: 4
    default: nil
    }
  }

  private static func blockRows(of type: ElementType) -> Int { type == .int8 ? 16 : 32 }
}
