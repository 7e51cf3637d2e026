import ModelIR
import ONNX
import TestSupport

/// A random tensor with zeros, and what each form stores of it, made plainly.
struct SparseSample: CustomStringConvertible {
  let type: ONNXDataType
  let extents: [UInt64]
  let width: Int
  /// The elements, little-endian.
  let dense: [UInt8]
  /// The row-major places of the elements that have a bit.
  let places: [UInt64]

  var description: String { "\(type) \(extents) nnz \(places.count)" }

  /// A tensor of these extents, about so many percent of whose elements are no zeros.
  init(
    _ type: ONNXDataType,
    _ extents: [UInt64],
    percentage: Int,
    using generator: inout SeededGenerator
  ) {
    self.type = type
    self.extents = extents
    width = (type.elementType?.bitWidth ?? 8) / 8
    let count = Int(extents.reduce(1, *))
    var dense: [UInt8] = []
    for _ in 0..<count {
      let isStored = Int.random(in: 0..<100, using: &generator) < percentage
      var element = isStored ? generator.bytes(width) : [UInt8](repeating: 0, count: width)
      if isStored && element.allSatisfy({ $0 == 0 }) { element[width - 1] = 0x80 }
      // A bool is 0 or 1.
      if type == .bool { element = [isStored ? 1 : 0] }
      dense += element
    }
    self.dense = dense
    let width = width
    places = (0..<UInt64(count)).filter { place in
      dense[(Int(place) * width)..<((Int(place) + 1) * width)].contains { $0 != 0 }
    }
  }

  /// Those elements.
  var values: [UInt8] {
    places.flatMap { place in dense[(Int(place) * width)..<((Int(place) + 1) * width)] }
  }

  /// The tensor's shape.
  var shape: Shape { Shape(extents) ?? .vector(0) }

  /// A bit for each element of a piece, rows padded to bytes.
  func mask(_ piece: MaskPiece, columns: UInt64) -> [UInt8] {
    var mask = [UInt8](repeating: 0, count: piece.byteCount)
    let stride = (piece.columnCount + 7) / 8
    for row in 0..<piece.rowCount {
      for column in 0..<piece.columnCount {
        let place = Int((piece.firstRow + UInt64(row)) * columns + piece.firstColumn) + column
        if (place * width..<(place + 1) * width).contains(where: { dense[$0] != 0 }) {
          mask[row * stride + column / 8] |= 1 << (column % 8)
        }
      }
    }
    return mask
  }

  /// The whole mask, without gaps.
  var flatMask: [UInt8] {
    let count = Int(shape.elementCount)
    return mask(
      MaskPiece(firstRow: 0, rowCount: 1, firstColumn: 0, columnCount: count),
      columns: shape.elementCount
    )
  }

  /// What a pass over the elements counts.
  var counts: IndexCounts {
    guard let space = IndexSpace(shape, isOneRow: false) else { return IndexCounts() }
    let whole = MaskPiece(
      firstRow: 0,
      rowCount: Int(shape.rows),
      firstColumn: 0,
      columnCount: Int(shape.columns)
    )
    return IndexCounts(mask(whole, columns: shape.columns), whole, space)
  }

  /// The coordinates of a place.
  private func coordinates(_ place: UInt64) -> [UInt64] {
    var rest = place
    return extents.reversed().map { extent in
      defer { rest /= extent }
      return rest % extent
    }.reversed()
  }

  /// The indices in a form.
  func indices(_ form: IndexForm) -> [UInt8] {
    switch form {
    case .linearVarints: places.flatMap { WireBytes.varint($0) }
    case .linearRaw: places.flatMap { WireBytes.littleEndian($0, 8) }
    case .coordinateVarints: places.flatMap { coordinates($0).flatMap { WireBytes.varint($0) } }
    }
  }
}
