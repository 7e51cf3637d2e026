internal import ModelIR
internal import Quantizing

/// A quantized weight as ggml's blocks: the same codes under the same scales, laid out anew.
///
/// Memory: per read the codes and scales of the blocks that it touches.
struct WeightBlocks: RowDecoding {
  private let weight: QuantizedWeight
  private let type: GGMLType
  private let blame: (file: String, tensor: TensorName)
  private let blocksPerRow: UInt64
  var rows: UInt64 { weight.shape.rows }
  var columns: UInt64 { blocksPerRow * UInt64(type.blockBytes) }
  var elementBytes: Int { 1 }

  /// The blocks of `weight`, whose codes and scales `type` holds; rows are whole blocks.
  init(_ weight: QuantizedWeight, as type: GGMLType, blaming tensor: TensorName, in file: String) {
    self.weight = weight
    self.type = type
    blame = (file, tensor)
    blocksPerRow = weight.shape.columns / UInt64(type.blockElements)
  }

  func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    if rows.isEmpty || columns.isEmpty { return }
    let (size, elements) = (UInt64(type.blockBytes), UInt64(type.blockElements))
    let blocks = columns.lowerBound / size..<(columns.upperBound + size - 1) / size
    let numbers = blocks.lowerBound * elements..<blocks.upperBound * elements
    let skip = Int(columns.lowerBound - blocks.lowerBound * size)
    var made = [UInt8](repeating: 0, count: blocks.count * type.blockBytes)
    for (index, row) in rows.enumerated() {
      let codes = try weight.codes.decoded(row..<row + 1, numbers)
      let scales = try weight.scales.scales(row..<row + 1, numbers)
      let scaleRow = weight.scales.scaleRow(of: row)
      for block in 0..<blocks.count {
        let first = block * type.blockElements
        /// The bits of the scale of an element of this block.
        func scale(_ element: Int) -> UInt32 {
          let column = numbers.lowerBound + UInt64(first + element)
          let place = weight.scales.scaleColumns(of: column..<column + 1).lowerBound
          return scales.bits(row: scaleRow, column: place)
        }
        try pack(codes, from: first, scale, into: &made, at: block * type.blockBytes, row)
      }
      let target = start + index * columns.count
      buffer.replaceSubrange(target..<target + columns.count, with: made[skip..<skip + columns.count])
    }
  }

  /// Lays out one block.
  private func pack(
    _ codes: [UInt8],
    from first: Int,
    _ scale: (Int) -> UInt32,
    into blocks: inout [UInt8],
    at start: Int,
    _ row: UInt64
  ) throws {
    switch type {
    case .mxfp4:
      blocks[start] = UInt8(truncatingIfNeeded: scale(0))
      for place in 0..<16 {
        blocks[start + 1 + place] = codes[first + place] & 15 | codes[first + place + 16] << 4
      }
      return
    case .nvfp4:
      for group in 0..<4 {
        blocks[start + group] = UInt8(truncatingIfNeeded: scale(group * 16))
        for place in 0..<8 {
          let element = first + group * 16 + place
          blocks[start + 4 + group * 8 + place] = codes[element] & 15 | codes[element + 8] << 4
        }
      }
      return
    default: break
    }
    guard let half = HalfScale.bits(scale(0), weight.scaleType) else {
      // The scales were looked through before.
      throw PartFault(file: blame.file, tensor: blame.tensor, .wrongScheme("its scales changed"))
    }
    blocks[start] = UInt8(truncatingIfNeeded: half)
    blocks[start + 1] = UInt8(truncatingIfNeeded: half >> 8)
    switch type {
    case .q8_0:
      for place in 0..<32 { blocks[start + 2 + place] = codes[first + place] }
    case .q4_0:
      for place in 0..<16 {
        let (low, high) = (codes[first + place] &+ 8, codes[first + place + 16] &+ 8)
        blocks[start + 2 + place] = low & 15 | high << 4
      }
    default:
      var fifths: UInt32 = 0
      for place in 0..<32 { fifths |= UInt32((codes[first + place] &+ 16) >> 4 & 1) << UInt32(place) }
      for byte in 0..<4 { blocks[start + 2 + byte] = UInt8(truncatingIfNeeded: fifths >> UInt32(byte * 8)) }
      for place in 0..<16 {
        let (low, high) = (codes[first + place] &+ 16, codes[first + place + 16] &+ 16)
        blocks[start + 6 + place] = low & 15 | high << 4
      }
    }
  }
}

/// A scale in half precision, as ggml's first types have it.
enum HalfScale {
  /// The bits of the same number in half precision; nil where that has no such number, and for NaN and
  /// infinity.
  static func bits(_ bits: UInt32, _ type: ElementType) -> UInt16? {
    // Blocks with a scale that is no number would be broken.
    if type == .float16 { return bits & 0x7C00 == 0x7C00 ? nil : UInt16(truncatingIfNeeded: bits) }
    guard let cast = FloatCast(from: type, to: .float16), let width = type.byteWidth else { return nil }
    let stored = (0..<width).map { UInt8(truncatingIfNeeded: bits >> UInt32($0 * 8)) }
    var half: [UInt8] = [0, 0]
    guard cast.cast(stored, from: 0, count: 1, into: &half, at: 0) == 0 else { return nil }
    let result = UInt16(half[0]) | UInt16(half[1]) << 8
    // Only numbers are counted as changed.
    return result & 0x7C00 == 0x7C00 ? nil : result
  }
}
