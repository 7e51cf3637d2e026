internal import ModelIR
internal import Quantizing

/// Numbers of single precision in memory, and the blocks that they become.
struct BlockData {
  /// How many elements: whole blocks of every type.
  let count: Int
  /// The numbers, little-endian.
  let numbers: [UInt8]

  /// About so many bytes of numbers.
  init(byteCount: Int, _ pruning: Pruning) {
    let weights = Weights(.f32, pruning)
    let count = max(1 << 16, byteCount / 4) / 4096 * 4096
    self.count = count
    numbers = [UInt8](unsafeUninitializedCapacity: 4 * count) { bytes, filled in
      weights.fill(UnsafeMutableRawBufferPointer(bytes))
      filled = 4 * count
    }
  }

  /// How many blocks of this type the numbers make.
  func blockCount(_ type: GGMLType) -> Int { count / type.blockElements }

  /// The numbers as blocks of this type. Where it has no encoder the blocks are drawn at random: decoding takes
  /// as long.
  func blocks(_ type: GGMLType) throws -> [UInt8] {
    let blockCount = blockCount(type)
    var blocks = [UInt8](repeating: 0, count: blockCount * type.blockBytes)
    if let encoder = BlockEncoder(type) {
      try encoder.encode(numbers, from: 0, blockCount: blockCount, into: &blocks, at: 0)
      return blocks
    }
    var state: UInt32 = 1
    for index in blocks.indices {
      state = state &* 1_664_525 &+ 1_013_904_223
      blocks[index] = UInt8(truncatingIfNeeded: state >> 24)
    }
    return blocks
  }
}

extension GGMLType {
  /// The types that are stored in blocks.
  static var blocked: [GGMLType] { allCases.filter { $0.elementType == nil } }
}
