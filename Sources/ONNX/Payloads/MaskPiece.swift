package import ModelIR

/// What a run of mask bytes is about: whole rows of a tensor's matrix, or a part of one row.
///
/// Each row of the mask starts a byte: one bit an element, the first in the lowest. Where a tensor counts as a single
/// row of all its elements, the pieces of its mask stand one behind the other without a gap.
package struct MaskPiece: Sendable, Hashable {
  /// The first row.
  package var firstRow: UInt64
  /// How many rows.
  package var rowCount: Int
  /// The first column.
  package var firstColumn: UInt64
  /// How many columns.
  package var columnCount: Int

  /// A piece of these rows and columns.
  package init(firstRow: UInt64, rowCount: Int, firstColumn: UInt64, columnCount: Int) {
    self.firstRow = firstRow
    self.rowCount = rowCount
    self.firstColumn = firstColumn
    self.columnCount = columnCount
  }

  /// The bytes of one row of the mask.
  var bytesPerRow: Int { columnCount / 8 + (columnCount % 8 == 0 ? 0 : 1) }

  /// The bytes of the mask.
  package var byteCount: Int { rowCount * bytesPerRow }
}

/// The matrix that masks are about, and the shape that indices are for.
///
/// They differ where a tensor is encoded as one row: then linear indices can be told, and no coordinates.
package struct IndexSpace: Sendable, Hashable {
  /// The elements of a row.
  let columns: UInt64
  /// The extents of all axes but the last, where coordinates can be told.
  let outer: [UInt64]?
  /// The numbers of a coordinate index.
  let rank: Int

  /// The most axes for which coordinates are considered.
  private static let mostAxes = 32

  /// Indices into `shape`; nil where a tensor is too large for them, which none is that a file holds.
  /// - Parameter isOneRow: whether masks are about one row of all elements.
  package init?(_ shape: Shape, isOneRow: Bool) {
    guard shape.elementCount <= Varint.packable else { return nil }
    rank = max(shape.rank, 1)
    columns = isOneRow ? shape.elementCount : shape.columns
    outer =
      rank > Self.mostAxes || (isOneRow && shape.rank > 1) ? nil : Array(shape.extents.dropLast())
  }

  /// The coordinates of a row, all but the last.
  func coordinates(ofRow row: UInt64) -> [UInt64]? {
    guard let outer else { return nil }
    var rest = row
    var coordinates = outer
    for axis in outer.indices.reversed() {
      (rest, coordinates[axis]) = rest.quotientAndRemainder(dividingBy: outer[axis])
    }
    return coordinates
  }
}
