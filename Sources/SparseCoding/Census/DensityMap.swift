/// How many nonzeros there are in each of the cells that a matrix is cut into.
///
/// Memory: 8 bytes a cell; 32 KiB for ``mostCells`` along either side.
public struct DensityMap: Sendable, Hashable {
  /// The most cells along either side.
  public static let mostCells = 64

  /// The rows of the matrix.
  public let rows: UInt64
  /// The columns of the matrix.
  public let columns: UInt64
  /// The cells along the rows, and along the columns.
  public var cells: (rows: Int, columns: Int) { (rowCells, columnCells) }
  /// Nonzeros of each cell, row-major.
  public private(set) var counts: [UInt64]

  private let rowCells: Int
  private let columnCells: Int

  /// A map without nonzeros.
  /// - Parameter cells: the most cells along either side, at least 1; no more than there are rows or columns.
  init(rows: UInt64, columns: UInt64, cells: Int) {
    (self.rows, self.columns) = (rows, columns)
    rowCells = Int(min(UInt64(max(1, cells)), rows))
    columnCells = Int(min(UInt64(max(1, cells)), columns))
    counts = [UInt64](repeating: 0, count: rowCells * columnCells)
  }

  /// The most cells along either side so that the maps of so many tensors take some 32 MB.
  public static func cells(forTensors count: Int) -> Int {
    var cells = mostCells
    while cells > 4,
      count.multipliedReportingOverflow(by: cells * cells).overflow || count * cells * cells > 1 << 22
    {
      cells /= 2
    }
    return cells
  }

  /// The elements of the cell at `index`.
  public func elements(ofCell index: Int) -> UInt64 {
    let (row, column) = index.quotientAndRemainder(dividingBy: columnCells)
    return UInt64(Self.band(row, of: rowCells, rows).count) * UInt64(columns(ofCell: column).count)
  }

  /// The columns that a cell along them covers.
  func columns(ofCell cell: Int) -> Range<UInt64> { Self.band(cell, of: columnCells, columns) }

  /// The cell along the rows that holds a row.
  func cell(ofRow row: UInt64) -> Int { Self.cell(of: row, of: rowCells, rows) }

  /// The cell along the columns that holds a column.
  func cell(ofColumn column: UInt64) -> Int { Self.cell(of: column, of: columnCells, columns) }

  /// Adds nonzeros to a cell.
  mutating func add(_ nonzeros: UInt64, toRow row: Int, column: Int) {
    counts[row * columnCells + column] &+= nonzeros
  }

  /// Adds the nonzeros of a map that is cut alike.
  mutating func add(_ other: DensityMap) {
    for index in counts.indices { counts[index] &+= other.counts[index] }
  }

  /// The places that a cell covers along one side.
  private static func band(_ cell: Int, of cells: Int, _ extent: UInt64) -> Range<UInt64> {
    let bounds = [cell, cell + 1].map { extent.multipliedFullWidth(by: UInt64($0)) }
      .map { UInt64(cells).dividingFullWidth($0).quotient }
    return bounds[0]..<bounds[1]
  }

  /// The cell that holds a place along one side.
  private static func cell(of place: UInt64, of cells: Int, _ extent: UInt64) -> Int {
    var cell = Int(extent.dividingFullWidth(place.multipliedFullWidth(by: UInt64(cells))).quotient)
    while band(cell, of: cells, extent).upperBound <= place { cell += 1 }
    while band(cell, of: cells, extent).lowerBound > place { cell -= 1 }
    return cell
  }
}
