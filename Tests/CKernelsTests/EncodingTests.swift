import CKernels
import Testing

/// The sets' results among each other; what they have to be is checked where blocks are encoded.
@Suite("Encoding of blocks")
struct EncodingTests {
  /// A type whose encoder is a kernel.
  enum BlockType: CaseIterable, Sendable {
    case q4_0
    case q8_0

    var bytes: Int { self == .q4_0 ? 18 : 34 }

    func encode(
      _ set: KernelSet,
      _ numbers: UnsafePointer<UInt8>?,
      _ count: Int,
      _ blocks: UnsafeMutablePointer<UInt8>?
    ) -> Int {
      switch self {
      case .q4_0: lacuna_encode_q4_0(set.identifier, numbers, count, blocks)
      case .q8_0: lacuna_encode_q8_0(set.identifier, numbers, count, blocks)
      }
    }

    /// The block of 32 numbers, step by step as ggml makes it; nil if its scale is infinite.
    func block(_ numbers: ArraySlice<Float>) -> [UInt8]? {
      let largest = numbers.reduce(Float(0)) { max($0, $1.magnitude) }
      let dominant = largest == 0 ? 0 : numbers.first { $0.magnitude == largest } ?? 0
      let scale = self == .q4_0 ? dominant / -8 : largest / 127
      let half = Self.half(scale)
      if half & 0x7C00 == 0x7C00 { return nil }
      // Where ggml converts what no integer can hold, it gets 0 in the lowest byte.
      let inverse = scale == 0 ? 0 : 1 / scale
      let codes = numbers.map { number -> UInt8 in
        let scaled = number * inverse
        if self == .q8_0 {
          return inverse.isInfinite
            ? 0 : UInt8(truncatingIfNeeded: Int(scaled.rounded(.toNearestOrAwayFromZero)))
        }
        return inverse.isInfinite ? 0 : UInt8(min(15, Int(scaled + 8.5)))
      }
      let stored = self == .q8_0 ? codes : (0..<16).map { codes[$0] | codes[$0 + 16] << 4 }
      return [UInt8(half & 0xFF), UInt8(half >> 8)] + stored
    }

    /// The nearest number of half precision, ties to even, found by halving the distance.
    private static func half(_ number: Float) -> UInt16 {
      func value(_ bits: Int) -> Double {
        let (exponent, fraction) = (bits >> 10, Double(bits & 0x3FF))
        let significand = exponent == 0 ? fraction : fraction + 1024
        return (0..<max(1, exponent)).reduce(significand * 0x1p-25) { value, _ in value * 2 }
      }
      let magnitude = Double(number.magnitude)
      var (low, high) = (0, 0x7C00)
      while high - low > 1 {
        let middle = (low + high) / 2
        if value(middle) <= magnitude { low = middle } else { high = middle }
      }
      let (below, above) = (magnitude - value(low), value(high) - magnitude)
      let nearest = below < above || (below == above && low % 2 == 0) ? low : high
      return UInt16(nearest) | (number.sign == .minus ? 0x8000 : 0)
    }
  }

  /// A way to draw the 32 numbers of a block.
  enum Kind: CaseIterable {
    case plain, bits, ties, halves, zeros, subnormal, tiny, large

    func draw(_ generator: inout SeededGenerator) -> [Float] {
      (0..<32).map { index in
        let sign: Float = generator.next() % 2 == 0 ? 1 : -1
        switch self {
        case .plain: return .random(in: -1...1, using: &generator)
        case .bits:
          // Exponents of any size, up to what a scale can be.
          let bits = UInt32(truncatingIfNeeded: generator.next()) % (142 << 23)
          return sign * Float(bitPattern: bits)
        case .ties: return sign * (generator.next() % 4 == 0 ? 0.5 : 1)
        case .halves:
          // Quotients that lie between two codes, or one step beside that.
          let number = Float(Int(generator.next() % 255) - 127) / 2
          let step = UInt32(truncatingIfNeeded: generator.next() % 3)
          return index == 5
            ? sign * 127 : Float(bitPattern: number.bitPattern &+ step &- (number == 0 ? 0 : 1))
        case .zeros: return sign * 0
        case .subnormal:
          return sign * Float(bitPattern: UInt32(truncatingIfNeeded: generator.next() % (1 << 23)))
        case .tiny: return sign * .random(in: 0...0x1p-120, using: &generator)
        case .large: return sign * .random(in: 7e6...9e6, using: &generator)
        }
      }
    }
  }

  @Test(
    "Blocks are those of the formulas, up to the first whose scale is infinite",
    arguments: KernelSet.available,
    BlockType.allCases
  )
  func blocks(set: KernelSet, type: BlockType) throws {
    for count in [0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 33, 100] {
      for kind in Kind.allCases {
        for offset in [0, 3] {
          var generator = SeededGenerator(seed: UInt64(count))
          let numbers = (0..<count).flatMap { block in
            // Large numbers come last, and only where they are meant.
            kind == .large && block < count / 2 ? Kind.plain.draw(&generator) : kind.draw(&generator)
          }
          let expected = (0..<count).map { type.block(numbers[32 * $0..<32 * $0 + 32]) }
          let fitting = expected.firstIndex(of: nil) ?? count
          var blocks = CanaryBytes(count: fitting * type.bytes, offset: offset)
          var bytes = numbers.flatMap { number in
            (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> UInt32(8 * $0)) }
          }
          if fitting < count {
            // Blocks in front of the failing one have to be there; what follows is not looked at.
            bytes = Array(bytes[..<(128 * fitting + 128)])
            var all = [UInt8](repeating: 0, count: (fitting + 1) * type.bytes)
            #expect(withBytes(bytes, offset: offset) { type.encode(set, $0, fitting + 1, &all) } == fitting)
            bytes = Array(bytes[..<(128 * fitting)])
          }
          let written = withBytes(bytes, offset: offset) { numbers in
            blocks.withPointer { type.encode(set, numbers, fitting, $0) }
          }
          try #require(written == fitting, "\(kind), \(count) blocks")
          let wanted = expected[..<fitting].flatMap { $0 ?? [] }
          try #require(blocks.bytes == wanted, "\(kind), \(count) blocks")
          try #require(blocks.isIntact, "\(kind), \(count) blocks")
        }
      }
    }
  }

  @Test("Numbers and blocks are touched up to the ends and no further", arguments: KernelSet.available)
  func bounds(set: KernelSet) throws {
    let (input, output) = (try GuardedMemory(), try GuardedMemory())
    for count in [0, 1, 5, 16, 31] {
      for type in BlockType.allCases {
        let numbers = input.holding([UInt8](repeating: 0x3C, count: 128 * count))
        let blocks = output.last(type.bytes * count, of: UInt8.self)
        #expect(type.encode(set, numbers, count, blocks) == count)
      }
    }
  }
}
