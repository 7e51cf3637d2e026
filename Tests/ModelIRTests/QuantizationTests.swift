import ModelIR
import Testing

@Suite("Quantization")
struct QuantizationTests {
  static func make(
    scheme: String = "int-quantized",
    bits: Int = 4,
    packing: String? = "pack",
    granularity: Quantization.Granularity = .tensor,
    scale: Quantization.Parameter? = .tensor("s"),
    zeroPoint: Quantization.Parameter? = nil,
    globalScale: Quantization.Parameter? = nil
  ) -> Quantization {
    Quantization(
      scheme: scheme,
      bits: bits,
      packing: packing,
      granularity: granularity,
      scale: scale,
      zeroPoint: zeroPoint,
      globalScale: globalScale
    )
  }

  static let others = [
    make(scheme: "Q8_0"), make(bits: 8), make(packing: nil), make(granularity: .channel(axis: 0)),
    make(granularity: .channel(axis: 1)), make(granularity: .group(axis: 1, size: 32)),
    make(granularity: .group(axis: 1, size: 64)), make(granularity: .block([128, 128])), make(scale: nil),
    make(scale: .tensor("t")), make(scale: .constant("s")), make(zeroPoint: .constant("8")),
    make(globalScale: .tensor("g")),
  ]

  @Test("Two quantizations are equal if and only if all their parts are")
  func equality() {
    let one = Self.make()
    #expect(one == Self.make())
    #expect(one !== Self.make())
    #expect(one.hashValue == Self.make().hashValue)
    for other in Self.others { #expect(one != other) }
    #expect(Set(Self.others).count == Self.others.count)
  }
}
