import Conversion
import Inspection
import Lossless
import ModelIR
import TestSupport
import Testing

@Suite("Damaged and hostile exports")
struct ExportDamageTests {
  let bench: ExportBench
  let source: [UInt8]
  let export: [UInt8]

  init() throws {
    bench = try ExportBench()
    let entries: [SafetensorsBuilder.Entry] = [
      .init("a", "BF16", [4, 8], (0..<64).map { UInt8($0 * 3) }), .init("empty", "F32", [0, 3], []),
      .init("b", "U8", [5], [1, 2, 3, 4, 5]),
    ]
    source = SafetensorsBuilder(entries, metadata: [("format", "pt")]).bytes
    try bench.temporary.write(source, to: "m.safetensors")
    try bench.compress(bench.path("m.safetensors"), to: "export")
    export = try bench.temporary.read("export")
  }

  /// Whether a changed export is told to be damaged, or gives back the source all the same.
  private func isHarmless(_ bytes: [UInt8]) throws -> Bool {
    try bench.temporary.write(bytes, to: "changed")
    do {
      if try !bench.verify("changed").isWhole { return true }
    } catch is any Fault { return true }
    try bench.restore("changed", to: "again")
    return try bench.temporary.read("again") == source
  }

  @Test("whichever byte is changed, verify tells it or nothing is lost")
  func flips() throws {
    try withSeed { generator in
      for place in export.indices {
        var bytes = export
        bytes[place] ^= 1 << (UInt8(truncatingIfNeeded: generator.next()) & 7)
        try #require(try isHarmless(bytes), "byte \(place)")
      }
    }
  }

  @Test("an export that is cut short is refused, wherever it ends")
  func cuts() throws {
    for count in 0..<export.count {
      try bench.temporary.write(Array(export[..<count]), to: "changed")
      #expect(throws: (any Error).self, "\(count) bytes") { try bench.restore("changed", to: "again") }
      #expect(try !bench.temporary.entries().contains("again"))
    }
  }

  /// Lies of the header: what is replaced, by what, and a word of the error.
  static let lies: [(String, String, String)] = [
    (#"\"name\":\"m.safetensors\""#, #"\"name\":\"../m.safetensors\""#, "source.name"),
    (#"\"name\":\"m.safetensors\""#, #"\"name\":\"/m\""#, "source.name"),
    (#"\"name\":\"m.safetensors\""#, #"\"name\":\"..\""#, "source.name"),
    (#"\"name\":\"m.safetensors\""#, #"\"name\":\"\""#, "source.name"),
    (#"\"format\":\"safetensors\""#, #"\"format\":\"pickle\""#, "source.format"),
    (#"\"level\":\"default\","#, "", "level is missing"),
    (#"\"dtype\":\"BF16\""#, #"\"dtype\":\"F8\""#, "dtype"),
    (#"\"dtype\":\"BF16\""#, #"\"dtype\":\"Q4_0\""#, "bytes lie"),
    (#"\"shape\":[4,8]"#, #"\"shape\":[4,2305843009213693952]"#, "bytes lie"),
    (#"\"shape\":[4,8]"#, #"\"shape\":[9223372036854775808,9223372036854775808]"#, "shape"),
    (#"\"shape\":[4,8]"#, #"\"shape\":[-4,8]"#, "lacuna.manifest"),
    (#"\"shape\":[4,8]"#, #"\"shape\":[4,9]"#, "bytes lie over"),
    (#"\"shape\":[5]"#, #"\"shape\":[6]"#, "bytes lie"),
    (#"\"shape\":[5]"#, #"\"shape\":[5],\"shape\":[5]"#, "shape"),
    ("compressed/1", "compressed/2", "compressed/2"),
    ("compressed/1", "1", "missing"),
  ]

  @Test("a header that lies is refused, with what is wrong", arguments: lies.indices)
  func lie(_ index: Int) throws {
    let (old, new, word) = Self.lies[index]
    var changed = ExportBytes(export)
    try #require(changed.header.contains(old))
    changed.header = changed.header.replacing(old, with: new, maxReplacements: 1)
    changed.sign()
    try bench.temporary.write(changed.bytes, to: "changed")
    let fault = try ConversionBench.fault {
      _ = try OpenedModel(bench.path("changed"))
    }
    #expect(fault.problem.contains(word), "\(fault.problem)")
    #expect(fault.kind == .badData)
    #expect(throws: (any Error).self) { try bench.restore("changed", to: "again") }
  }

  /// Places and sizes that are none, with the word of the error.
  static let places: [(String, String, String)] = [
    ("bytes", "9223372036854775808", "source.bytes"), ("bytes", "18446744073709551615", "source.bytes"),
    ("bytes", "10", "bytes lie"), ("bytes", "4611686018427387903", ""),
    ("offset", "18446744073709551615", "bytes lie"), ("offset", "1", ""),
  ]

  @Test("a size or an offset that cannot be is refused without making room for it", arguments: places.indices)
  func place(_ index: Int) throws {
    let (field, value, word) = Self.places[index]
    var changed = ExportBytes(export)
    let head = "\\\"\(field)\\\":"
    let start = try #require(changed.header.firstRange(of: head)).upperBound
    let end = try #require(changed.header[start...].firstIndex { !$0.isNumber })
    changed.header.replaceSubrange(start..<end, with: value)
    changed.sign()
    try bench.temporary.write(changed.bytes, to: "changed")
    let fault = try ConversionBench.fault { try bench.restore("changed", to: "again") }
    #expect(fault.problem.contains(word), "\(fault.problem)")
    #expect(try !bench.temporary.entries().contains("again"))
  }

  @Test("frames that are none, a million of them, are refused")
  func skippableFrames() throws {
    var changed = ExportBytes(export)
    let frame: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0]
    let stored = try StoredTensors(export)
    let data = stored.entries.flatMap(\.data)
    let rest = try #require(stored["b"]?.data.count)
    let start = data.count - rest
    changed.data = Array(data[..<start]) + (0..<1_000_000).flatMap { _ in frame }
    let old = "\"shape\":[\(rest)],\"data_offsets\":[\(start),\(data.count)]"
    let new = "\"shape\":[8000000],\"data_offsets\":[\(start),\(start + 8_000_000)]"
    try #require(changed.header.contains(old))
    changed.header = changed.header.replacing(old, with: new)
    changed.sign()
    try bench.temporary.write(changed.bytes, to: "changed")
    let fault = try ConversionBench.fault { try bench.restore("changed", to: "again") }
    #expect(fault.problem.contains("chunk index"), "\(fault.problem)")
  }

  @Test("what is damaged is named by tensor, rows and bytes, and nothing else is lost")
  func salvage() throws {
    let rows: UInt64 = 3000
    // Bytes that nothing makes smaller, so that chunks are where they would be in the source.
    var generator = SeededGenerator(seed: 13)
    let data = generator.bytes(Int(rows) * 256)
    let source = SafetensorsBuilder([
      .init("first", "BF16", [4], [1, 2, 3, 4, 5, 6, 7, 8]), .init("large", "BF16", [rows, 128], data),
      .init("last", "BF16", [4], [8, 7, 6, 5, 4, 3, 2, 1]),
    ]).bytes
    try bench.temporary.write(source, to: "large.safetensors")
    try bench.compress(bench.path("large.safetensors"), to: "export")
    var changed = ExportBytes(try bench.temporary.read("export"))
    // In the middle of the large tensor's frames.
    changed.data[changed.data.count / 2] ^= 0x10
    try bench.temporary.write(changed.bytes, to: "export")

    let findings = try bench.verify("export").checks.flatMap(\.findings)
    #expect(findings.count == 1)
    let finding = try #require(findings.first)
    #expect(finding.tensor == "large")
    #expect(finding.problem.contains("rows 1024 to 2047 (bytes 262144 to 524287)"), "\(finding.problem)")
    let fault = try ConversionBench.fault { try bench.restore("export", to: "again") }
    #expect(fault == finding)

    var options = ExportBench.options()
    options.salvage = true
    let report = try bench.restore("export", to: "again", options)
    #expect(!report.isWhole)
    let damage = try #require(report.files.first?.damage)
    #expect(damage.map(\.rows) == [1024..<2048])
    var expected = source
    let start = source.count - 8 - data.count
    for place in 262_144..<524_288 { expected[start + place] = 0 }
    #expect(try bench.temporary.read("again") == expected)

    // Rows whose chunks are whole are read as if nothing had happened.
    for (rows, isWhole) in [(UInt64(0)..<1024, true), (2048..<3000, true), (1000..<1025, false)] {
      var opened = try OpenedModel(bench.path("export"))
      try opened.select(TensorFilter(including: ["large"]))
      try opened.selectRows(rows)
      var options = ConversionBench.options()
      options.isSelection = true
      options.force = true
      let converter = Converter(opened, to: bench.path("rows"), options: options, progress: WorkProgress())
      guard isWhole else {
        let fault = try ConversionBench.fault { _ = try converter.run() }
        #expect(fault == finding)
        continue
      }
      _ = try converter.run()
      let entry = try #require(StoredTensors(bench.temporary.read("rows"))["large"])
      #expect(entry.shape == [UInt64(rows.count), 128])
      #expect(entry.data == Array(data[Int(rows.lowerBound) * 256..<Int(rows.upperBound) * 256]))
    }
  }

  @Test("of an export that was cut short, salvage gives what is there")
  func salvageCut() throws {
    var generator = SeededGenerator(seed: 11)
    let data = generator.bytes(600_000)
    let source = SafetensorsBuilder([.init("w", "U8", [600, 1000], data)]).bytes
    try bench.temporary.write(source, to: "large.safetensors")
    try bench.compress(bench.path("large.safetensors"), to: "export")
    let whole = try bench.temporary.read("export")
    try bench.temporary.write(Array(whole[..<(whole.count - 300_000)]), to: "export")
    var options = ExportBench.options()
    options.salvage = true
    let report = try bench.restore("export", to: "again", options)
    #expect(!report.isWhole)
    let again = try bench.temporary.read("again")
    #expect(again.count == source.count)
    // The source's own header is at the start of the export, and the first chunks follow.
    let start = source.count - data.count
    #expect(again[..<(start + 131_000)] == source[..<(start + 131_000)])
    #expect(report.files[0].damage.allSatisfy { $0.tensor == "w" })
  }

  @Test("nothing is compressed twice")
  func twice() throws {
    let fault = try ConversionBench.fault { try bench.compress(bench.path("export"), to: "twice") }
    #expect(fault.kind == .usage)
  }
}
