import CompressedTensors
import ModelIR
import TestSupport
import Testing

@Suite("Zero points, slices and groups of integers in words")
struct PackedGroupTests {
  typealias Entry = SafetensorsBuilder.Entry

  /// A module of `rows` x 64 codes in groups of 32 with zero points, and what its weights are.
  struct Asymmetric {
    var entries: [Entry]
    var zeroPoints: [Int]
    var numbers: [Float]

    /// - Parameter zeroPointForm: nil for one to the byte, else whether words have padding.
    init(rows: Int, bits: Int, isPadded: Bool, zeroPointForm: Bool?, _ generator: inout SeededGenerator) {
      let codes = NaiveWords.codes(rows * 64, bits: bits, &generator)
      let points = NaiveWords.codes(rows * 2, bits: bits, &generator)
      let words = NaiveWords.pack(codes, columns: 64, bits: bits, isPadded: isPadded)
      let (rowCount, width) = (UInt64(rows), UInt64(words.count / rows))
      zeroPoints = points
      numbers = codes.enumerated().map { index, code in
        let group = index / 32
        return Float(code - points[group]) * Float(bitPattern: UInt32(PackedLayoutTests.scale(group)))
      }
      entries = [
        Entry("m.weight_packed", "I32", [rowCount, width], elements: words),
        Entry("m.weight_shape", "I64", [2], elements: [rowCount, 64]),
        Entry("m.weight_scale", "F32", [rowCount, 2], elements: (0..<rows * 2).map(PackedLayoutTests.scale)),
      ]
      if let zeroPointForm {
        let words = NaiveWords.packDown(points, groups: 2, bits: bits, isPadded: zeroPointForm)
        let shape = [UInt64(words.count / 2), 2]
        entries.append(Entry("m.weight_zero_point", "I32", shape, elements: words))
      } else {
        let bytes = points.map { UInt8(bitPattern: Int8($0)) }
        entries.append(Entry("m.weight_zero_point", "I8", [rowCount, 2], bytes))
      }
    }
  }

  @Test(
    "zero points of every era are packed as today's are, and count in the numbers",
    arguments: [3, 4, 8],
    [1, 8, 21, 40]
  )
  func zeroPoints(_ bits: Int, _ rows: Int) throws {
    try withSeed { generator in
      let config = PackedLayoutTests.config(
        bits: bits,
        version: "0.9.2",
        strategy: "group",
        groupSize: 32,
        isSymmetric: false
      )
      for form in [nil, true] as [Bool?] {
        let old = Asymmetric(rows: rows, bits: bits, isPadded: true, zeroPointForm: form, &generator)
        var resolved = try ResolvedModel(old.entries, config: config)
        let packed = try resolved.read("m.weight_zero_point")
        try #require(packed.type == "I32")
        try #require(
          packed.elements == NaiveWords.packDown(old.zeroPoints, groups: 2, bits: bits, isPadded: false)
        )
        try #require(packed.shape == [UInt64((rows * bits + 31) / 32), 2])
        try #require(resolved.checkpoint.facts.hasOldZeroPoints == (form == nil || bits == 3))
        _ = try resolved.dequantize(to: .float32)
        try #require(try resolved.read("m.weight").elements == old.numbers.map { UInt64($0.bitPattern) })
        try #require(resolved.names == ["m.weight"])
      }
      let today = Asymmetric(rows: rows, bits: bits, isPadded: false, zeroPointForm: false, &generator)
      let newer = config.replacing("0.9.2", with: "0.20.0")
      var resolved = try ResolvedModel(today.entries, config: newer)
      try #require(!resolved.checkpoint.facts.isModernized)
      _ = try resolved.dequantize(to: .float32)
      try #require(try resolved.read("m.weight").elements == today.numbers.map { UInt64($0.bitPattern) })
    }
  }

  @Test("a weight without rows has no zero points and no numbers")
  func emptyWeight() throws {
    let entries = [
      Entry("m.weight_packed", "I32", [0, 8], []), Entry("m.weight_scale", "F32", [0, 2], []),
      Entry("m.weight_shape", "I64", [2], elements: [0, 64]),
      Entry("m.weight_zero_point", "I32", [0, 2], []),
    ]
    let config = PackedLayoutTests.config(bits: 4, strategy: "group", groupSize: 32, isSymmetric: false)
    var resolved = try ResolvedModel(entries, config: config)
    _ = try resolved.dequantize(to: .float32)
    #expect(try resolved.read("m.weight").shape == [0, 64])
  }

  @Test("the codes that are counted are zero exactly where a code is its zero point")
  func centred() throws {
    try withSeed { generator in
      let config = PackedLayoutTests.config(bits: 3, strategy: "group", groupSize: 32, isSymmetric: false)
      let module = Asymmetric(rows: 9, bits: 3, isPadded: false, zeroPointForm: false, &generator)
      let resolved = try ResolvedModel(module.entries, config: config)
      let counted = try resolved.tensor("m.weight_packed").counted
      try #require(counted.elementType == .int8 && counted.shape.extents == [9, 64])
      let codes = try resolved.read(counted).data
      try #require(codes.map { $0 == 0 } == module.numbers.map { $0 == 0 })
    }
  }

  @Test("experts: each slice is packed by itself", arguments: [4, 3])
  func slices(_ bits: Int) throws {
    try withSeed { generator in
      let (slices, rows, columns) = (3, 5, 64)
      let codes = NaiveWords.codes(slices * rows * columns, bits: bits, &generator)
      let points = (0..<slices).map { _ in NaiveWords.codes(rows * 2, bits: bits, &generator) }
      let words = NaiveWords.pack(codes, columns: columns, bits: bits, isPadded: true)
      let zeroWords = points.map { NaiveWords.packDown($0, groups: 2, bits: bits, isPadded: true) }
      let groups = slices * rows * 2
      let entries = [
        Entry("m.weight_packed", "I32", [3, 5, UInt64(words.count / 15)], elements: words),
        Entry("m.weight_shape", "I64", [3], elements: [3, 5, 64]),
        Entry("m.weight_scale", "F32", [3, 5, 2], elements: (0..<groups).map(PackedLayoutTests.scale)),
        Entry(
          "m.weight_zero_point",
          "I32",
          [3, UInt64(zeroWords[0].count / 2), 2],
          elements: zeroWords.flatMap { $0 }
        ),
      ]
      let config = PackedLayoutTests.config(
        bits: bits,
        version: "0.12",
        strategy: "group",
        groupSize: 32,
        isSymmetric: false
      )
      var resolved = try ResolvedModel(entries, config: config)
      let zeroPoints = try resolved.read("m.weight_zero_point")
      try #require(
        zeroPoints.elements
          == points.flatMap { NaiveWords.packDown($0, groups: 2, bits: bits, isPadded: false) }
      )
      let packed = NaiveWords.pack(codes, columns: columns, bits: bits, isPadded: false)
      try #require(try resolved.read("m.weight_packed").elements == packed)
      _ = try resolved.dequantize(to: .float32)
      let weight = try resolved.read("m.weight")
      try #require(weight.shape == [3, 5, 64])
      let flat = points.flatMap { $0 }
      let expected = codes.enumerated().map { index, code in
        Float(code - flat[index / 32]) * Float(bitPattern: UInt32(PackedLayoutTests.scale(index / 32)))
      }
      try #require(weight.elements == expected.map { UInt64($0.bitPattern) })
    }
  }

  @Test(
    "columns that are assigned to groups one by one have their group's scale and zero point",
    arguments: [true, false]
  )
  func assignedColumns(_ isWide: Bool) throws {
    try withSeed { generator in
      let codes = NaiveWords.codes(6 * 64, bits: 4, &generator)
      let points = NaiveWords.codes(6 * 2, bits: 4, &generator)
      let index = (0..<64).map { _ in Int(generator.next() % 2) }
      var entries = [
        Entry(
          "m.weight_packed",
          "I32",
          [6, 8],
          elements: NaiveWords.pack(codes, columns: 64, bits: 4, isPadded: false)
        ),
        Entry("m.weight_shape", "I64", [2], elements: [6, 64]),
        Entry("m.weight_scale", "F32", [6, 2], elements: (0..<12).map(PackedLayoutTests.scale)),
        Entry(
          "m.weight_zero_point",
          "I32",
          [1, 2],
          elements: NaiveWords.packDown(points, groups: 2, bits: 4, isPadded: false)
        ),
        Entry("m.weight_g_idx", isWide ? "I64" : "I32", [64], elements: index.map(UInt64.init)),
      ]
      let config = PackedLayoutTests.config(bits: 4, strategy: "group", groupSize: 32, isSymmetric: false)
      var resolved = try ResolvedModel(entries, config: config)
      try #require(resolved.checkpoint.facts.hasGroupIndex)
      _ = try resolved.dequantize(to: .float32)
      let expected = codes.enumerated().map { place, code in
        let group = place / 64 * 2 + index[place % 64]
        return Float(code - points[group]) * Float(bitPattern: UInt32(PackedLayoutTests.scale(group)))
      }
      try #require(try resolved.read("m.weight").elements == expected.map { UInt64($0.bitPattern) })
      try #require(resolved.names == ["m.weight"])

      for bad in [2, -2, Int(Int32.max)] {
        entries[4] = Entry(
          "m.weight_g_idx",
          "I32",
          [64],
          elements: (0..<64).map { $0 == 17 ? UInt64(bitPattern: Int64(bad)) : 0 }
        )
        let fault = #expect(throws: PartFault.self) { try ResolvedModel(entries, config: config) }
        try #require(fault?.tensor == "m.weight_g_idx")
        try #require(fault?.rule == .badGroupIndex(column: 17, index: Int64(bad), groups: 2))
      }

      // The library leaves -1 where it assigned nothing: groups are runs of columns then.
      let unset = index.enumerated().map { $0 == 17 ? UInt64.max : UInt64($1) }
      entries[4] = Entry("m.weight_g_idx", isWide ? "I64" : "I32", [64], elements: unset)
      var runs = try ResolvedModel(entries, config: config)
      _ = try runs.dequantize(to: .float32)
      let inRuns = codes.enumerated().map { place, code in
        let group = place / 64 * 2 + place % 64 / 32
        return Float(code - points[group]) * Float(bitPattern: UInt32(PackedLayoutTests.scale(group)))
      }
      try #require(try runs.read("m.weight").elements == inRuns.map { UInt64($0.bitPattern) })
    }
  }
}
