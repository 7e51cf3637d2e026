internal import ModelIR

/// What the attributes of an operator with packed codes demand of its tensors.
struct PackedShape {
  /// The shape in codes.
  var logical: Shape
  /// The shape that is stored.
  var stored: [UInt64]
  /// The shape of the scales.
  var scales: [UInt64]
  /// The shape of zero points that are packed as the codes are.
  var packedZeroPoints: [UInt64]?
  /// The same as plain numbers.
  var plainZeroPoints: [UInt64]?

  /// `[N, K]` in blocks along K. (ONNX Runtime's MatMulNBits: every block its own bytes, the last one padded;
  /// zero points of a row share bytes.) Nil where numbers are out of range.
  static func nBits(rows: Int64, columns: Int64, bits: Int64, block: Int64) -> PackedShape? {
    guard rows > 0, columns > 0, (2...8).contains(bits), block >= 16, block & (block - 1) == 0,
      block < 1 << 30,
      let logical = Shape([UInt64(rows), UInt64(columns)])
    else { return nil }
    let (n, bits, block) = (UInt64(rows), UInt64(bits), UInt64(block))
    let blocks = ParameterFit.blockCount(UInt64(columns), block)
    return PackedShape(
      logical: logical,
      stored: [n, blocks, block / 8 * bits],
      scales: [n, blocks],
      packedZeroPoints: [n, bytes(of: blocks, bits: bits)],
      plainZeroPoints: [n, blocks]
    )
  }

  /// The bytes of that many codes in a row; no overflow, whatever the count.
  static func bytes(of count: UInt64, bits: UInt64) -> UInt64 {
    count / 8 * bits + (count % 8 * bits + 7) / 8
  }
}
