internal import CKernels
internal import ModelIR

/// Where the zeros of a matrix are: nonzeros of each row and of each column, blocks of 16 that are all zero, and a map
/// of densities.
///
/// Zeros are counted by value. Memory: 4 bytes a row and a column, up to ``mostTracked`` of either; that of a
/// ``DensityMap``.
public struct ZeroMap: Sendable {
  /// The most rows, and columns, whose nonzeros are kept one by one.
  public static let mostTracked: UInt64 = 1 << 20

  /// The rows: all axes but the last.
  public let rows: UInt64
  /// The columns: the last extent.
  public let columns: UInt64
  /// Where the nonzeros are.
  public private(set) var density: DensityMap
  /// Nonzeros of each row; empty where there are too many rows.
  public private(set) var rowCounts: [UInt32]
  /// Nonzeros of each column; empty where there are too many columns.
  public private(set) var columnCounts: [UInt32]
  /// Whole blocks of 16 along a row, and how many of them are all zero.
  public private(set) var blocks16: UInt64 = 0
  /// See ``blocks16``.
  public private(set) var zeroBlocks16: UInt64 = 0

  private let type: ElementType
  private let kernels: KernelSet
  private var words: [UInt64] = []
  private var others: [UInt64] = []
  /// Groups of 16 by their nonzeros; only those without any are looked at.
  private var groups = [UInt64](repeating: 0, count: 17)
  /// Nonzeros of each column of the chunk in work, over at most 255 rows.
  private var pending: [UInt8] = []
  private var pendingRows = 0
  private var pendingStart = 0

  /// No element yet; nil for types that share bytes and for what is empty.
  /// - Parameter cells: the most cells of the map along either side, at least 1.
  public init?(of reader: DenseReader, cells: Int = DensityMap.mostCells, kernels: KernelSet = .current) {
    let grid = reader.grid
    guard ScanType(reader.tensor.elementType)?.hasZero == true, grid.rows > 0, grid.columns > 0 else {
      return nil
    }
    (rows, columns, type) = (grid.rows, grid.columns, reader.tensor.elementType)
    self.kernels = kernels
    density = DensityMap(rows: rows, columns: columns, cells: cells)
    rowCounts = [UInt32](repeating: 0, count: rows <= Self.mostTracked ? Int(rows) : 0)
    columnCounts = [UInt32](repeating: 0, count: columns <= Self.mostTracked ? Int(columns) : 0)
  }

  /// Adds a chunk of the reader's grid whose dense elements are in `dense`.
  public mutating func add(_ dense: [UInt8], _ chunk: Chunk) {
    guard let scan = ScanType(type), let lanes = LaneWidth(type) else { return }
    let count = chunk.columnCount
    precondition(dense.count >= chunk.elementCount * lanes.rawValue)
    let wordCount = (count + 63) / 64
    if words.count < wordCount {
      words = [UInt64](repeating: 0, count: wordCount)
      others = words
    }
    let first = Int(chunk.firstColumn)
    let bands = columnBands(chunk)
    for row in 0..<chunk.rowCount {
      let nonzeros = scanRow(dense, at: row * count * lanes.rawValue, count, scan, lanes)
      let place = chunk.firstRow + UInt64(row)
      if !rowCounts.isEmpty { rowCounts[Int(place)] &+= UInt32(truncatingIfNeeded: nonzeros) }
      addBlocks(count)
      let cell = density.cell(ofRow: place)
      for band in bands {
        density.add(UInt64(population(of: band.range)), toRow: cell, column: band.cell)
      }
      guard !columnCounts.isEmpty else { continue }
      addColumns(dense, at: row * count * lanes.rawValue, count, first, scan, lanes)
    }
    flush()
  }

  /// Adds a chunk that holds nothing but zeros.
  public mutating func addVoid(_ chunk: Chunk) {
    let blocks = UInt64(chunk.rowCount * (chunk.columnCount / 16))
    blocks16 += blocks
    zeroBlocks16 += blocks
  }

  /// Adds what another map of the same matrix found in other chunks.
  public mutating func add(_ other: ZeroMap) {
    for index in rowCounts.indices { rowCounts[index] &+= other.rowCounts[index] }
    for index in columnCounts.indices { columnCounts[index] &+= other.columnCounts[index] }
    density.add(other.density)
    blocks16 += other.blocks16
    zeroBlocks16 += other.zeroBlocks16
  }

  /// The cells along a row that a chunk touches, each with the part of the chunk's columns that is in it.
  private func columnBands(_ chunk: Chunk) -> [(cell: Int, range: Range<Int>)] {
    let last = chunk.firstColumn + UInt64(chunk.columnCount)
    return (density.cell(ofColumn: chunk.firstColumn)..<density.cells.columns).compactMap { cell in
      let band = density.columns(ofCell: cell)
      let (start, end) = (max(band.lowerBound, chunk.firstColumn), min(band.upperBound, last))
      return start < end ? (cell, Int(start - chunk.firstColumn)..<Int(end - chunk.firstColumn)) : nil
    }
  }

  /// Makes a row's elements to bits, and counts them.
  private mutating func scanRow(
    _ dense: [UInt8],
    at start: Int,
    _ count: Int,
    _ scan: ScanType,
    _ lanes: LaneWidth
  ) -> Int {
    dense.withUnsafeBufferPointer { dense in
      words.withUnsafeMutableBufferPointer { words in
        others.withUnsafeMutableBufferPointer { others in
          guard let base = dense.baseAddress, let nonzero = words.baseAddress, let stored = others.baseAddress
          else { return 0 }
          _ = lanes.scan(base + start, count, scan.kernel, stored: stored, nonzero: nonzero, kernels)
          return Int(lacuna_population(kernels.code, nonzero, (count + 63) / 64))
        }
      }
    }
  }

  private mutating func addBlocks(_ count: Int) {
    lacuna_group_histogram(kernels.code, words, count / 64, 16, &groups)
    blocks16 += UInt64(count / 16)
    zeroBlocks16 += groups[0]
    groups[0] = 0
    for block in 0..<(count % 64 / 16) where words[count / 64] >> UInt64(16 * block) & 0xFFFF == 0 {
      zeroBlocks16 += 1
    }
  }

  /// The set bits of a row between two columns of the chunk.
  private func population(of range: Range<Int>) -> Int {
    let (first, last) = (range.lowerBound / 64, (range.upperBound - 1) / 64)
    let head = UInt64.max << UInt64(range.lowerBound % 64)
    let tail = UInt64.max >> UInt64(63 - (range.upperBound - 1) % 64)
    if first == last { return (words[first] & head & tail).nonzeroBitCount }
    var total = (words[first] & head).nonzeroBitCount + (words[last] & tail).nonzeroBitCount
    var index = first + 1
    while index < last {
      total &+= words[index].nonzeroBitCount
      index &+= 1
    }
    return total
  }

  private mutating func addColumns(
    _ dense: [UInt8],
    at start: Int,
    _ count: Int,
    _ first: Int,
    _ scan: ScanType,
    _ lanes: LaneWidth
  ) {
    if pendingRows == 255 || pending.count != count || pendingStart != first { flush() }
    if pending.count != count { pending = [UInt8](repeating: 0, count: count) }
    pendingStart = first
    pendingRows += 1
    switch lanes {
    case .bits8: count8(dense, start, UInt8(truncatingIfNeeded: scan.kernel.magnitude))
    case .bits16: count8(dense, start, UInt16(truncatingIfNeeded: scan.kernel.magnitude))
    case .bits32: count8(dense, start, UInt32(truncatingIfNeeded: scan.kernel.magnitude))
    case .bits64: count8(dense, start, scan.kernel.magnitude)
    }
  }

  private mutating func count8<Lane: FixedWidthInteger & UnsignedInteger>(
    _ dense: [UInt8],
    _ start: Int,
    _ magnitude: Lane
  ) {
    dense.withUnsafeBytes { bytes in
      pending.withUnsafeMutableBufferPointer { pending in
        guard let base = bytes.baseAddress.map({ $0 + start }), let counters = pending.baseAddress else {
          return
        }
        let count = pending.count
        var index = 0
        while index < count {
          let bits = base.loadUnaligned(fromByteOffset: index &* MemoryLayout<Lane>.size, as: Lane.self)
          counters[index] &+= bits & magnitude != 0 ? 1 : 0
          index &+= 1
        }
      }
    }
  }

  private mutating func flush() {
    guard pendingRows > 0 else { return }
    for index in pending.indices {
      columnCounts[pendingStart + index] &+= UInt32(pending[index])
      pending[index] = 0
    }
    pendingRows = 0
  }
}
