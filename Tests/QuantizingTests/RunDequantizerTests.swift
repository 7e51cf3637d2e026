import ModelIR
import Quantizing
import TestSupport
import Testing

@Suite("Dequantizing")
struct RunDequantizerTests {
  /// Lengths around those of the pieces and of the tables.
  static let lengths = [0, 1, 2, 15, 16, 32, 63, 64, 65, 128, 1023, 1024, 1500]

  /// The results of a run, as numbers; checks that nothing around them is written and that every NaN is quiet.
  static func run(
    _ dequantizer: RunDequantizer,
    _ codes: [UInt8],
    scale: UInt64,
    zeroPoint: Int? = nil
  ) throws -> [Double] {
    let format = try #require(FloatFormat(dequantizer.result))
    let width = format.byteWidth
    var numbers = [UInt8](repeating: 0xA5, count: codes.count * width + 2)
    dequantizer.dequantize(
      [1, 2, 3] + codes + [4],
      from: 3,
      count: codes.count,
      scale: UInt32(scale),
      zeroPoint: zeroPoint,
      into: &numbers,
      at: 1
    )
    try #require(numbers.first == 0xA5 && numbers.last == 0xA5)
    return try codes.indices.map { index in
      let result = bits(numbers, at: 1 + index * width, width: width)
      let value = format.value(ofBits: result)
      let quietBit = format == .float32 ? 22 : format == .float16 ? 9 : 6
      try #require(!value.isNaN || result >> UInt64(quietBit) & 1 == 1)
      return value
    }
  }

  /// Bits of a format: its marks and random ones.
  static func scales(_ format: FloatFormat, _ generator: inout SeededGenerator) -> [UInt64] {
    guard let (exponentBits, fractionBits, _) = format.parts else { return [] }
    let infinity = (UInt64(1) << UInt64(exponentBits) - 1) << UInt64(fractionBits)
    let sign = infinity &+ 1 << UInt64(fractionBits)
    let marks = [
      0, sign, 1, infinity - 1, infinity, sign | infinity, infinity | 1, 1 << UInt64(fractionBits),
    ]
    return marks + (0..<8).map { _ in generator.next() % (sign << 1) }
  }

  @Test(
    "An affine run is subtracted and multiplied in the scale's type, each rounded",
    arguments: RunDequantizer.AffineCodes.allCases,
    [ElementType.bfloat16, .float16, .float32]
  )
  func affine(codes: RunDequantizer.AffineCodes, type: ElementType) throws {
    let dequantizer = try #require(RunDequantizer(affine: codes, scaleType: type))
    #expect(dequantizer.result == type)
    let format = try #require(FloatFormat(type))
    let value: (Int) -> Double = { code in
      codes == .integers
        ? Double(Int8(truncatingIfNeeded: code)) : FloatFormat.e4m3.value(ofBits: UInt64(code & 0xFF))
    }
    let zeroPoints: [Int?] =
      codes == .integers
      ? [nil, 0, 1, -1, 8, -128, 127] : [nil, 0x00, 0x80, 0x01, 0x38, 0xC3, 0x7E, 0xFE, 0x7F]
    try withSeed { generator in
      for scale in Self.scales(format, &generator) {
        for zeroPoint in zeroPoints {
          let run = Array(UInt8.min...UInt8.max)
          let results = try Self.run(dequantizer, run, scale: scale, zeroPoint: zeroPoint)
          for (code, result) in zip(run, results) {
            let difference =
              zeroPoint.map { format.rounded(value(Int(code)) - value($0)) } ?? value(Int(code))
            let product = FloatFormat.float32.rounded(difference * format.value(ofBits: scale))
            try #require(
              isSame(result, format.rounded(product)),
              "code \(code) scale \(scale) zero \(String(describing: zeroPoint))"
            )
          }
        }
      }
    }
  }

  @Test(
    "An integer zero point wider than the codes is rounded too",
    arguments: [ElementType.bfloat16, .float16]
  )
  func wideZeroPoint(type: ElementType) throws {
    let dequantizer = try #require(RunDequantizer(affine: .integers, scaleType: type))
    let format = try #require(FloatFormat(type))
    // 3, so that rounding the product alone gives other numbers.
    let scale: UInt64 = type == .bfloat16 ? 0x4040 : 0x4200
    for zeroPoint in [129, -259, 4099, 32767, -32768, 100_000] {
      let codes = Array(UInt8.min...UInt8.max)
      let results = try Self.run(dequantizer, codes, scale: scale, zeroPoint: zeroPoint)
      let zero = format.rounded(Double(zeroPoint))
      for (code, result) in zip(codes, results) {
        let difference = format.rounded(Double(Int8(bitPattern: code)) - zero)
        try #require(isSame(result, format.rounded(3 * difference)), "code \(code) zero \(zeroPoint)")
      }
    }
  }

  @Test("NVFP4 divides the scale and multiplies in single precision and rounds to BF16 at last")
  func nvfp4() throws {
    let single = FloatFormat.float32
    try withSeed { generator in
      let randoms = (0..<4).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: generator.next())) }
      for globalScale in [1, 944, 852, 0, -3, .infinity, .nan, 0x1p-140] + randoms {
        let dequantizer = RunDequantizer(nvfp4GlobalScale: globalScale)
        for scale in UInt64(0)..<256 {
          let codes = (0..<16).map(UInt8.init)
          let quotient = FloatFormat.e4m3.value(ofBits: scale) / Double(globalScale)
          for (code, result) in zip(codes, try Self.run(dequantizer, codes, scale: scale)) {
            let value = FloatFormat.e2m1.value(ofBits: UInt64(code))
            let product = single.rounded(value * single.rounded(quotient))
            try #require(
              isSame(result, FloatFormat.bfloat16.rounded(product)),
              "code \(code) scale \(scale) global \(globalScale)"
            )
          }
        }
      }
    }
  }

  @Test(
    "A microscaling run is its values times a power of two, rounded to BF16",
    arguments: [(RunDequantizer.MicroscalingCodes.e2m1, FloatFormat.e2m1), (.e2m3, .e2m3), (.e4m3, .e4m3)]
  )
  func microscaling(codes: RunDequantizer.MicroscalingCodes, format: FloatFormat) throws {
    let dequantizer = RunDequantizer(microscaling: codes)
    for scale in UInt64(0)..<256 {
      let run = (0..<(1 << format.bitWidth)).map(UInt8.init)
      let factor = scale == 255 ? Double.nan : Double(sign: .plus, exponent: Int(scale) - 127, significand: 1)
      for (code, result) in zip(run, try Self.run(dequantizer, run, scale: scale)) {
        let product = format.value(ofBits: UInt64(code)) * factor
        try #require(isSame(result, FloatFormat.bfloat16.rounded(product)), "code \(code) scale \(scale)")
      }
    }
  }

  @Test("A run's length changes no number")
  func lengths() throws {
    let dequantizers: [(RunDequantizer, UInt64, Int?)] = [
      (try #require(RunDequantizer(affine: .integers, scaleType: .bfloat16)), 0x3C12, 3),
      (try #require(RunDequantizer(affine: .integers, scaleType: .float16)), 0x2C12, nil),
      (try #require(RunDequantizer(affine: .e4m3, scaleType: .float32)), 0x3C12_3456, 0x81),
      (try #require(RunDequantizer(affine: .e4m3, scaleType: .float16)), 0x2C12, 0x80),
      (RunDequantizer(nvfp4GlobalScale: 944), 0x7B, nil),
      (RunDequantizer(microscaling: .e4m3), 0x78, nil),
    ]
    try withSeed { generator in
      for (dequantizer, scale, zeroPoint) in dequantizers {
        let single = try (UInt8.min...UInt8.max).map {
          try Self.run(dequantizer, [$0], scale: scale, zeroPoint: zeroPoint)[0]
        }
        for length in Self.lengths {
          let codes = generator.bytes(length)
          let results = try Self.run(dequantizer, codes, scale: scale, zeroPoint: zeroPoint)
          for (code, result) in zip(codes, results) { try #require(isSame(result, single[Int(code)])) }
        }
      }
    }
  }

  @Test("Only BF16, F16 and F32 are types of affine scales")
  func scaleTypes() {
    for codes in RunDequantizer.AffineCodes.allCases {
      let types = ElementType.allCases.filter { RunDequantizer(affine: codes, scaleType: $0) != nil }
      #expect(types == [.float16, .bfloat16, .float32])
    }
  }
}
