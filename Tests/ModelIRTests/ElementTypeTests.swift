import ModelIR
import Testing

@Suite("ElementType")
struct ElementTypeTests {
  /// The dtypes in the order in which the reference declares them, which its writer sorts by, and the bits of
  /// each.
  static let reference: [(name: String, bits: Int)] = [
    ("BOOL", 8), ("F4", 4), ("F6_E2M3", 6), ("F6_E3M2", 6), ("U8", 8), ("I8", 8), ("F8_E5M2", 8),
    ("F8_E4M3", 8),
    ("F8_E8M0", 8), ("F8_E4M3FNUZ", 8), ("F8_E5M2FNUZ", 8), ("I16", 16), ("U16", 16), ("F16", 16),
    ("BF16", 16),
    ("I32", 32), ("U32", 32), ("F32", 32), ("C64", 64), ("F64", 64), ("I64", 64), ("U64", 64),
  ]

  @Test("The types are those of the reference, in its order, with its bits")
  func order() {
    let types = ElementType.allCases.filter(\.isInSafetensors)
    #expect(types.map(\.name) == Self.reference.map(\.name))
    #expect(types.map(\.bitWidth) == Self.reference.map(\.bits))
    #expect(ElementType.allCases.sorted() == ElementType.allCases)
    for (low, high) in zip(ElementType.allCases, ElementType.allCases.dropFirst()) {
      #expect(low < high)
      #expect(!(high < low))
    }
  }

  @Test("The other types are those that only ONNX has, behind the reference's")
  func foreign() {
    let types = ElementType.allCases.dropFirst(Self.reference.count)
    #expect(types.allSatisfy { !$0.isInSafetensors })
    #expect(types.map(\.name) == ["U2", "I2", "U4", "I4", "C128"])
    #expect(types.map(\.bitWidth) == [2, 2, 4, 4, 128])
  }

  @Test("A type is found by its name", arguments: ElementType.allCases)
  func name(type: ElementType) {
    #expect(ElementType(name: type.name) == type)
  }

  @Test(
    "Other names are none",
    arguments: ["", "f32", "F32 ", "F8", "F128", "F8_E4M3FN", "BF", "INT8", "u8"]
  )
  func badName(name: String) {
    #expect(ElementType(name: name) == nil)
  }

  @Test(
    "Only types of 8 to 64 bits have bytes of their own that are looked at",
    arguments: ElementType.allCases
  )
  func byteWidth(type: ElementType) {
    #expect(type.byteWidth == ([8, 16, 32, 64].contains(type.bitWidth) ? type.bitWidth / 8 : nil))
  }

  @Test("Integers and truth values are no floating point, all else is", arguments: ElementType.allCases)
  func isFloatingPoint(type: ElementType) {
    let isInteger = type.name == "BOOL" || type.name.hasPrefix("I") || type.name.hasPrefix("U")
    #expect(type.isFloatingPoint == !isInteger)
  }
}
