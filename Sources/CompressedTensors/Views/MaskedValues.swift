internal import ModelIR

/// A weight with zeros where its mask has them.
struct MaskedValues: RowDecoding {
  private let weight: StoredMatrix
  private let mask: StoredMatrix
  var rows: UInt64 { weight.rows }
  var columns: UInt64 { weight.columns }
  var elementBytes: Int { weight.elementBytes }

  /// `weight` under `mask`, which has the same rows and columns.
  init(_ weight: StoredMatrix, mask: StoredMatrix) {
    self.weight = weight
    self.mask = mask
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    try weight.decode(rows, columns, into: &buffer, startingAt: start)
    let kept = try mask.decoded(rows, columns)
    let (width, maskWidth) = (elementBytes, mask.elementBytes)
    for index in 0..<rows.count * columns.count {
      // A mask of floats has 1.0 where a weight is kept; the sign of a zero means nothing.
      var isKept = false
      for byte in 0..<maskWidth - 1 { isKept = isKept || kept[index * maskWidth + byte] != 0 }
      isKept = isKept || kept[index * maskWidth + maskWidth - 1] & (maskWidth > 1 ? 0x7F : 0xFF) != 0
      if isKept { continue }
      for byte in 0..<width { buffer[start + index * width + byte] = 0 }
    }
  }
}
