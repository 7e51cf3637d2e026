import ModelIR
import Quantizing
import TestSupport
import Testing

@Suite("Casting")
struct FloatCastTests {
  static let types: [ElementType] = [.float64, .float32, .float16, .bfloat16]

  /// Bits of elements: all of 16 bits; of wider ones random bits, and each 16-bit number and half steps from it
  /// with their neighbours.
  static func elements(_ type: ElementType, _ generator: inout SeededGenerator) -> [UInt64] {
    switch type {
    case .float32:
      let near = (0..<2000).flatMap { _ in
        let upper = generator.next() & 0xFFFF << 16
        let half = generator.next() & 0xFFFF_E000
        return [
          upper, upper | 0x7FFF, upper | 0x8000, upper | 0x8001, half, half | 0xFFF, half | 0x1000,
          half | 0x1001,
        ]
      }
      let subnormalHalves = (0..<4096).map { UInt64(Float(Double($0) * 0x1p-25).bitPattern) }
      return near + subnormalHalves + (0..<2000).map { _ in generator.next() & 0xFFFF_FFFF }
    case .float64:
      let narrow = elements(.float32, &generator).flatMap { single -> [UInt64] in
        let bits = Double(Float(bitPattern: UInt32(single))).bitPattern
        return [bits, bits &+ 1, bits &- 1, bits | 0x1000_0000, bits | 0x0FFF_FFFF, bits | 0x1000_0001]
      }
      return narrow + (0..<2000).map { _ in generator.next() }
    default: return (0..<65536).map { $0 }
    }
  }

  @Test("Every element becomes the nearest number, ties to even", arguments: types, types)
  func values(source: ElementType, target: ElementType) throws {
    let cast = try #require(FloatCast(from: source, to: target))
    let (from, to) = (try #require(FloatFormat(source)), try #require(FloatFormat(target)))
    try withSeed { generator in
      let elements = Self.elements(source, &generator)
      let input: [UInt8] = [7] + elements.flatMap { littleEndian($0, width: from.byteWidth) }
      var output = [UInt8](repeating: 0xA5, count: elements.count * to.byteWidth + 4)
      let changed = cast.cast(input, from: 1, count: elements.count, into: &output, at: 3)
      try #require(output[..<3].allSatisfy { $0 == 0xA5 } && output.last == 0xA5)
      var expectedChanges = 0
      for (index, element) in elements.enumerated() {
        let value = from.value(ofBits: element)
        let result = bits(output, at: 3 + index * to.byteWidth, width: to.byteWidth)
        let expected = to.rounded(value)
        try #require(isSame(to.value(ofBits: result), expected), "bits \(element)")
        if !isSame(value, expected) { expectedChanges += 1 }
      }
      try #require(changed == expectedChanges)
      let isExact = from == to || to == .float64 || to == .float32 && from != .float64
      try #require((changed == 0) == isExact)
    }
  }

  @Test("A cast to the same type copies the bits, those of a NaN too", arguments: types)
  func identity(type: ElementType) throws {
    let cast = try #require(FloatCast(from: type, to: type))
    let width = try #require(type.byteWidth)
    let bytes =
      [UInt8](repeating: 0, count: width - 2) + [0x81, 0x7F] + [UInt8](repeating: 0xFF, count: width)
    var copy = [UInt8](repeating: 0, count: 2 * width)
    #expect(cast.cast(bytes, from: 0, count: 2, into: &copy, at: 0) == 0)
    #expect(copy == bytes)
  }

  @Test("A signalling NaN becomes quiet, keeps its sign and doesn't become infinite")
  func signallingNaN() throws {
    let cases: [(ElementType, UInt64, ElementType, UInt64)] = [
      (.float32, 0xFF80_0001, .bfloat16, 0xFFC0), (.float32, 0xFF80_0001, .float16, 0xFE00),
      (.float32, 0x7FBF_FFFF, .bfloat16, 0x7FFF), (.float32, 0x7FFF_FFFF, .bfloat16, 0x7FFF),
      (.float16, 0xFC01, .float32, 0xFFC0_2000), (.bfloat16, 0x7F81, .float32, 0x7FC1_0000),
      (.float16, 0x7C01, .bfloat16, 0x7FC0), (.bfloat16, 0xFF81, .float16, 0xFE08),
      (.float64, 0xFFF0_0000_0000_0001, .bfloat16, 0xFFC0),
      (.float64, 0x7FF0_0000_0000_0001, .float16, 0x7E00),
      (.float64, 0x7FF0_0000_0000_0001, .float32, 0x7FC0_0000),
      (.float32, 0x7F80_0001, .float64, 0x7FF8_0000_2000_0000),
    ]
    for (source, element, target, expected) in cases {
      let cast = try #require(FloatCast(from: source, to: target))
      let (from, to) = (try #require(source.byteWidth), try #require(target.byteWidth))
      var output = [UInt8](repeating: 0, count: to)
      #expect(cast.cast(littleEndian(element, width: from), from: 0, count: 1, into: &output, at: 0) == 0)
      #expect(bits(output, at: 0, width: to) == expected, "\(source.name) \(element) to \(target.name)")
    }
  }

  @Test("Only F64, F32, F16 and BF16 are cast")
  func supportedTypes() {
    for type in ElementType.allCases {
      #expect((FloatCast(from: type, to: .float32) != nil) == Self.types.contains(type))
      #expect((FloatCast(from: .float32, to: type) != nil) == Self.types.contains(type))
    }
  }
}
