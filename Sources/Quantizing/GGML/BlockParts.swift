public import ModelIR

/// One of the quantities that ggml's blocks of a type hold side by side, as a matrix of its own.
///
/// For types that are codes and scales and nothing else: Q4_0, Q5_0, Q8_0, MXFP4 and NVFP4. Every bit of a block is
/// in its codes or its scales.
///
/// Memory: per read the blocks that it touches.
package struct BlockParts: RowDecoding {
  /// A quantity.
  package enum Part: Sendable, Hashable {
    /// Signed integers, a byte each.
    case integers
    /// E2M1 floats, two to the byte, the first in the low half. Rows are as long as their bytes.
    case nibbles
    /// The scales: F16, for MXFP4 bytes of E8M0, for NVFP4 those of E4M3 without a sign.
    case scales
  }

  private let part: Part
  private let type: GGMLType
  private let tensor: TensorName
  private let source: any ByteSource
  private let offset: UInt64
  private let blocksPerRow: UInt64
  /// The rows of the tensor.
  package let rows: UInt64
  /// How many of these quantities a row has.
  package var columns: UInt64 { blocksPerRow * UInt64(unitsPerBlock) }
  package let elementBytes: Int
  private let unitsPerBlock: Int

  /// A part of `tensor`, which lies in `source`; nil where it has no such part, and for tensors that are no dense
  /// blocks.
  package init?(_ part: Part, of tensor: Tensor, in source: any ByteSource) {
    guard let type = tensor.blockType, case .dense(let region) = tensor.storage,
      let (units, width) = Self.units(of: part, in: type)
    else { return nil }
    self.part = part
    self.type = type
    self.tensor = tensor.name
    self.source = source
    offset = region.offset
    unitsPerBlock = units
    elementBytes = width
    let shape = tensor.logicalShape
    rows = shape.elementCount == 0 ? 0 : shape.rows
    blocksPerRow = shape.columns / UInt64(type.blockElements)
  }

  /// How many units of a part a block has, and the bytes of one.
  private static func units(of part: Part, in type: GGMLType) -> (Int, Int)? {
    switch (part, type) {
    case (.integers, .q4_0), (.integers, .q5_0), (.integers, .q8_0): (32, 1)
    case (.nibbles, .mxfp4): (16, 1)
    case (.nibbles, .nvfp4): (32, 1)
    case (.scales, .q4_0), (.scales, .q5_0), (.scales, .q8_0): (1, 2)
    case (.scales, .mxfp4): (1, 1)
    case (.scales, .nvfp4): (4, 1)
    default: nil
    }
  }

  /// Takes a rectangle out of the blocks; see ``RowDecoding``.
  /// - Throws: what the source throws, ``BlockScaleFault`` for a scale that is no number in the form it is given.
  package func decode(
    _ rows: Range<UInt64>,
    _ columns: Range<UInt64>,
    into buffer: inout [UInt8],
    startingAt start: Int
  ) throws {
    if rows.isEmpty || columns.isEmpty { return }
    let units = UInt64(unitsPerBlock)
    let blocks = columns.lowerBound / units..<(columns.upperBound + units - 1) / units
    var bytes = [UInt8](repeating: 0, count: blocks.count * type.blockBytes)
    var taken = [UInt8](repeating: 0, count: blocks.count * unitsPerBlock * elementBytes)
    let skip = Int(columns.lowerBound - blocks.lowerBound * units) * elementBytes
    let run = columns.count * elementBytes
    for (index, row) in rows.enumerated() {
      let first = row * blocksPerRow + blocks.lowerBound
      try source.read(bytes.count, at: offset + first * UInt64(type.blockBytes), into: &bytes, startingAt: 0)
      for block in 0..<blocks.count {
        try take(
          bytes,
          from: block * type.blockBytes,
          into: &taken,
          at: block * unitsPerBlock * elementBytes,
          block: first + UInt64(block)
        )
      }
      let target = start + index * run
      buffer.replaceSubrange(target..<target + run, with: taken[skip..<skip + run])
    }
  }

  /// Takes the units of one block.
  private func take(
    _ block: [UInt8],
    from start: Int,
    into units: inout [UInt8],
    at target: Int,
    block number: UInt64
  ) throws {
    switch (part, type) {
    case (.scales, .nvfp4):
      for group in 0..<4 {
        let scale = block[start + group]
        guard scale < 0x7F else {
          throw BlockScaleFault(
            file: source.displayName,
            tensor: tensor,
            row: number / blocksPerRow,
            block: number % blocksPerRow,
            scale: scale
          )
        }
        units[target + group] = scale
      }
    case (.scales, _):
      for byte in 0..<elementBytes { units[target + byte] = block[start + byte] }
    case (.integers, .q8_0):
      for code in 0..<32 { units[target + code] = block[start + 2 + code] }
    case (.integers, .q4_0):
      for place in 0..<16 {
        let byte = block[start + 2 + place]
        units[target + place] = (byte & 15) &- 8
        units[target + place + 16] = (byte >> 4) &- 8
      }
    case (.integers, _):
      let high = (0..<4).reduce(UInt32(0)) { $0 | UInt32(block[start + 2 + $1]) << UInt32(8 * $1) }
      for place in 0..<16 {
        let byte = block[start + 6 + place]
        let fifths = UInt8(truncatingIfNeeded: high >> UInt32(place))
        let upperFifths = UInt8(truncatingIfNeeded: high >> UInt32(place + 16))
        units[target + place] = (byte & 15 | (fifths & 1) << 4) &- 16
        units[target + place + 16] = (byte >> 4 | (upperFifths & 1) << 4) &- 16
      }
    case (.nibbles, .mxfp4):
      for half in 0..<2 {
        for place in 0..<8 {
          let (first, second) = (block[start + 1 + place * 2], block[start + 2 + place * 2])
          units[target + half * 8 + place] =
            half == 0 ? first & 15 | second << 4 : first >> 4 | second & 0xF0
        }
      }
    case (.nibbles, _):
      for group in 0..<4 {
        for place in 0..<4 {
          let byte = start + 4 + group * 8 + place * 2
          let (first, second) = (block[byte], block[byte + 1])
          units[target + group * 8 + place] = first & 15 | second << 4
          units[target + group * 8 + place + 4] = first >> 4 | second & 0xF0
        }
      }
    }
  }
}

/// A scale of an NVFP4 block that other formats read as another number.
public struct BlockScaleFault: Fault, Hashable {
  /// The file.
  public let file: String
  /// The tensor.
  public let tensor: TensorName
  /// The row of the block.
  public let row: UInt64
  /// The block within its row.
  public let block: UInt64
  /// The bits of the scale.
  public let scale: UInt8

  /// What is wrong, where, and what would be right.
  public var diagnosis: Diagnosis {
    Diagnosis(
      .badData,
      file: file,
      tensor: tensor,
      "a scale of block \(block) in row \(row) is 0x\(String(scale, radix: 16)), which ggml alone reads as a number",
      expected: "E4M3 below 0x7f; --type f32 takes ggml's numbers"
    )
  }
}
