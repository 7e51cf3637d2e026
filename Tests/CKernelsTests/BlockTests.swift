import CKernels
import Testing

@Suite("Blocks of codes")
struct BlockTests {
  static let counts = [0, 1, 2, 3, 4, 17, 64]

  @Test(
    "Scaling multiplies each code by its run's factor, then adds, and touches nothing else",
    arguments: KernelSet.available,
    [false, true]
  )
  func scaling(set: KernelSet, hasAddends: Bool) throws {
    for runs in Self.counts {
      var generator = SeededGenerator(seed: UInt64(runs))
      let codes = (0..<16 * runs).map { _ in Int8(truncatingIfNeeded: generator.next()) }
      // Products with 24 significant bits each round, so that one rounding for both operations would show.
      let factors = (0..<runs).map { _ in Float.random(in: -1...1, using: &generator) }
      let addends = (0..<runs).map { _ in Float.random(in: -1...1, using: &generator) }
      for offset in [0, 3] {
        var numbers = CanaryBytes(count: 64 * runs, offset: offset)
        numbers.withPointer { numbers in
          lacuna_scale_codes(set.identifier, codes, factors, hasAddends ? addends : nil, runs, numbers)
        }
        let expected = codes.enumerated().flatMap { index, code -> [UInt8] in
          let product = Float(code) * factors[index / 16]
          let number = hasAddends ? product + addends[index / 16] : product
          return (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> UInt32(8 * $0)) }
        }
        try #require(numbers.bytes == expected, "\(runs) runs")
        try #require(numbers.isIntact, "\(runs) runs")
      }
    }
  }

  @Test("Zero codes keep the sign of their product without an addend", arguments: KernelSet.available)
  func signedZeros(set: KernelSet) {
    let factors: [Float] = [-1, 1, -0.0]
    var codes = [Int8](repeating: 0, count: 48)
    codes[33] = 1
    codes[34] = -1
    var numbers = [UInt8](repeating: 1, count: 192)
    lacuna_scale_codes(set.identifier, codes, factors, nil, 3, &numbers)
    let signs = stride(from: 3, to: 192, by: 4).map { numbers[$0] }
    let negatives = [UInt8](repeating: 0x80, count: 16)
    #expect(signs == negatives + [UInt8](repeating: 0, count: 16) + [0x80, 0x80, 0] + negatives.prefix(13))
  }

  /// A type whose zeros have a kernel of their own.
  enum BlockType: CaseIterable, Sendable {
    case q4_0
    case q8_0

    var bytes: Int { self == .q4_0 ? 18 : 34 }

    func writeBits(
      _ set: KernelSet,
      _ blocks: UnsafePointer<UInt8>?,
      _ count: Int,
      _ bits: UnsafeMutablePointer<UInt8>?
    ) {
      switch self {
      case .q4_0: lacuna_nonzero_q4_0(set.identifier, blocks, count, bits)
      case .q8_0: lacuna_nonzero_q8_0(set.identifier, blocks, count, bits)
      }
    }

    func isZero(_ block: ArraySlice<UInt8>, _ element: Int) -> Bool {
      let codes = block.dropFirst(2)
      if block[block.startIndex] == 0 && block[block.startIndex + 1] & 0x7F == 0 { return true }
      switch self {
      case .q4_0: return codes[codes.startIndex + element % 16] >> (element < 16 ? 0 : 4) & 15 == 8
      case .q8_0: return codes[codes.startIndex + element] == 0
      }
    }
  }

  @Test(
    "Zeros are the zero codes and all elements of blocks whose scale is 0 or -0",
    arguments: KernelSet.available,
    BlockType.allCases
  )
  func zeros(set: KernelSet, type: BlockType) throws {
    for count in Self.counts {
      var generator = SeededGenerator(seed: UInt64(count))
      var blocks = (0..<count * type.bytes).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      for index in blocks.indices where generator.next() % 2 == 0 {
        blocks[index] = type == .q4_0 ? 0x88 : 0
      }
      // Scales of 0 and -0, and the smallest and largest that aren't.
      for block in 0..<count {
        let scale: UInt16 = [0, 0x8000, 1, 0x7FFF, 0x0080, 0xFF00][Int(generator.next() % 6)]
        blocks[block * type.bytes] = UInt8(scale & 0xFF)
        blocks[block * type.bytes + 1] = UInt8(scale >> 8)
      }
      for offset in [0, 1] {
        var bits = CanaryBytes(count: 4 * count, offset: offset)
        withBytes(blocks, offset: offset) { blocks in
          bits.withPointer { type.writeBits(set, blocks, count, $0) }
        }
        let found = (0..<32 * count).map { bits.bytes[$0 / 8] >> UInt8($0 % 8) & 1 == 0 }
        let expected = (0..<32 * count).map { index in
          type.isZero(blocks[(index / 32 * type.bytes)...].prefix(type.bytes), index % 32)
        }
        try #require(found == expected, "\(count) blocks")
        try #require(bits.isIntact, "\(count) blocks")
      }
    }
  }

  @Test("Blocks and codes are read and written up to the ends and no further", arguments: KernelSet.available)
  func bounds(set: KernelSet) throws {
    let (input, factors, output) = (try GuardedMemory(), try GuardedMemory(), try GuardedMemory())
    for count in Self.counts {
      for type in BlockType.allCases {
        let blocks = input.holding([UInt8](repeating: 1, count: count * type.bytes))
        let bits = output.last(4 * count, of: UInt8.self)
        bits.update(repeating: 0, count: 4 * count)
        type.writeBits(set, blocks, count, bits)
        #expect((0..<4 * count).allSatisfy { bits[$0] == 0xFF })
      }
      let numbers = output.last(64 * count, of: UInt8.self)
      let codes = input.holding([Int8](repeating: 1, count: 16 * count))
      let ones = factors.holding([Float](repeating: 1, count: count))
      lacuna_scale_codes(set.identifier, codes, ones, ones, count, numbers)
      #expect((0..<16 * count).allSatisfy { numbers[4 * $0 + 3] == 0x40 && numbers[4 * $0 + 2] == 0 })
    }
  }
}
