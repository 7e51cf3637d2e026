import TestSupport

/// Masks of a bit an element, the lowest first, every row from a byte of its own; bit by bit.
enum NaiveBitmask {
  /// The elements that a mask and values stand for.
  static func expand(
    _ mask: SafetensorsBuilder.Entry,
    _ values: SafetensorsBuilder.Entry,
    shape: [UInt64]
  ) -> [UInt64] {
    let columns = Int(shape.last ?? 1)
    let rows = shape.reduce(1, *) == 0 ? 0 : Int(shape.reduce(1, *)) / columns
    let stride = (columns + 7) / 8
    var left = values.elements[...]
    return (0..<rows * columns).map { index in
      let (row, column) = index.quotientAndRemainder(dividingBy: columns)
      return mask.data[row * stride + column / 8] >> UInt8(column % 8) & 1 == 1 ? left.popFirst() ?? 0 : 0
    }
  }

  /// The mask in which the elements' bits are set that are kept.
  static func mask(_ isKept: [Bool], columns: Int) -> [UInt8] {
    let stride = (columns + 7) / 8
    var bytes = [UInt8](repeating: 0, count: columns == 0 ? 0 : isKept.count / columns * stride)
    for (index, isKept) in isKept.enumerated() where isKept {
      let (row, column) = index.quotientAndRemainder(dividingBy: columns)
      bytes[row * stride + column / 8] |= 1 << UInt8(column % 8)
    }
    return bytes
  }

  /// The library's row offsets: sums of kept elements along the first axis alone.
  static func rowOffsets(_ isKept: [Bool], shape: [UInt64]) -> [UInt64] {
    let columns = Int(shape.last ?? 1)
    let rows = columns == 0 ? 0 : isKept.count / columns
    let counts = (0..<rows).map { row in isKept[row * columns..<(row + 1) * columns].count { $0 } }
    let inner = shape.count < 2 ? 1 : rows / Int(shape[0])
    return (0..<rows).map { row in
      UInt64(stride(from: row % inner, to: row, by: inner).reduce(0) { $0 + counts[$1] })
    }
  }
}
