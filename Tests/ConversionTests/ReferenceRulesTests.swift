import Conversion
import Inspection
import ModelIR
import TestSupport
import Testing

@Suite("What the library's own writer drops")
struct ReferenceRulesTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  /// Bit patterns of a type that the library ranks alike, smallest first: four ranks are needed.
  struct Levels: CustomTestStringConvertible, Sendable {
    var type: String
    var levels: [[UInt64]]
    var testDescription: String { type }
  }

  static let levels = [
    Levels(
      type: "F32",
      levels: [
        [0, 0x8000_0000], [1, 0x8000_0001], [0x7F80_0000, 0xFF80_0000], [0x7F80_0001, 0xFFC0_0000],
      ]
    ),
    Levels(type: "F32", levels: [[0x3F80_0000], [0xC000_0000], [0x4040_0000], [0xC080_0000]]),
    Levels(type: "BF16", levels: [[0, 0x8000], [0x3F80, 0xBF80], [0x7F80, 0xFF80], [0x7F81, 0xFFFF]]),
    Levels(type: "F16", levels: [[0, 0x8000], [1, 0x8001], [0x7C00, 0xFC00], [0x7C01, 0xFE00]]),
    Levels(
      type: "F64",
      levels: [[0, 1 << 63], [1, 1 << 63 | 1], [0x7FF0 << 48], [0x7FF0 << 48 | 1, 0xFFF8 << 48]]
    ),
    // -128 has no absolute value of 8 bits and stays below zero.
    Levels(type: "I8", levels: [[0x80], [0], [5, 0xFB], [0x7F, 0x81]]),
    Levels(type: "U8", levels: [[0], [1], [0x80], [0xFF]]),
    // The byte is taken for such an integer: -448 counts 2, 448 counts 126.
    Levels(type: "F8_E4M3", levels: [[0x80], [0], [0x02, 0xFE], [0x7E, 0x82]]),
  ]

  /// The places that are kept, by the ranks of four elements.
  static func kept() throws -> [(ranks: [Int], places: Set<Int>)] {
    try Fixture.table("compressed-tensors/kept-of-four.tsv").map { row in
      let numbers = row.compactMap { Int($0) }
      return (Array(numbers[..<4]), Set(numbers[4...]))
    }
  }

  static func options(_ layout: String) -> ConversionOptions {
    var options = SparseWritingTests.options(layout)
    options.asReference = true
    return options
  }

  @Test("of four elements those are kept that the library keeps, for all 75 orders", arguments: levels)
  func twoOfFour(_ levels: Levels) throws {
    let table = try Self.kept()
    #expect(table.count == 75)
    try withSeed { generator in
      // Every order several times, so that all patterns of a rank stand in all places.
      let order = (table + table + table + table).shuffled(using: &generator)
      var (elements, isKept): ([UInt64], [Bool]) = ([], [])
      for (ranks, places) in order {
        for (place, rank) in ranks.enumerated() {
          elements.append(levels.levels[rank].randomElement(using: &generator) ?? 0)
          isKept.append(places.contains(place))
        }
      }
      let shape: [UInt64] = [60, 20]
      let source = SafetensorsBuilder([.init("m.weight", levels.type, shape, elements: elements)])
      try bench.temporary.write(source.bytes, to: "in.safetensors")
      let report = try bench.convert("in.safetensors", "out.safetensors", Self.options("nm:2:4"))
      let parts = try StoredTensors(bench.temporary.read("out.safetensors"))
      try #require(parts["m.bitmask"]?.data == NaiveBitmask.mask(isKept, columns: 20))
      try #require(parts["m.compressed"]?.elements == zip(elements, isKept).filter(\.1).map(\.0))
      let lost = zip(elements, isKept).filter { !$0.1 && $0.0 != 0 }.map(\.0)
      let sign = UInt64(1) << UInt64((StoredTensors.widths[levels.type] ?? 1) * 8 - 1)
      let negativeZeros = levels.type.hasPrefix("F") || levels.type == "BF16" ? lost.count { $0 == sign } : 0
      try #require(report.tensors[0].droppedNegativeZeros == UInt64(negativeZeros))
      try #require(report.tensors[0].changedValues == UInt64(lost.count - negativeZeros))
    }
  }

  @Test(
    "a bitmask loses the sign of zeros and nothing else, and it is counted",
    arguments: SparseWritingTests.types
  )
  func bitmask(_ type: String) throws {
    try withSeed { generator in
      let shapes: [[UInt64]] = [[7], [3, 5], [40, 33], [2, 3, 5], [2, 2, 3, 5]]
      let sign = UInt64(1) << UInt64((StoredTensors.widths[type] ?? 1) * 8 - 1)
      let isFloat = type != "U8" && type != "I8"
      let entries = shapes.enumerated().map { number, shape in
        SafetensorsBuilder.Entry(
          "m.\(number).weight",
          type,
          shape,
          elements: SparseWritingTests.elements(type, Int(shape.reduce(1, *)), zeros: 40, &generator)
        )
      }
      try bench.temporary.write(SafetensorsBuilder(entries).bytes, to: "in.safetensors")
      let report = try bench.convert("in.safetensors", "out.safetensors", Self.options("bitmask"))
      let parts = try StoredTensors(bench.temporary.read("out.safetensors"))
      for (number, entry) in entries.enumerated() {
        let isKept = entry.elements.map { $0 != 0 && !(isFloat && $0 == sign) }
        let columns = Int(entry.shape.last ?? 1)
        try #require(parts["m.\(number).bitmask"]?.data == NaiveBitmask.mask(isKept, columns: columns))
        try #require(
          parts["m.\(number).compressed"]?.elements == zip(entry.elements, isKept).filter(\.1).map(\.0)
        )
        try #require(
          parts["m.\(number).row_offsets"]?.elements == NaiveBitmask.rowOffsets(isKept, shape: entry.shape)
        )
        try #require(parts["m.\(number).row_offsets"]?.shape == entry.shape.dropLast())
        let dropped = isFloat ? entry.elements.count { $0 == sign } : 0
        let result = try #require(report.tensors.first { $0.name.text == entry.name })
        try #require(result.droppedNegativeZeros == UInt64(dropped))
        try #require(result.changedValues == 0)
      }
    }
  }

  @Test(
    "types whose zeros are no numbers, or two of them, lose nothing",
    arguments: ["F8_E8M0", "C64", "F8_E4M3FNUZ"]
  )
  func oddTypes(_ type: String) throws {
    try withSeed { generator in
      // Zero bits are 2^-127 of the first; one of a complex number's zeros may have a sign.
      var data = generator.bytes(16 * 8)
      for index in data.indices where generator.next() % 2 == 0 { data[index] = index % 4 == 3 ? 0x80 : 0 }
      let shape: [UInt64] = type == "C64" ? [4, 4] : [4, 32]
      let source = SafetensorsBuilder([.init("m.weight", type, shape, data)])
      try bench.temporary.write(source.bytes, to: "in.safetensors")
      try bench.convert("in.safetensors", "out.safetensors", Self.options("bitmask"))
      try #require(try StoredTensors(bench.temporary.read("out.safetensors"))["m.bitmask"] != nil)
      var back = ConversionBench.restoring()
      back.force = true
      try bench.convert("out.safetensors", "back.safetensors", back)
      try #require(try StoredTensors(bench.temporary.read("back.safetensors"))["m.weight"]?.data == data)
    }
  }
}
