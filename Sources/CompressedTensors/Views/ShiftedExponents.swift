internal import ModelIR

/// MXFP4 scales whose exponents were written 2 too small (compressed-tensors before 0.14,
/// `fp4_quantized.py`, `compress_scale`), as they should be.
struct ShiftedExponents: RowDecoding {
  private let scales: StoredMatrix
  private let tensor: TensorName
  private let file: String
  var rows: UInt64 { scales.rows }
  var columns: UInt64 { scales.columns }
  var elementBytes: Int { 1 }

  /// The scales of `tensor`, corrected.
  init(_ scales: StoredMatrix, tensor: Tensor, file: String) {
    self.scales = scales
    self.tensor = tensor.name
    self.file = file
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    try scales.decode(rows, columns, into: &buffer, startingAt: start)
    for index in 0..<rows.count * columns.count where buffer[start + index] != 0xFF {
      // 253 and 254 would become NaN and nothing.
      guard buffer[start + index] <= 252 else {
        throw PartFault(
          file: file,
          tensor: tensor,
          .badExponent(
            row: rows.lowerBound + UInt64(index / columns.count),
            column: columns.lowerBound + UInt64(index % columns.count)
          )
        )
      }
      buffer[start + index] += 2
    }
  }
}
