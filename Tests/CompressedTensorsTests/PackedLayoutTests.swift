import CompressedTensors
import ModelIR
import TestSupport
import Testing

@Suite("Integers in words, of every layout")
struct PackedLayoutTests {
  typealias Entry = SafetensorsBuilder.Entry

  /// A configuration with one group for all modules.
  static func config(
    bits: Int,
    version: String? = nil,
    strategy: String = "channel",
    groupSize: Int? = nil,
    isSymmetric: Bool = true
  ) -> String {
    let version = version.map { "\"version\": \"\($0)\", " } ?? ""
    let size = groupSize.map { "\"group_size\": \($0), " } ?? ""
    return """
      {"quantization_config": {\(version)"quant_method": "compressed-tensors", "format": "pack-quantized",
       "quantization_status": "compressed", "config_groups": {"g": {"targets": ["Linear"], "weights":
        {"num_bits": \(bits), "type": "int", \(size)"strategy": "\(strategy)", "symmetric": \(isSymmetric)}}}}}
      """
  }

  /// A module of these codes with one scale a row.
  static func module(
    _ codes: [Int],
    rows: Int,
    bits: Int,
    isPadded: Bool,
    hasShape: Bool = true
  ) -> [Entry] {
    let columns = codes.count / rows
    let words = NaiveWords.pack(codes, columns: columns, bits: bits, isPadded: isPadded)
    var entries = [
      Entry("m.weight_packed", "I32", [UInt64(rows), UInt64(words.count / rows)], elements: words),
      Entry("m.weight_scale", "F32", [UInt64(rows), 1], elements: (0..<rows).map(Self.scale)),
    ]
    if hasShape {
      entries.append(Entry("m.weight_shape", "I64", [2], elements: [UInt64(rows), UInt64(columns)]))
    }
    return entries
  }

  /// The bits of a scale for each index, a power of two so that products are exact.
  static func scale(_ index: Int) -> UInt64 {
    UInt64((Float(sign: .plus, exponent: index % 9 - 4, significand: 1)).bitPattern)
  }

  /// What the words of a model are packed to today, as codes; and what `--type f32` makes of them.
  func codes(_ resolved: ResolvedModel, rows: Int, bits: Int, columns: Int) throws -> [Int] {
    let packed = try resolved.read("m.weight_packed")
    let words = packed.elements
    let width = words.count / rows
    try #require(packed.shape.last == UInt64((columns * bits + 31) / 32))
    return (0..<rows).flatMap { row in
      (0..<columns).map { column in
        (0..<bits).reduce(0) { sum, bit in
          let place = column * bits + bit
          return sum + Int(words[row * width + place / 32] >> UInt64(place % 32) & 1) << bit
        } - (1 << (bits - 1))
      }
    }
  }

  @Test(
    "both layouts are told by the number of words where only one fits, whatever the version",
    arguments: [3, 5, 6, 7]
  )
  func told(_ bits: Int) throws {
    try withSeed { generator in
      // All of these fit one layout alone.
      for columns in [64, 96, 128] {
        let codes = NaiveWords.codes(3 * columns, bits: bits, &generator)
        for isPadded in [true, false] {
          for version in [nil, "0.10.0", "0.17.1", "0.18.0", "0.20.0"] {
            let entries = Self.module(codes, rows: 3, bits: bits, isPadded: isPadded)
            let resolved = try ResolvedModel(entries, config: Self.config(bits: bits, version: version))
            try #require(try self.codes(resolved, rows: 3, bits: bits, columns: columns) == codes)
            try #require(resolved.model.warnings.isEmpty)
            try #require(resolved.checkpoint.facts.hasPaddedWords == isPadded)
            try #require(resolved.checkpoint.facts.isModernized == isPadded)
          }
        }
      }
    }
  }

  /// Columns whose words fit both layouts, by bits: K words of both are equally many.
  static let bothFit = [(3, 70), (5, 6), (6, 5), (7, 4), (3, 10)]

  @Test(
    "where both fit the version tells, none means before 0.11, what the user says goes first, and it is said",
    arguments: bothFit
  )
  func ambiguous(_ bits: Int, _ columns: Int) throws {
    try withSeed { generator in
      let codes = NaiveWords.codes(4 * columns, bits: bits, &generator)
      let counts = [true, false].map { NaiveWords.pack(codes[..<columns], bits: bits, isPadded: $0).count }
      try #require(counts[0] == counts[1])
      for (version, isPadded) in [
        (nil, true), ("0.9.4", true), ("0.17.3", true), ("0.18.0a1", false), ("0.18", false),
        ("0.20.0", false),
      ] as [(String?, Bool)] {
        let entries = Self.module(codes, rows: 4, bits: bits, isPadded: isPadded)
        let config = Self.config(bits: bits, version: version)
        let resolved = try ResolvedModel(entries, config: config)
        try #require(try self.codes(resolved, rows: 4, bits: bits, columns: columns) == codes)
        try #require(resolved.checkpoint.facts.hasPaddedWords == isPadded)
        let warning = try #require(resolved.model.warnings.first)
        try #require(resolved.model.warnings.count == 1)
        try #require(warning.tensor == "m.weight_packed" && warning.file == "model.safetensors")
        try #require(warning.problem.contains(version.map { "by version \($0)" } ?? "as no version is said"))
        try #require(warning.problem.contains(isPadded ? "before 0.18" : "0.18 and later"))

        // The other layout, said by the user.
        let other = Self.module(codes, rows: 4, bits: bits, isPadded: !isPadded)
        let told = try ResolvedModel(other, config: config, assuming: [isPadded ? .denseWords : .paddedWords])
        try #require(try self.codes(told, rows: 4, bits: bits, columns: columns) == codes)
        try #require(told.model.warnings.first?.problem.contains("--assume") == true)
      }
    }
  }

  @Test("whole codes in each word need no choice", arguments: [1, 2, 4, 8])
  func whole(_ bits: Int) throws {
    try withSeed { generator in
      for columns in [1, 31, 32, 33, 64] {
        let codes = NaiveWords.codes(2 * columns, bits: bits, &generator)
        let entries = Self.module(codes, rows: 2, bits: bits, isPadded: columns % 2 == 0)
        let resolved = try ResolvedModel(entries, config: Self.config(bits: bits))
        try #require(try self.codes(resolved, rows: 2, bits: bits, columns: columns) == codes)
        try #require(resolved.model.warnings.isEmpty && !resolved.checkpoint.facts.isModernized)
      }
    }
  }

  @Test("only the first of many assumptions are said one by one")
  func manyAssumptions() throws {
    let entries = (0..<6).flatMap { number in
      Self.module([Int](repeating: 0, count: 70), rows: 1, bits: 3, isPadded: true).map { entry in
        Entry("m\(number).\(entry.name.dropFirst(2))", entry.type, entry.shape, entry.data)
      }
    }
    let warnings = try ResolvedModel(entries, config: Self.config(bits: 3)).model.warnings
    #expect(warnings.count == 4)
    #expect(warnings.last?.problem == "so was it for 3 more tensors")
  }

  @Test("without a configuration the number of words tells the bits, if only one number of bits fits")
  func inferredBits() throws {
    try withSeed { generator in
      for bits in 1...8 {
        // 256 columns: 8 * bits words, or more with padding; no two widths share a number.
        let codes = NaiveWords.codes(512, bits: bits, &generator)
        for isPadded in [false, true] {
          let entries = Self.module(codes, rows: 2, bits: bits, isPadded: isPadded)
          let count = NaiveWords.pack(codes[..<256], bits: bits, isPadded: isPadded).count
          let fitting = (1...8).filter { other in
            count == 8 * other || count == (256 + 32 / other - 1) / (32 / other)
          }
          if fitting.count > 1 {
            let unresolved = try ResolvedModel(entries)
            try #require(unresolved.checkpoint.unresolved?.tensor == "m.weight_packed")
            try #require(unresolved.tensor("m.weight_packed").quantization == nil)
            continue
          }
          let resolved = try ResolvedModel(entries)
          try #require(try self.codes(resolved, rows: 2, bits: bits, columns: 256) == codes)
          try #require(resolved.model.warnings.contains { $0.problem.contains("codes of \(bits) bits") })
        }
      }
    }
    let one = Self.module([0, 1, 0, 1], rows: 1, bits: 4, isPadded: false)
    let fault = try ResolvedModel(one).checkpoint.unresolved
    #expect(fault?.tensor == "m.weight_packed")
  }

  @Test("a missing weight_shape is made up where all words are full, and missed where they cannot be")
  func missingShape() throws {
    try withSeed { generator in
      for bits in 1...8 {
        let codes = NaiveWords.codes(2 * 64, bits: bits, &generator)
        let entries = Self.module(codes, rows: 2, bits: bits, isPadded: false, hasShape: false)
        if 32 % bits == 0 {
          let resolved = try ResolvedModel(entries, config: Self.config(bits: bits))
          try #require(try self.codes(resolved, rows: 2, bits: bits, columns: 64) == codes)
          try #require(resolved.tensor("m.weight_packed").logicalShape.extents == [2, 64])
          try #require(resolved.model.warnings.first?.problem.contains("weight_shape is missing") == true)
        } else {
          let fault = #expect(throws: PartFault.self) {
            try ResolvedModel(entries, config: Self.config(bits: bits))
          }
          try #require(fault?.tensor == "m.weight_shape")
          try #require(fault?.rule == .missing(format: .packQuantized))
        }
      }
    }
  }

  @Test("weight_shape of 32-bit numbers is read too")
  func narrowShape() throws {
    try withSeed { generator in
      let codes = NaiveWords.codes(3 * 40, bits: 4, &generator)
      var entries = Self.module(codes, rows: 3, bits: 4, isPadded: false, hasShape: false)
      entries.append(Entry("m.weight_shape", "I32", [2], elements: [3, 40]))
      let resolved = try ResolvedModel(entries, config: Self.config(bits: 4))
      try #require(try self.codes(resolved, rows: 3, bits: 4, columns: 40) == codes)
    }
  }
}
