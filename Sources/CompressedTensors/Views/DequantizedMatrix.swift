internal import ModelIR
internal import Quantizing

/// The numbers that a quantized weight stands for, bit for bit as the library computes them.
struct DequantizedMatrix: RowDecoding {
  private let weight: QuantizedWeight
  private let dequantizer: RunDequantizer
  var rows: UInt64 { weight.shape.elementCount == 0 ? 0 : weight.shape.rows }
  var columns: UInt64 { weight.shape.columns }
  var elementBytes: Int { dequantizer.result.byteWidth ?? 2 }
  /// The type of the numbers.
  var elementType: ElementType { dequantizer.result }

  /// The numbers of `weight`; nil for scales of a type that the library does not compute in.
  init?(_ weight: QuantizedWeight) {
    guard let dequantizer = weight.dequantizer else { return nil }
    self.weight = weight
    self.dequantizer = dequantizer
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    if rows.isEmpty || columns.isEmpty { return }
    var target = start
    for piece in weight.scales.pieces(of: rows) {
      if weight.scales.isByColumn {
        try decodeByColumn(piece, columns, into: &buffer, startingAt: target)
      } else {
        try decodeRuns(piece, columns, into: &buffer, startingAt: target)
      }
      target += piece.count * columns.count * elementBytes
    }
  }

  /// Numbers of rows in which each column has scales of its own.
  private func decodeByColumn(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    let codes = try weight.codes.decoded(rows, columns)
    let scales = try weight.scales.scales(rows, columns)
    let zeroPoints = try weight.zeroPoints.map { try weight.scales.values(of: $0, rows, columns) }
    for (index, row) in rows.enumerated() {
      let scaleRow = weight.scales.scaleRow(of: row)
      dequantizer.dequantize(
        codes,
        from: index * columns.count,
        count: columns.count,
        scales: scales.bytes,
        from: scales.start(ofRow: scaleRow),
        zeroPoints: zeroPoints?.bytes,
        from: zeroPoints?.start(ofRow: scaleRow) ?? 0,
        into: &buffer,
        at: start + index * columns.count * elementBytes
      )
    }
  }

  private func decodeRuns(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    let codes = try weight.codes.decoded(rows, columns)
    let scales = try weight.scales.scales(rows, columns)
    let zeroPoints = try weight.zeroPoints.map { try weight.scales.values(of: $0, rows, columns) }
    let width = columns.count
    let runs = try weight.scales.runs(in: columns)
    for (index, row) in rows.enumerated() {
      let scaleRow = weight.scales.scaleRow(of: row)
      for run in runs {
        let first = index * width + Int(run.columns.lowerBound - columns.lowerBound)
        let zeroPoint = zeroPoints.map { points -> Int in
          let bits = UInt8(truncatingIfNeeded: points.bits(row: scaleRow, column: run.scale))
          return weight.isFloat ? Int(bits) : Int(Int8(bitPattern: bits))
        }
        dequantizer.dequantize(
          codes,
          from: first,
          count: run.columns.count,
          scale: scales.bits(row: scaleRow, column: run.scale),
          zeroPoint: zeroPoint,
          into: &buffer,
          at: start + first * elementBytes
        )
      }
    }
  }
}

/// The codes of a quantized weight as numbers that are zero exactly where the code is its zero point.
struct CenteredCodes: RowDecoding {
  private let weight: QuantizedWeight
  var rows: UInt64 { weight.shape.elementCount == 0 ? 0 : weight.shape.rows }
  var columns: UInt64 { weight.shape.columns }
  var elementBytes: Int { 1 }

  /// The centred codes of `weight`: signed integers, or E4M3 floats if it has no zero point.
  init(_ weight: QuantizedWeight) { self.weight = weight }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    try weight.numbers.decode(rows, columns, into: &buffer, startingAt: start)
    guard let zeroPoints = weight.zeroPoints, !weight.isFloat else { return }
    let points = try weight.scales.values(of: zeroPoints, rows, columns)
    let runs = try weight.scales.runs(in: columns)
    for (index, row) in rows.enumerated() {
      let scaleRow = weight.scales.scaleRow(of: row)
      for run in runs {
        let zero = Int(
          Int8(bitPattern: UInt8(truncatingIfNeeded: points.bits(row: scaleRow, column: run.scale)))
        )
        let first = start + index * columns.count + Int(run.columns.lowerBound - columns.lowerBound)
        for place in first..<(first + run.columns.count) {
          // Differences beyond 8 bits stay at the end of the range: what counts is which are zero.
          let code = Int(Int8(bitPattern: buffer[place])) - zero
          buffer[place] = UInt8(bitPattern: Int8(clamping: code))
        }
      }
    }
  }
}

/// Floats as floats of another type.
struct CastMatrix: RowDecoding {
  private let numbers: any RowDecoding
  private let cast: FloatCast
  private let tally: ValueTally?
  var rows: UInt64 { numbers.rows }
  var columns: UInt64 { numbers.columns }
  var elementBytes: Int { cast.target.byteWidth ?? 2 }

  /// `numbers`, cast; `tally` takes how many change their value.
  init(_ numbers: any RowDecoding, _ cast: FloatCast, tally: ValueTally?) {
    self.numbers = numbers
    self.cast = cast
    self.tally = tally
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    let stored = try numbers.decoded(rows, columns)
    let count = rows.count * columns.count
    let changed = cast.cast(stored, from: 0, count: count, into: &buffer, at: start)
    tally?.add(changed)
  }
}
