internal import ModelIR

/// Which zero point each code of a matrix has.
///
/// Memory: per read the zero points of the rows that are asked for; those of one axis, all of them.
struct ZeroPointMap: Sendable {
  /// How far a zero point reaches.
  enum Reach: Sendable {
    /// One for all.
    case constant(Int16)
    /// One for each index of an axis that is not the last: `extent` of them, each for `inner` rows.
    case rows(extent: UInt64, inner: UInt64)
    /// One for each column.
    case columns
    /// One for `size` columns of a row.
    case runs(size: UInt64)
    /// One row of them for `size` indices of an axis that is not the last, of `extent` indices, in `blocks`, each
    /// of `inner` rows.
    case blocks(size: UInt64, extent: UInt64, blocks: UInt64, inner: UInt64)
  }

  private let reach: Reach
  private let points: CodeRows?

  /// Zero points that reach so far; `points` are their rows, one for those of a single axis.
  init(_ reach: Reach, _ points: CodeRows?) {
    self.reach = reach
    self.points = points
  }

  /// The same for all codes.
  static func constant(_ value: Int16) -> ZeroPointMap { ZeroPointMap(.constant(value), nil) }

  /// Whether codes are their own numbers.
  var isNothing: Bool { if case .constant(0) = reach { true } else { false } }

  /// Takes the zero points from codes of a rectangle.
  /// - Throws: what reading throws.
  func subtract(from numbers: inout [Int16], _ rows: Range<UInt64>, _ columns: Range<UInt64>) throws {
    let width = columns.count
    switch reach {
    case .constant(0): return
    case .constant(let point):
      numbers.withUnsafeMutableBufferPointer { numbers in
        for index in 0..<rows.count * width { numbers[index] &-= point }
      }
    case .rows(let extent, let inner):
      let all = try points(0..<1, 0..<extent)
      for (place, row) in rows.enumerated() {
        subtract(all[Int(row / inner % extent)], from: &numbers, place * width, width)
      }
    case .columns:
      let own = try points(0..<1, columns)
      for place in 0..<rows.count { subtract(own, from: &numbers, place * width) }
    case .runs(let size):
      let runs = columns.lowerBound / size..<(columns.upperBound + size - 1) / size
      let own = try points(rows, runs)
      for place in 0..<rows.count {
        for (run, number) in runs.enumerated() {
          let first = max(columns.lowerBound, number * size)
          let end = min(columns.upperBound, (number + 1) * size)
          let start = place * width + Int(first - columns.lowerBound)
          subtract(own[place * runs.count + run], from: &numbers, start, Int(end - first))
        }
      }
    case .blocks(let size, let extent, let blocks, let inner):
      var last: (row: UInt64, points: [Int16])?
      for (place, row) in rows.enumerated() {
        let (outer, index) = (row / inner / extent, row / inner % extent)
        let wanted = (outer * blocks + index / size) * inner + row % inner
        let own =
          try last.flatMap { $0.row == wanted ? $0.points : nil } ?? points(wanted..<wanted + 1, columns)
        last = (wanted, own)
        subtract(own, from: &numbers, place * width)
      }
    }
  }

  private func points(_ rows: Range<UInt64>, _ columns: Range<UInt64>) throws -> [Int16] {
    var numbers: [Int16] = []
    try points?.read(rows, columns, into: &numbers)
    return numbers
  }

  private func subtract(_ point: Int16, from numbers: inout [Int16], _ start: Int, _ count: Int) {
    if point == 0 { return }
    numbers.withUnsafeMutableBufferPointer { numbers in
      for index in start..<start + count { numbers[index] &-= point }
    }
  }

  private func subtract(_ points: [Int16], from numbers: inout [Int16], _ start: Int) {
    points.withUnsafeBufferPointer { points in
      numbers.withUnsafeMutableBufferPointer { numbers in
        for index in 0..<points.count { numbers[start &+ index] &-= points[index] }
      }
    }
  }
}

/// Codes as numbers around their zero points: 16-bit integers, 0 where the weight is zero.
///
/// Memory: per read the codes of the rectangle and their zero points.
struct CodeNumbers: RowDecoding {
  private let codes: CodeRows
  private let zeroPoints: ZeroPointMap
  let rows: UInt64
  var columns: UInt64 { codes.columns }
  var elementBytes: Int { 2 }

  init(_ codes: CodeRows, rows: UInt64, around zeroPoints: ZeroPointMap) {
    self.codes = codes
    self.rows = rows
    self.zeroPoints = zeroPoints
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    var numbers: [Int16] = []
    try codes.read(rows, columns, into: &numbers)
    try zeroPoints.subtract(from: &numbers, rows, columns)
    let count = rows.count * columns.count
    numbers.withUnsafeBytes { numbers in
      buffer.withUnsafeMutableBytes { buffer in
        guard let source = numbers.baseAddress, let target = buffer.baseAddress else { return }
        // Numbers are little-endian in the IR, as on every machine that this runs on.
        (target + start).copyMemory(from: source, byteCount: count * 2)
      }
    }
  }
}
