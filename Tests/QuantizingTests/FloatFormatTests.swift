import ModelIR
import Quantizing
import TestSupport
import Testing

@Suite("Float formats")
struct FloatFormatTests {
  @Test("Every code of E2M1 and E2M3 has the value that the MX specification lists")
  func listedValues() {
    let e2m1: [Double] = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    let eighths: [Double] = [0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875]
    let e2m3 = eighths + [1.0, 2.0, 4.0].flatMap { power in eighths.map { (1 + $0) * power } }
    for (format, values) in [(FloatFormat.e2m1, e2m1), (.e2m3, e2m3)] {
      for (code, value) in values.enumerated() {
        #expect(isSame(format.value(ofBits: UInt64(code)), value))
        #expect(isSame(format.value(ofBits: UInt64(values.count + code)), -value))
      }
    }
  }

  @Test(
    "The marks of a format have the values of its specification",
    arguments: [
      (FloatFormat.e4m3, 0x00, 0.0), (.e4m3, 0x80, -0.0), (.e4m3, 0x01, 0x1p-9), (.e4m3, 0x07, 0x1.cp-7),
      (.e4m3, 0x08, 0x1p-6), (.e4m3, 0x38, 1), (.e4m3, 0x7E, 448), (.e4m3, 0x7F, .nan), (.e4m3, 0xFE, -448),
      (.e4m3, 0xFF, .nan),
      (.e5m2, 0x01, 0x1p-16), (.e5m2, 0x7B, 57344), (.e5m2, 0x7C, .infinity), (.e5m2, 0xFC, -.infinity),
      (.e5m2, 0x7D, .nan), (.e5m2, 0xFF, .nan),
      (.e3m2, 0x01, 0x1p-4), (.e3m2, 0x1F, 28), (.e3m2, 0x3F, -28),
      (.e8m0, 0x00, 0x1p-127), (.e8m0, 0x7F, 1), (.e8m0, 0xFE, 0x1p127), (.e8m0, 0xFF, .nan),
      (.float16, 0x0001, 0x1p-24), (.float16, 0x7BFF, 65504), (.float16, 0xFC00, -.infinity),
      (.bfloat16, 0x0001, 0x1p-133), (.bfloat16, 0x7F7F, 0x1.fep127), (.bfloat16, 0x7F81, .nan),
      (.float32, 0x0000_0001, 0x1p-149), (.float32, 0x7F80_0001, .nan),
      (.float64, 0x0000_0000_0000_0001, 0x1p-1074), (.float64, 0x7FF0_0000_0000_0001, .nan),
    ] as [(FloatFormat, UInt64, Double)]
  )
  func marks(format: FloatFormat, bits: UInt64, value: Double) {
    #expect(isSame(format.value(ofBits: bits), value))
  }

  @Test("Finite codes of 8 bits and fewer are sign, exponent and fraction", arguments: FloatFormat.allCases)
  func finiteCodes(format: FloatFormat) throws {
    guard let (exponentBits, fractionBits, bias) = format.parts, format.bitWidth <= 8 else { return }
    for code in 0..<(1 << format.bitWidth) {
      let value = format.value(ofBits: UInt64(code))
      guard value.isFinite else { continue }
      let fraction = Double(code % (1 << fractionBits)) / Double(1 << fractionBits)
      let exponent = code >> fractionBits % (1 << exponentBits)
      let magnitude =
        exponent == 0
        ? Double(sign: .plus, exponent: 1 - bias, significand: fraction)
        : Double(sign: .plus, exponent: exponent - bias, significand: 1 + fraction)
      try #require(isSame(value, code >> (format.bitWidth - 1) == 1 ? -magnitude : magnitude))
    }
  }

  @Test("Only the codes that the specification names are not finite")
  func nonfiniteCodes() {
    let expected: [FloatFormat: Int] = [.e4m3: 2, .e5m2: 8, .e2m1: 0, .e2m3: 0, .e3m2: 0, .e8m0: 1]
    for (format, count) in expected {
      let codes = 0..<UInt64(1 << format.bitWidth)
      #expect(codes.count { !format.value(ofBits: $0).isFinite } == count)
    }
  }

  @Test("E5M2 is the upper byte of F16")
  func upperByte() throws {
    for code in UInt64(0)..<256 {
      let half = FloatFormat.float16.value(ofBits: code << 8)
      try #require(isSame(FloatFormat.e5m2.value(ofBits: code), half))
    }
  }

  @Test("Every F16 and BF16 has the standard library's value")
  func halves() throws {
    for bits in UInt16.min...UInt16.max {
      let half = FloatFormat.float16.value(ofBits: UInt64(bits))
      try #require(isSame(half, Double(Float16(bitPattern: bits))))
      let brain = FloatFormat.bfloat16.value(ofBits: UInt64(bits))
      try #require(isSame(brain, Double(Float(bitPattern: UInt32(bits) << 16))))
    }
  }

  @Test("Bits above a format's own are ignored", arguments: FloatFormat.allCases.filter { $0.bitWidth < 64 })
  func upperBits(format: FloatFormat) {
    let one = (0..<(UInt64(1) << 16)).first { format.value(ofBits: $0 << (format == .float32 ? 16 : 0)) == 1 }
    let bits = (one ?? 0) << (format == .float32 ? 16 : 0)
    #expect(format.value(ofBits: bits | ~0 << UInt64(format.bitWidth)) == 1)
  }

  @Test("A run has the values of its codes, at any alignment", arguments: FloatFormat.allCases)
  func runs(format: FloatFormat) throws {
    try withSeed { generator in
      let width = format.byteWidth
      for (start, count, target) in [(0, 0, 0), (0, 1, 0), (1, 300, 2), (3, 65, 0)] {
        let bytes = generator.bytes(start + count * width)
        var values = [Double](repeating: 7, count: target + count + 1)
        format.values(of: bytes, from: start, count: count, into: &values, at: target)
        for index in 0..<count {
          let expected = format.value(ofBits: bits(bytes, at: start + index * width, width: width))
          try #require(isSame(values[target + index], expected))
        }
        try #require(values[..<target].allSatisfy { $0 == 7 } && values.last == 7)
      }
    }
  }

  @Test("Exactly the float types with one of these formats have one")
  func elementTypes() {
    let formats = ElementType.allCases.compactMap { type in FloatFormat(type).map { (type, $0) } }
    #expect(formats.map(\.1.bitWidth) == formats.map(\.0.bitWidth))
    #expect(Set(formats.map(\.1)) == Set(FloatFormat.allCases))
    #expect(
      ElementType.allCases.filter { $0.isFloatingPoint && FloatFormat($0) == nil }
        == [.float8E4M3FNUZ, .float8E5M2FNUZ, .complex64, .complex128]
    )
    #expect(ElementType.allCases.allSatisfy { $0.isFloatingPoint || FloatFormat($0) == nil })
    #expect(FloatFormat(.float8E4M3) == .e4m3)
    #expect(FloatFormat(.float8E5M2) == .e5m2)
    #expect(FloatFormat(.float8E8M0) == .e8m0)
    #expect(FloatFormat(.float6E2M3) == .e2m3)
    #expect(FloatFormat(.float16) == .float16)
  }
}
