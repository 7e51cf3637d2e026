import CompressedTensors
import ModelIR
import TestSupport
import Testing

@Suite("Masks beside weights")
struct MaskTests {
  typealias Entry = SafetensorsBuilder.Entry

  /// The names of a weight and its mask, as each tool has them.
  static let names = [
    ("a.weight_orig", "a.weight_mask"),
    ("a.weight", "a.__weight_mma_mask"),
    ("a.weight", "a._weight_mask"),
    ("a.parametrizations.weight.original", "a.parametrizations.weight.0.mask"),
  ]

  @Test(
    "a weight is seen with zeros where its mask has them, and otherwise as it is",
    arguments: names,
    ["BOOL", "U8", "F32", "BF16", "I64"]
  )
  func masked(_ names: (weight: String, mask: String), _ maskType: String) throws {
    try withSeed { generator in
      for (type, shape) in [("F32", [3, 5]), ("BF16", [2, 3, 7]), ("F16", [9])] as [(String, [UInt64])] {
        let count = Int(shape.reduce(1, *))
        let width = StoredTensors.widths[type] ?? 1
        let weight = Entry(names.weight, type, shape, generator.bytes(count * width))
        let isKept = (0..<count).map { _ in generator.next() % 2 == 0 }
        // A zero of a float may have a sign; what is not zero may have one bit set, whichever.
        let maskWidth = StoredTensors.widths[maskType] ?? 1
        let isFloat = maskType.contains("F")
        let mask = Entry(
          names.mask,
          maskType,
          shape,
          elements: isKept.map { isKept in
            if isKept { return maskType == "BOOL" ? 1 : 1 << (generator.next() % UInt64(maskWidth * 8 - 1)) }
            return isFloat && generator.next() % 2 == 0 ? 1 << UInt64(maskWidth * 8 - 1) : 0
          }
        )
        for order in [[weight, mask], [mask, weight]] {
          let resolved = try ResolvedModel(order)
          try #require(resolved.checkpoint.facts.masks == 1)
          let tensor = try resolved.tensor(names.weight)
          try #require(tensor.views?.mask?.text == names.mask)
          let masked = try #require(tensor.views?.masked)
          try #require(masked.elementType == tensor.elementType && masked.shape == tensor.shape)
          let seen = try resolved.read(masked)
          try #require(seen.elements == zip(weight.elements, isKept).map { $1 ? $0 : 0 })
          // What is stored stays.
          try #require(try resolved.read(tensor).data == weight.data)
          try #require(try resolved.read(names.mask).data == mask.data)
        }
      }
    }
  }

  @Test("what is no mask of a weight is left alone")
  func noMasks() throws {
    let weight = Entry("a.weight", "F32", [2, 2], elements: [1, 2, 3, 4])
    for mask in [
      Entry("a._weight_mask", "BOOL", [4], [1, 0, 1, 0]),
      Entry("b._weight_mask", "BOOL", [2, 2], [1, 0, 1, 0]),
      Entry("a.weight_mask", "BOOL", [2, 2], [1, 0, 1, 0]),
    ] {
      let resolved = try ResolvedModel([weight, mask])
      #expect(resolved.checkpoint.facts.masks == 0)
      #expect(try resolved.tensor("a.weight").views == nil)
    }
    let integers = Entry("a.weight", "I32", [2, 2], elements: [1, 2, 3, 4])
    let resolved = try ResolvedModel([integers, Entry("a._weight_mask", "BOOL", [2, 2], [1, 0, 1, 0])])
    #expect(resolved.checkpoint.facts.masks == 0)
  }
}
