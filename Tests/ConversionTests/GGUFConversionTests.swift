import CompressedTensors
import Conversion
import Inspection
import ModelIR
import SparseCoding
import TestSupport
import Testing

@Suite("Converting GGUF")
struct GGUFConversionTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  /// Copies a golden file here.
  private func bring(_ golden: String, as name: String) throws {
    try bench.temporary.write(Fixture.bytes("gguf/\(golden)"), to: name)
  }

  static let options = ConversionBench.options()

  static var verified: ConversionOptions {
    var options = ConversionBench.options()
    options.verify = true
    return options
  }

  static let files: [String] =
    GGUFOpeningTests.blockFiles.map { "types/\($0.file).gguf" }
    + ["f32", "f16", "bf16", "f64", "i8", "i16", "i32", "i64"].map { "types/\($0).gguf" }
    + ["all_types_v2", "all_types_v3", "align1", "name63"].map { "meta/\($0).gguf" }
    + ["convert/llama/out-q8_0.gguf", "split/tiny_unsplit.gguf"]

  @Test("an unchanged file goes out byte for byte", arguments: files + ["meta/trailing_bytes.gguf"])
  func unchanged(_ file: String) throws {
    try bring(file, as: "in.gguf")
    let report = try bench.convert("in.gguf", "out.gguf", Self.verified)
    #expect(report.isUnchanged)
    #expect(try bench.temporary.read("out.gguf") == bench.temporary.read("in.gguf"))
  }

  @Test("to safetensors and back gives the same bytes: blocks, order, names and metadata", arguments: files)
  func throughSafetensors(_ file: String) throws {
    try bring(file, as: "in.gguf")
    try bench.convert("in.gguf", "x.safetensors", Self.verified)
    #expect(try bench.differences("in.gguf", "x.safetensors").isEqual)
    try bench.convert("x.safetensors", "again.gguf", Self.verified)
    let (source, again) = (try bench.temporary.read("in.gguf"), try bench.temporary.read("again.gguf"))
    // Version 2 comes back as 3, which is all that tells them apart.
    #expect(source[8...] == again[8...])
    #expect(source.count == again.count)
  }

  @Test("--type f32 makes the numbers that ggml makes", arguments: GGUFOpeningTests.blockFiles)
  func numbers(_ file: String, _ type: GGMLType) throws {
    try bring("types/\(file).gguf", as: "in.gguf")
    var options = Self.verified
    options.type = .plain(.float32)
    try bench.convert("in.gguf", "out.safetensors", options)
    let tensor = try #require(try OpenedModel(bench.path("out.safetensors")).model.tensors.first)
    #expect(tensor.elementType == .float32)
    #expect(tensor.quantization == nil)
    let written = try bench.temporary.read("out.safetensors").suffix(4 * 5120)
    let golden = try Fixture.bytes("gguf/types/\(file).safetensors").suffix(4 * 5120)
    #expect(Array(written) == Array(golden))
  }

  @Test("--type gives GGUF of plain numbers whose file type says so")
  func plainGGUF() throws {
    try bring("convert/llama/out-q8_0.gguf", as: "in.gguf")
    var options = Self.verified
    options.type = .plain(.float16)
    try bench.convert("in.gguf", "out.gguf", options)
    let opened = try OpenedModel(bench.path("out.gguf"))
    #expect(opened.model.tensors.allSatisfy { $0.elementType == .float16 })
    #expect(try opened.metadataReport(wantsEntries: false).headline.contains("mostly F16"))
    try bench.convert("in.gguf", "out.safetensors", options)
    try bench.convert("out.safetensors", "again.gguf", Self.verified)
    #expect(try bench.temporary.read("again.gguf").count == bench.temporary.read("out.gguf").count)
    let again = try OpenedModel(bench.path("again.gguf"))
    #expect(try again.metadataReport(wantsEntries: false).headline.contains("mostly F16"))
    #expect(try bench.differences("again.gguf", "out.gguf").isEqual)
  }

  @Test("the shards of a split become the file that was split")
  func merged() throws {
    for number in 1...2 {
      let name = "tiny-0000\(number)-of-00002.gguf"
      try bring("split/\(name)", as: name)
    }
    try bench.convert("tiny-00001-of-00002.gguf", "merged.gguf", Self.verified)
    #expect(try bench.temporary.read("merged.gguf") == Fixture.bytes("gguf/split/tiny_unsplit.gguf"))
  }

  @Test(
    "a file is split into shards that make the same file again",
    arguments: [1, 10_000, 1_000_000] as [UInt64]
  )
  func split(_ size: UInt64) throws {
    try bring("split/tiny_unsplit.gguf", as: "tiny.gguf")
    var options = Self.verified
    options.shardSize = size
    let report = try bench.convert("tiny.gguf", "out", options)
    let names = try bench.temporary.entries(of: "out")
    #expect(report.files.map(\.name) == names)
    #expect(names == ["tiny.gguf"] || names.first?.hasPrefix("tiny-00001-of-000") == true)
    #expect((names.count == 1) == (size == 1_000_000))
    try bench.convert("out", "again.gguf", Self.verified)
    #expect(try bench.temporary.read("again.gguf") == bench.temporary.read("tiny.gguf"))
  }

  @Test("metadata are set and removed in the output, and nothing else changes")
  func edits() throws {
    try bring("convert/llama/out-q8_0.gguf", as: "in.gguf")
    let before = try bench.temporary.read("in.gguf")
    var options = Self.verified
    options.setPairs = ["general.name=New name", "my.number:u16=7"]
    options.unsetKeys = ["general.file_type"]
    try bench.convert("in.gguf", "out.gguf", options)
    #expect(try bench.temporary.read("in.gguf") == before)
    #expect(try bench.differences("in.gguf", "out.gguf").isEqual)
    let metadata = try OpenedModel(bench.path("out.gguf")).metadataReport(wantsEntries: true)
    let entries = Dictionary(uniqueKeysWithValues: (metadata.entries ?? []).map { ($0.key, $0) })
    #expect(entries["general.name"]?.value == .string("New name"))
    #expect(entries["my.number"]?.value == .unsigned(7, bits: 16))
    #expect(entries["general.file_type"] == nil)
    for (pairs, keys) in [(["nothing"], []), ([], ["not.there"]), (["general.alignment=3"], [])] {
      options.setPairs = pairs
      options.unsetKeys = keys
      let fault = try ConversionBench.fault { try bench.convert("in.gguf", "no.gguf", options) }
      #expect(fault.kind == .usage)
    }
    #expect(try !bench.temporary.entries().contains("no.gguf"))
  }

  @Test(
    "what is read leniently goes out as llama.cpp reads it once something changes",
    arguments: ["all_types_v1", "all_types_v3_big_endian"]
  )
  func lenient(_ file: String) throws {
    try bring("meta/\(file).gguf", as: "in.gguf")
    let opened = try OpenedModel(bench.path("in.gguf"), lenient: true)
    var options = Self.verified
    options.setPairs = ["some.key=1"]
    _ = try Converter(opened, to: bench.path("out.gguf"), options: options, progress: WorkProgress()).run()
    let comparison = ModelComparison(
      pool: ChunkPool(threads: 1),
      chunkBytes: 4096,
      progress: WorkProgress()
    )
    let written = try OpenedModel(bench.path("out.gguf"))
    #expect(try comparison.compare(opened.model, written.model, named: "in", "out").isEqual)
    let before = try opened.metadataReport(wantsEntries: true).entries ?? []
    let after = try written.metadataReport(wantsEntries: true).entries ?? []
    #expect(before == after.dropLast())
  }

  @Test("options that GGUF makes no sense with are refused")
  func senseless() throws {
    try bring("types/q4_0.gguf", as: "in.gguf")
    /// The fault's kind.
    func kind(_ output: String, _ change: (inout ConversionOptions) -> Void) throws -> FaultKind {
      var options = Self.options
      change(&options)
      return try ConversionBench.fault { try bench.convert("in.gguf", output, options) }.kind
    }
    #expect(try kind("x.gguf") { $0.shardSize = 1 } == .usage)
    #expect(try kind("x.safetensors") { $0.setPairs = ["a=b"] } == .usage)
    #expect(
      try kind("x") {
        $0.target = .compressedTensors
        $0.type = .blocks(.q8_0)
      } == .usage
    )
  }

  @Test("blocks keep their layout whatever is asked for, and say why")
  func layouts() throws {
    try bring("types/q4_0.gguf", as: "in.gguf")
    var options = Self.verified
    options.layout = .auto
    options.target = .safetensors
    let report = try bench.convert("in.gguf", "out.safetensors", options)
    #expect(report.tensors.first?.reason?.contains("blocks of Q4_0") == true)
    #expect(try bench.differences("in.gguf", "out.safetensors").isEqual)
  }

  @Test("a safetensors model becomes GGUF with its own names, and the same model again")
  func fromSafetensors() throws {
    let builder = SafetensorsBuilder(
      [
        .init("wide", "I64", [1, 2], [UInt8](1...16)), .init("a.weight", "F32", [2, 3], [UInt8](1...24)),
        .init("b", "BF16", [4], [UInt8](1...8)), .init("scalar", "F16", [], [1, 2]),
      ],
      metadata: [("format", "pt")]
    )
    var bytes = builder
    bytes.header += [UInt8](repeating: 0x20, count: (8 - bytes.header.count % 8) % 8)
    try bench.temporary.write(bytes.bytes, to: "in.safetensors")
    let report = try bench.convert("in.safetensors", "out.gguf", Self.verified)
    #expect(report.notes.contains { $0.contains("lacuna") })
    let opened = try OpenedModel(bench.path("out.gguf"))
    #expect(opened.model.container == .gguf)
    #expect(try bench.differences("in.safetensors", "out.gguf").isEqual)
    #expect(try opened.metadataReport(wantsEntries: false).headline == ["lacuna"])
    try bench.convert("out.gguf", "back.safetensors", Self.verified)
    #expect(try bench.differences("in.safetensors", "back.safetensors").isEqual)
    let metadata = try OpenedModel(bench.path("back.safetensors")).model.files[0].metadata
    #expect(metadata.count == 1)
    #expect(metadata.text(forKey: "format") == "pt")
  }

  @Test("sparse tensors go to GGUF as they are, and dense if that is asked for")
  func sparse() throws {
    var data = [UInt8](repeating: 0, count: 4 * 64)
    data[7] = 1
    try bench.temporary.write(
      SafetensorsBuilder([.init("w", "F32", [4, 16], data)]).bytes,
      to: "in.safetensors"
    )
    try bench.convert("in.safetensors", "sparse.safetensors", "bitmask")
    try bench.convert("sparse.safetensors", "out.gguf", Self.verified)
    #expect(try OpenedModel(bench.path("out.gguf")).model.tensors.first?.layout == .bitmask)
    #expect(try bench.differences("in.safetensors", "out.gguf").isEqual)
    var options = Self.verified
    options.layout = .named(.dense)
    try bench.convert("sparse.safetensors", "dense.gguf", options)
    #expect(try OpenedModel(bench.path("dense.gguf")).model.tensors.first?.layout == .dense)
    #expect(try bench.differences("in.safetensors", "dense.gguf").isEqual)
  }

  @Test(
    "what GGUF has no form for is refused by name, and nothing is written",
    arguments: [
      ("U8", [2], "u"), ("BOOL", [2], "b"), ("F8_E4M3", [2], "f8"), ("C64", [0], "c"), ("U16", [1], "u16"),
    ] as [(String, [UInt64], String)]
  )
  func formless(_ type: String, _ shape: [UInt64], _ name: String) throws {
    try bench.temporary.write(
      SafetensorsBuilder([.init(name, type, shape, shape == [0] ? [] : [1, 1])]).bytes,
      to: "in.safetensors"
    )
    let fault = try ConversionBench.fault { try bench.convert("in.safetensors", "out.gguf", Self.options) }
    #expect(fault.tensor?.text == name)
    #expect(fault.problem == "GGUF has no type for \(type)")
    #expect(try bench.temporary.entries() == ["in.safetensors"])
  }

  @Test(
    "a carried text that is broken is bad data",
    arguments: [
      "{}", "[[]]", #"[[\"k\"]]"#, #"[[\"k\",\"u9\",1]]"#, #"[[\"k\",\"u8\",256]]"#, #"[[\"k\",\"u8\",1,2]]"#,
      #"[[\"k\",\"arr\",[]]]"#, #"[[\"k\",\"[arr]\",[]]]"#, #"[[\"k\",\"f32\",\"x\"]]"#, "[",
    ]
  )
  func carried(_ text: String) throws {
    let builder = SafetensorsBuilder([.init("w", "I8", [1], [1])], metadata: [("lacuna.metadata", text)])
    try bench.temporary.write(builder.bytes, to: "in.safetensors")
    let fault = try ConversionBench.fault { try bench.convert("in.safetensors", "out.gguf", Self.options) }
    #expect(fault.kind == .badData)
    #expect(fault.problem.hasPrefix("lacuna.metadata"), "\(fault)")
  }

  @Test(
    "a manifest whose blocks do not make the rows is refused",
    arguments: [
      ("Q4_0", 32, 18, true), ("Q4_0", 64, 18, false), ("Q9", 32, 18, false), ("F32", 18, 18, false),
    ]
  )
  func manifests(_ scheme: String, _ columns: Int, _ bytes: Int, _ isRight: Bool) throws {
    let manifest =
      #"{\"tensors\":[{\"name\":\"w\",\"dtype\":\"U8\",\"shape\":[1,\#(bytes)],\"layout\":\"dense\","#
      + #"\"quantization\":{\"scheme\":\"\#(scheme)\",\"bits\":4,\"packing\":\"ggml\","#
      + #"\"logical_shape\":[1,\#(columns)],\"axis\":1,\"group\":32}}]}"#
    let builder = SafetensorsBuilder(
      [.init("w", "U8", [1, UInt64(bytes)], [UInt8](repeating: 1, count: bytes))],
      metadata: [("lacuna.version", "1"), ("lacuna.manifest", manifest)]
    )
    try bench.temporary.write(builder.bytes, to: "in.safetensors")
    if isRight {
      #expect(try OpenedModel(bench.path("in.safetensors")).model.tensors.first?.blockType == .q4_0)
    } else {
      #expect(
        try ConversionBench.fault { _ = try OpenedModel(bench.path("in.safetensors")) }.kind == .badData
      )
    }
  }
}
