import ModelIR
import Quantizing
import Testing

@Suite struct ElementNumbersTests {
  @Test(
    "elements of every type with numbers are read as what they are worth",
    arguments: [
      (ElementType.bool, [0, 1], [0, 1]), (.uint8, [255], [255]), (.int8, [255, 0x80], [-1, -128]),
      (.int16, [0x00, 0x80], [-32768]), (.uint16, [0x01, 0x02], [513]),
      (.int32, [0xFE, 0xFF, 0xFF, 0xFF], [-2]),
      (.uint32, [0, 0, 0, 0x80], [2_147_483_648]), (.int64, [255, 255, 255, 255, 255, 255, 255, 255], [-1]),
      (.uint64, [0, 0, 0, 0, 0, 0, 0, 0x80], [0x1p63]), (.bfloat16, [0x80, 0xBF], [-1]),
      (.float16, [0x01, 0x00], [0x1p-24]), (.float32, [0, 0, 0xC0, 0x3F], [1.5]),
      (.float64, [0, 0, 0, 0, 0, 0, 0, 0x40], [2]), (.float8E4M3, [0x38, 0xB8], [1, -1]),
    ] as [(ElementType, [UInt8], [Double])]
  )
  func reads(_ type: ElementType, _ bytes: [UInt8], _ expected: [Double]) throws {
    let reals = try #require(ElementNumbers(type))
    var numbers = [Double](repeating: 7, count: expected.count + 2)
    reals.read(bytes, count: expected.count, into: &numbers)
    #expect(numbers == expected + [7, 7])
  }

  @Test("types without real numbers, and those that share bytes, have no reader")
  func refuses() {
    for type in [ElementType.complex64, .complex128, .float4E2M1, .int4, .float8E4M3FNUZ] {
      #expect(ElementNumbers(type) == nil)
    }
  }
}
