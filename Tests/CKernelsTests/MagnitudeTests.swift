import CKernels
import Testing

/// A type whose magnitudes are summed.
struct NumberType: CustomStringConvertible, Sendable {
  let description: String
  let value: lacuna_number_type
  /// What a code stands for.
  let number: @Sendable (UInt64) -> Double

  var width: Int { Int(value.width) }
  var allBits: UInt64 { .max >> UInt64(64 - 8 * width) }

  private init(
    _ name: String,
    _ form: lacuna_number_form,
    _ width: UInt32,
    mantissa: UInt32 = 0,
    bias: Int32 = 0,
    nonfinite: UInt64 = 0,
    _ number: @escaping @Sendable (UInt64) -> Double
  ) {
    description = name
    value = lacuna_number_type(
      form: form,
      width: width,
      mantissa: mantissa,
      bias: bias,
      nonfinite: nonfinite
    )
    self.number = number
  }

  /// A float of a byte, all of whose codes are numbers.
  private static func small(_ code: UInt64, mantissa: Int, bias: Int) -> Double {
    let field = Int(code & 0x7f) >> mantissa
    let fraction = Double(code & (1 << UInt64(mantissa) - 1)) / Double(1 << mantissa)
    let power = Double(sign: .plus, exponent: max(1, field) - bias, significand: 1)
    return (field == 0 ? fraction : 1 + fraction) * power
  }

  static let all = [
    NumberType("bfloat16", LACUNA_NUMBERS_FLOAT, 2, mantissa: 7, bias: 127, nonfinite: 0x7f80) {
      Double(Float(bitPattern: UInt32($0) << 16))
    },
    NumberType("binary16", LACUNA_NUMBERS_FLOAT, 2, mantissa: 10, bias: 15, nonfinite: 0x7c00) { code in
      if code & 0x7c00 == 0x7c00 { return .nan }
      let (field, fraction) = (Int(code >> 10 & 0x1f), Double(code & 0x3ff) / 1024)
      let power = Double(sign: .plus, exponent: max(1, field) - 15, significand: 1)
      return (field == 0 ? fraction : 1 + fraction) * power
    },
    NumberType("binary32", LACUNA_NUMBERS_FLOAT, 4, mantissa: 23, bias: 127, nonfinite: 0x7f80_0000) {
      Double(Float(bitPattern: UInt32($0)))
    },
    NumberType(
      "binary64",
      LACUNA_NUMBERS_FLOAT,
      8,
      mantissa: 52,
      bias: 1023,
      nonfinite: 0x7ff0_0000_0000_0000
    ) {
      Double(bitPattern: $0)
    },
    NumberType("E4M3", LACUNA_NUMBERS_FLOAT, 1, mantissa: 3, bias: 7, nonfinite: 0x7f) {
      $0 & 0x7f == 0x7f ? .nan : small($0, mantissa: 3, bias: 7)
    },
    NumberType("E5M2", LACUNA_NUMBERS_FLOAT, 1, mantissa: 2, bias: 15, nonfinite: 0x7c) {
      $0 & 0x7f >= 0x7c ? .nan : small($0, mantissa: 2, bias: 15)
    },
    NumberType("E4M3FNUZ", LACUNA_NUMBERS_FLOAT, 1, mantissa: 3, bias: 8, nonfinite: 0x80) {
      $0 == 0x80 ? .nan : small($0, mantissa: 3, bias: 8)
    },
    NumberType("E5M2FNUZ", LACUNA_NUMBERS_FLOAT, 1, mantissa: 2, bias: 16, nonfinite: 0x80) {
      $0 == 0x80 ? .nan : small($0, mantissa: 2, bias: 16)
    },
    NumberType("int8", LACUNA_NUMBERS_SIGNED, 1) { Double(Int8(truncatingIfNeeded: $0)) },
    NumberType("int16", LACUNA_NUMBERS_SIGNED, 2) { Double(Int16(truncatingIfNeeded: $0)) },
    NumberType("int32", LACUNA_NUMBERS_SIGNED, 4) { Double(Int32(truncatingIfNeeded: $0)) },
    NumberType("int64", LACUNA_NUMBERS_SIGNED, 8) { Double(Int64(truncatingIfNeeded: $0)) },
    NumberType("uint8", LACUNA_NUMBERS_UNSIGNED, 1) { Double($0) },
    NumberType("uint16", LACUNA_NUMBERS_UNSIGNED, 2) { Double($0) },
    NumberType("uint32", LACUNA_NUMBERS_UNSIGNED, 4) { Double($0) },
    NumberType("uint64", LACUNA_NUMBERS_UNSIGNED, 8) { Double($0) },
  ]
}

/// What elements are drawn from.
enum Draw: CaseIterable, Sendable {
  /// All finite, many the same, some zeros of both signs.
  case finite
  /// Any code at all.
  case any
  /// Mostly what is not finite, the largest finite and the smallest subnormal numbers.
  case special

  func code(_ type: NumberType, _ generator: inout SeededGenerator) -> UInt64 {
    let sign = (type.allBits >> 1) + 1
    let code: UInt64
    switch self {
    case .any: code = UInt64.random(in: 0...type.allBits, using: &generator)
    case .finite:
      if Int.random(in: 0..<8, using: &generator) == 0 { return Bool.random(using: &generator) ? 0 : sign }
      let drawn = UInt64.random(in: 0...type.allBits, using: &generator)
      // Few codes, so that some are equal, at least.
      code = Bool.random(using: &generator) ? drawn : drawn & ~(type.allBits >> 4)
    case .special:
      let first = type.value.nonfinite == 0 ? sign : type.value.nonfinite
      let codes = [first, first - 1, first &+ 1, 1, 2, 0, type.allBits, sign - 1]
      code =
        codes[Int.random(in: codes.indices, using: &generator)] & type.allBits
        | (Bool.random(using: &generator) ? sign : 0)
    }
    // -0 is the one finite number that a lone sign bit can be.
    return self == .finite && !type.number(code).isFinite ? 1 : code
  }
}

/// Groups in memory.
struct GroupSample {
  let bytes: [UInt8]
  let groups: lacuna_groups
  /// The sums by definition.
  var expected = lacuna_magnitudes()

  /// How groups lie.
  enum Lie: CaseIterable, Sendable {
    case along
    case across
    /// As the ends of rows.
    case apart
  }

  init(
    _ type: NumberType,
    _ draw: Draw,
    _ lie: Lie,
    kept: Int,
    size: Int,
    count: Int,
    seed: UInt64
  ) {
    var generator = SeededGenerator(seed: seed)
    let width = type.width
    let (stride, elementStride) =
      switch lie {
      case .along: (size, 1)
      case .across: (1, count)
      case .apart: (size + 3, 1)
      }
    groups = lacuna_groups(
      count: count,
      stride: stride * width,
      element_stride: elementStride * width,
      size: UInt32(size),
      kept: UInt32(kept)
    )
    let length = count == 0 ? 0 : (count - 1) * stride + (size - 1) * elementStride + 1
    let codes = (0..<length).map { _ in draw.code(type, &generator) }
    bytes = codes.flatMap { code in (0..<width).map { UInt8(truncatingIfNeeded: code >> UInt64(8 * $0)) } }
    for group in 0..<count {
      let numbers = (0..<size).map { abs(type.number(codes[group * stride + $0 * elementStride])) }
      let finite = numbers.filter(\.isFinite).sorted(by: >)
      for (place, number) in finite.enumerated() {
        expected.all_first += number
        expected.all_second += number * number
        if place + (size - finite.count) >= kept {
          expected.removed_first += number
          expected.removed_second += number * number
        }
      }
    }
  }
}

@Suite("Sums of magnitudes")
struct MagnitudeTests {
  static let patterns = [
    (2, 4), (1, 4), (3, 4), (1, 2), (2, 8), (4, 8), (8, 16), (31, 32), (3, 7), (2, 1), (2, 3),
  ]
  // Around a step and, of fours, a run.
  static func counts(_ size: Int) -> [Int] { [0, 1, 7, 8, 9] + (size == 4 ? [513] : [17]) }

  private static func sums(
    _ set: KernelSet,
    _ type: NumberType,
    _ sample: GroupSample,
    _ elements: UnsafePointer<UInt8>?
  ) -> [Double] {
    let sums = lacuna_sum_magnitudes(set.identifier, elements, type.value, sample.groups)
    return [sums.all_first, sums.all_second, sums.removed_first, sums.removed_second]
  }

  /// The test's own sums lose a unit in the last place each time that a number is added; the kernels' lose fewer.
  private static func isClose(_ found: Double, _ expected: Double, _ elements: Int) -> Bool {
    found == expected || abs(found - expected) <= expected * Double(elements + 70) * 0x1p-53
  }

  @Test(
    "Sums are those of sorted groups, for every type, pattern and lie, and the same bits in every set",
    arguments: NumberType.all,
    Draw.allCases
  )
  func sums(type: NumberType, draw: Draw) throws {
    let memory = try GuardedMemory()
    for (kept, size) in Self.patterns {
      for lie in GroupSample.Lie.allCases {
        for count in Self.counts(size) {
          let seed = UInt64(count * 64 + size)
          let sample = GroupSample(type, draw, lie, kept: kept, size: size, count: count, seed: seed)
          let expected = [
            sample.expected.all_first, sample.expected.all_second, sample.expected.removed_first,
            sample.expected.removed_second,
          ]
          let note = "\(type), \(draw), \(lie), \(count) groups of \(kept):\(size)"
          let reference = sample.bytes.withUnsafeBufferPointer {
            Self.sums(.scalar, type, sample, $0.baseAddress)
          }
          for (found, expected) in zip(reference, expected) {
            try #require(Self.isClose(found, expected, count * size), "\(note): \(found), \(expected)")
          }
          for set in KernelSet.available {
            // At the end of memory where it is large enough, and nowhere aligned else.
            let found =
              sample.bytes.count <= 16384
              ? Self.sums(set, type, sample, memory.holding(sample.bytes))
              : withBytes(sample.bytes, offset: 3) { Self.sums(set, type, sample, $0) }
            try #require(found.map(\.bitPattern) == reference.map(\.bitPattern), "\(note), \(set)")
          }
        }
      }
    }
  }

  @Test(
    "One number that is not finite changes nothing about the groups around it",
    arguments: KernelSet.available
  )
  func oneNaN(set: KernelSet) {
    let type = NumberType.all[0]
    // 1, 2, 3, 4 a group, one group of which has NaN for its 4.
    let codes: [UInt64] = (0..<2048).flatMap {
      $0 == 700 ? [0x3f80, 0x4000, 0x4040, 0x7fc1] : [0x3f80, 0x4000, 0x4040, 0x4080]
    }
    let bytes = codes.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
    let groups = lacuna_groups(count: 2048, stride: 8, element_stride: 2, size: 4, kept: 2)
    let sums = lacuna_sum_magnitudes(set.identifier, bytes, type.value, groups)
    #expect(sums.all_first == 2047 * 10 + 6)
    #expect(sums.all_second == 2047 * 30 + 14)
    #expect(sums.removed_first == 2048 * 3)
    #expect(sums.removed_second == 2048 * 5)
  }

  @Test("Squares that overflow a float are summed in double precision", arguments: KernelSet.available)
  func hugeSquares(set: KernelSet) {
    let number: Float = 0x1p127
    let bytes = (0..<64).flatMap { _ in
      (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> ($0 * 8)) }
    }
    let groups = lacuna_groups(count: 16, stride: 16, element_stride: 4, size: 4, kept: 1)
    let sums = lacuna_sum_magnitudes(set.identifier, bytes, NumberType.all[2].value, groups)
    #expect(sums.all_second == 64 * 0x1p254)
    #expect(sums.removed_second == 48 * 0x1p254)
  }
}
