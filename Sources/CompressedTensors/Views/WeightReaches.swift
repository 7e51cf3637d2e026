internal import ModelIR
internal import Quantizing

/// How far from zero the rounding to a quantized weight's codes alone makes zeros.
///
/// Memory: per read the scales and zero points that it touches.
struct WeightReaches: ReachTelling {
  private let scales: ScaleMap
  private let zeroPoints: (any RowDecoding)?
  private let isFloat: Bool
  private let dequantizer: RunDequantizer

  /// The reaches of `weight`; nil for scales of a type that the library does not compute in.
  init?(_ weight: QuantizedWeight) {
    guard let dequantizer = weight.dequantizer else { return nil }
    scales = weight.scales
    zeroPoints = weight.zeroPoints
    isFloat = weight.isFloat
    self.dequantizer = dequantizer
  }

  /// The reaches of a graph's integers of 16 or 32 bits, whose scales are of single precision; nil for others.
  init?(_ numbers: WideNumbers) {
    guard let dequantizer = RunDequantizer(affine: .integers, scaleType: .float32) else { return nil }
    scales = numbers.scales
    zeroPoints = nil
    isFloat = false
    self.dequantizer = dequantizer
  }

  func readReaches(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into reaches: inout [Double]
  ) throws {
    let width = columns.count
    if reaches.count < rows.count * width {
      reaches += repeatElement(0, count: rows.count * width - reaches.count)
    }
    if rows.isEmpty || width == 0 { return }
    let runs = try scales.runs(in: columns)
    var target = 0
    for piece in scales.pieces(of: rows) {
      let factors = try scales.scales(piece, columns)
      let points = try zeroPoints.map { try scales.values(of: $0, piece, columns) }
      for row in piece {
        let scaleRow = scales.scaleRow(of: row)
        for run in runs {
          let point = points.map { points -> Int in
            let bits = UInt8(truncatingIfNeeded: points.bits(row: scaleRow, column: run.scale))
            return isFloat ? Int(bits) : Int(Int8(bitPattern: bits))
          }
          let reach = dequantizer.reach(
            scale: factors.bits(row: scaleRow, column: run.scale),
            zeroPoint: point
          )
          let end = target + run.columns.count
          while target < end {
            reaches[target] = reach
            target &+= 1
          }
        }
      }
    }
  }
}
