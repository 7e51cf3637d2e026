internal import ModelIR

/// Dense elements to mask bytes and values, and back. Rows of the mask are padded to a byte.
enum BitmaskCoding {
  /// Splits a chunk; returns the number of values.
  ///
  /// Buffers: mask `rowCount * ceil(columnCount / 8)` bytes, values `elementCount` elements, both plus slack.
  static func encode(
    _ dense: UnsafePointer<UInt8>,
    _ chunk: Chunk,
    _ lanes: LaneWidth,
    mask: UnsafeMutablePointer<UInt8>,
    values: UnsafeMutablePointer<UInt8>,
    _ set: KernelSet
  ) -> Int {
    let columns = chunk.columnCount
    if columns % 8 == 0 || chunk.rowCount == 1 {
      return lanes.compact(dense, chunk.elementCount, mask: mask, values: values, set)
    }
    let maskStride = (columns + 7) / 8
    var count = 0
    var row = 0
    while row < chunk.rowCount {
      count &+= lanes.compact(
        dense + row &* columns &* lanes.rawValue,
        columns,
        mask: mask + row &* maskStride,
        values: values + count &* lanes.rawValue,
        set
      )
      row &+= 1
    }
    return count
  }

  /// Joins a chunk; returns the number of values taken, which the caller has checked to be there.
  static func decode(
    mask: UnsafePointer<UInt8>,
    values: UnsafePointer<UInt8>,
    _ chunk: Chunk,
    _ lanes: LaneWidth,
    to dense: UnsafeMutablePointer<UInt8>,
    _ set: KernelSet
  ) -> Int {
    let columns = chunk.columnCount
    if columns % 8 == 0 || chunk.rowCount == 1 {
      return lanes.expand(mask: mask, values: values, chunk.elementCount, to: dense, set)
    }
    let maskStride = (columns + 7) / 8
    var count = 0
    var row = 0
    while row < chunk.rowCount {
      count &+= lanes.expand(
        mask: mask + row &* maskStride,
        values: values + count &* lanes.rawValue,
        columns,
        to: dense + row &* columns &* lanes.rawValue,
        set
      )
      row &+= 1
    }
    return count
  }

  /// The set bits of a chunk's mask, or the first row with a set bit behind its last column.
  static func population(
    of mask: UnsafePointer<UInt8>,
    _ chunk: Chunk,
    _ set: KernelSet
  ) -> (count: Int, rowWithSpareBit: Int?) {
    let stride = (chunk.columnCount + 7) / 8
    let count = SetBits.count(mask, chunk.rowCount * stride, set)
    let used = chunk.columnCount % 8
    if used != 0 {
      var row = 0
      while row < chunk.rowCount {
        if mask[row &* stride &+ stride &- 1] >> UInt8(used) != 0 { return (count, row) }
        row &+= 1
      }
    }
    return (count, nil)
  }
}
