internal import ModelIR
internal import Quantizing

/// 4- and 6-bit floats that share bytes, one to the byte.
struct FloatCodes: RowDecoding {
  private let bytes: any RowDecoding
  private let packing: FloatPacking
  private let isConverted: Bool
  let columns: UInt64
  var rows: UInt64 { bytes.rows }
  var elementBytes: Int { 1 }

  /// The codes in rows of `bytes`, `columns` of them a row: as they are, or as the 8-bit floats (E4M3) of the
  /// same values.
  init(_ bytes: any RowDecoding, packing: FloatPacking, columns: UInt64, asE4M3: Bool) {
    isConverted = asE4M3
    self.bytes = bytes
    self.packing = packing
    self.columns = columns
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    let range = packing.byteRange(ofColumns: columns)
    let stored = try bytes.decoded(rows, range)
    var codes = [UInt8](repeating: 0, count: columns.count)
    for row in 0..<rows.count {
      packing.unpack(stored, startingAt: row * range.count, columns: columns, into: &codes, at: 0)
      if isConverted {
        packing.convertToE4M3(
          codes,
          from: 0,
          count: codes.count,
          into: &buffer,
          at: start + row * columns.count
        )
      } else {
        let target = start + row * columns.count
        buffer.replaceSubrange(target..<(target + codes.count), with: codes)
      }
    }
  }
}
