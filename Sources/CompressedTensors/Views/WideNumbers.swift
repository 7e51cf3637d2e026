internal import ModelIR

/// Integers of 16 or 32 bits times a single-precision scale, as DequantizeLinear computes it: biases mostly.
///
/// Memory: per read its codes and scales.
struct WideNumbers: RowDecoding {
  let codes: any RowDecoding
  /// The type of the codes: INT16, UINT16 or INT32.
  let type: ElementType
  let scales: ScaleMap
  var rows: UInt64 { codes.rows }
  var columns: UInt64 { codes.columns }
  var elementBytes: Int { 4 }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    if rows.isEmpty || columns.isEmpty { return }
    var target = start
    for row in rows {
      let stored = try codes.decoded(row..<row + 1, columns)
      let own = try scales.scales(row..<row + 1, columns)
      let scaleRow = scales.scaleRow(of: row)
      for run in try scales.runs(in: columns) {
        let scale = Float(bitPattern: own.bits(row: scaleRow, column: run.scale))
        for column in run.columns {
          let number = (value(stored, Int(column - columns.lowerBound)) * scale).bitPattern
          for byte in 0..<4 { buffer[target + byte] = UInt8(truncatingIfNeeded: number >> UInt32(byte * 8)) }
          target += 4
        }
      }
    }
  }

  private func value(_ stored: [UInt8], _ index: Int) -> Float {
    let width = codes.elementBytes
    let bits = (0..<width).reduce(UInt32(0)) { $0 | UInt32(stored[index * width + $1]) << UInt32($1 * 8) }
    return switch type {
    case .int16: Float(Int16(truncatingIfNeeded: bits))
    case .uint16: Float(bits)
    default: Float(Int32(bitPattern: bits))
    }
  }
}
