import Conversion
import Foundation
import Inspection
import Lossless
import ModelIR
import SparseCoding
import TestSupport
import Testing

@Suite("Compressed exports give back their source")
struct ExportRestoringTests {
  let bench: ExportBench

  init() throws { bench = try ExportBench() }

  /// Every weight file among the fixtures.
  static let files: [String] = {
    let found = FileManager.default.enumerator(atPath: Fixture.root)?.compactMap { $0 as? String } ?? []
    return found.filter { file in
      [".safetensors", ".gguf", ".onnx"].contains { file.hasSuffix($0) }
    }.sorted()
  }()

  /// Compresses a model and restores it, and compares each file with the input's.
  private func check(_ input: String, folder: Bool) throws {
    let report = try bench.compress(input, to: "export")
    let restored = try bench.restore("export", to: "again")
    #expect(restored.isWhole)
    #expect(restored.files.count == report.files.count)
    for file in report.files {
      let source = folder ? Folder.parent(input) + "/" + file.source : input
      let again = folder ? bench.path("again/" + file.source) : bench.path("again")
      #expect(FileManager.default.contentsEqual(atPath: source, andPath: again), "\(file.source)")
    }
    #expect(try bench.verify("export").checks.first?.outcome == .passed)
    for name in ["export", "again"] { try bench.temporary.remove(name) }
  }

  private enum Folder {
    static func parent(_ path: String) -> String { URL(filePath: path).deletingLastPathComponent().path }
  }

  @Test("every fixture that can be opened comes back byte for byte, and is read as if it were the source")
  func fixtures() throws {
    var checked = 0
    for file in Self.files {
      let path = Fixture.path(file)
      guard let opened = try? OpenedModel(path, lenient: true), opened.disagreements.isEmpty else { continue }
      try check(path, folder: opened.model.files.count > 1)
      checked += 1
    }
    // As many as there are; a filter that lets too few through would show here.
    #expect(checked > 250, "\(checked) of \(Self.files.count)")
  }

  @Test(
    "an export is the same model as its source, whatever the container",
    arguments: [
      "real/minilm-l0-attention-2of4-bf16.safetensors", "gguf/types/q4_K.gguf", "onnx/nm24_gemm.onnx",
      "gguf/meta/all_types_v3_big_endian.gguf", "onnx/constant_all_forms.onnx",
    ]
  )
  func sameModel(_ file: String) throws {
    try bench.compress(Fixture.path(file), to: "export")
    let (source, export) = (
      try OpenedModel(Fixture.path(file), lenient: true), try OpenedModel(bench.path("export"), lenient: true)
    )
    #expect(export.model.container == source.model.container)
    #expect(export.model.tensors.map(\.name) == source.model.tensors.map(\.name))
    #expect(try export.metadataReport(wantsEntries: false).export != nil)
    let report = try ModelComparison(pool: .init(threads: 2), chunkBytes: 1 << 14, progress: WorkProgress())
      .compare(source.model, export.model, named: "a", "b")
    #expect(report.isEqual)
  }

  @Test("random bytes of every type, empty ones and odd ones come back", arguments: [0, 60, 97, 100])
  func everyType(_ zeros: Int) throws {
    try withSeed { generator in
      let source = SampleModel(zeros: zeros, everyType: true, &generator).bytes
      try bench.temporary.write(source, to: "m.safetensors")
      for level in CompressionLevel.allCases {
        var options = ExportBench.options()
        options.level = level
        options.verify = true
        try bench.compress(bench.path("m.safetensors"), to: "export", options)
        try bench.restore("export", to: "again")
        try #require(try bench.temporary.read("again") == source)
      }
    }
  }

  @Test(
    "tensors of many chunks come back, with zeros and without",
    arguments: ["F32", "BF16", "U8", "F64", "F4"]
  )
  func manyChunks(_ type: String) throws {
    try withSeed { generator in
      let bits: [String: UInt64] = ["F32": 32, "BF16": 16, "U8": 8, "F64": 64, "F4": 4]
      var entries: [SafetensorsBuilder.Entry] = []
      for (number, isSparse) in [false, true].enumerated() {
        let (rows, columns): (UInt64, UInt64) = (1030, 2 * (701 + UInt64(number)))
        let count = Int(rows * columns * (bits[type] ?? 8) / 8)
        var data = generator.bytes(count)
        if isSparse { for place in data.indices where place % 64 > 7 { data[place] = 0 } }
        entries.append(.init("w.\(number)", type, [rows, columns], data))
      }
      let source = SafetensorsBuilder(entries).bytes
      try bench.temporary.write(source, to: "m.safetensors")
      try bench.compress(bench.path("m.safetensors"), to: "export")
      try bench.restore("export", to: "again")
      try #require(try bench.temporary.read("again") == source)
    }
  }

  @Test("the export is the same for any number of threads and any memory")
  func deterministic() throws {
    try withSeed { generator in
      let entries = (0..<40).map { number in
        let count = number % 5 == 0 ? 400_000 : number * 37
        return SafetensorsBuilder.Entry("t\(number)", "U8", [UInt64(count)], generator.bytes(count))
      }
      try bench.temporary.write(SafetensorsBuilder(entries).bytes, to: "m.safetensors")
      var first: [UInt8]?
      for (threads, memory) in [(1, UInt64(1)), (2, 32_000_000), (3, 3_000_000), (16, 1 << 30)] {
        let options = ExportBench.options(threads: threads, memory: memory)
        try bench.compress(bench.path("m.safetensors"), to: "export", options)
        let bytes = try bench.temporary.read("export")
        try #require(first == nil || first == bytes, "\(threads) threads")
        first = bytes
        try bench.restore("export", to: "again", options)
        try #require(try bench.temporary.read("again") == bench.temporary.read("m.safetensors"))
      }
    }
  }

  @Test("70,000 small tensors take seconds")
  func manyTensors() throws {
    let entries = (0..<70_000).map { number in
      SafetensorsBuilder.Entry(
        "layer.\(number).w",
        "U8",
        [8],
        [UInt8](repeating: UInt8(number & 255), count: 8)
      )
    }
    let source = SafetensorsBuilder(entries).bytes
    try bench.temporary.write(source, to: "m.safetensors")
    let start = ContinuousClock.now
    try bench.compress(bench.path("m.safetensors"), to: "export")
    try bench.restore("export", to: "again")
    // Without optimization; with it both take about a second.
    #expect(ContinuousClock.now - start < .seconds(90))
    #expect(try bench.temporary.read("again") == source)
  }

  @Test("tensors that safetensors cannot name so, and whose bytes overlap, are listed and come back")
  func namesAndOverlaps() throws {
    let bytes = Array(UInt8(0)..<200)
    try bench.temporary.write(bytes, to: "w.bin")
    /// A tensor of external data.
    func add(_ graph: inout ProtoBuilder, _ name: String, _ offset: Int, _ count: Int) {
      graph.message(5) {
        $0.tensorHead(name, type: 2, [Int64(count)])
        $0.external("location", "w.bin")
        $0.external("offset", "\(offset)")
        $0.external("length", "\(count)")
        $0.integer(14, 1)
      }
    }
    let model = ProtoBuilder.model(graph: {
      for (name, offset, count) in [
        ("lacuna.source", 0, 10), ("__metadata__", 20, 30), ("lacuna.0", 60, 10), ("whole", 0, 200),
        ("tail", 190, 10), ("same", 60, 10), ("empty", 200, 0),
      ] { add(&$0, name, offset, count) }
    })
    try bench.temporary.write(model, to: "m.onnx")
    let report = try bench.compress(bench.path("m.onnx"), to: "export")
    #expect(report.files.map(\.tensors) == [0, 7])
    try bench.restore("export", to: "again")
    #expect(try bench.temporary.read("again/w.bin") == bytes)
    #expect(try bench.temporary.read("again/m.onnx") == model)
    let opened = try OpenedModel(bench.path("export/m.onnx.zst.safetensors"))
    #expect(opened.model.tensors.count == 7)
    #expect(try bench.verify("export/m.onnx.zst.safetensors").isWhole)
  }

  @Test("a folder goes out with its other files, and its index works on the exports")
  func folder() throws {
    try withSeed { generator in
      try bench.temporary.createFolder("model/sub")
      let parts = (1...2).map { number in
        SafetensorsBuilder([.init("w.\(number)", "F32", [16, 4], generator.bytes(256))]).bytes
      }
      for (number, part) in parts.enumerated() {
        try bench.temporary.write(part, to: "model/model-0000\(number + 1)-of-00002.safetensors")
      }
      let index =
        #"{"metadata":{"total_size":512},"weight_map":{"w.1":"model-00001-of-00002.safetensors","#
        + #""w.2":"model-00002-of-00002.safetensors"}}"#
      try bench.temporary.write(index, to: "model/model.safetensors.index.json")
      try bench.temporary.write("{}", to: "model/config.json")
      try bench.temporary.write("text", to: "model/sub/note.txt")
      let report = try bench.compress(bench.path("model"), to: "model.zst")
      try #require(report.files.count == 2)
      try #require(
        report.carriedFiles.map(\.name) == ["sub/note.txt", "config.json", "model.safetensors.index.json"]
      )
      for input in ["model.zst", "model.zst/model.safetensors.index.json"] {
        let opened = try OpenedModel(bench.path(input))
        try #require(opened.disagreements.isEmpty)
        try #require(opened.model.tensors.map(\.name.text) == ["w.1", "w.2"])
        try #require(opened.inputs.count == 2)
      }
      try #require(try bench.verify("model.zst").isWhole)
      try bench.restore("model.zst", to: "again")
      for folder in ["", "/sub"] {
        let names = try bench.temporary.entries(of: "model" + folder)
        try #require(try bench.temporary.entries(of: "again" + folder) == names)
        for name in names where name != "sub" {
          let (old, new) = (
            try bench.temporary.read("model\(folder)/\(name)"),
            try bench.temporary.read("again\(folder)/\(name)")
          )
          try #require(old == new, "\(name)")
        }
      }
    }
  }

  @Test("a conversion of an export is that of its source")
  func conversion() throws {
    try withSeed { generator in
      let source = SampleModel(zeros: 80, &generator).bytes
      try bench.temporary.write(source, to: "m.safetensors")
      try bench.compress(bench.path("m.safetensors"), to: "m.zst.safetensors")
      for layout in ["keep", "auto", "bitmask"] {
        for (input, output) in [("m.safetensors", "a"), ("m.zst.safetensors", "b")] {
          var options = ConversionBench.options(layout)
          options.force = true
          _ = try Converter(
            OpenedModel(bench.path(input)),
            to: bench.path(output),
            options: options,
            progress: WorkProgress()
          ).run()
        }
        try #require(try bench.temporary.read("a") == bench.temporary.read("b"), "\(layout)")
      }
    }
  }
}
