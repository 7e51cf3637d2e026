import CompressedTensors
import Conversion
import Inspection
import ModelIR
import TestSupport
import Testing

@Suite("The form of GGUF's sparse dialect")
struct GGUFSparseFormTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  /// ggml's numbers of types.
  static let (f32, i8, i32): (UInt32, UInt32, UInt32) = (0, 24, 26)

  /// Two rows of eight, of which 1, 3 and 12 are not zero.
  static let values: [UInt8] = {
    var bytes = [UInt8](repeating: 0, count: 64)
    for (place, value) in [(1, 0x11), (3, 0x33), (12, 0xCC)] as [(Int, UInt8)] {
      bytes.replaceSubrange(place * 4..<place * 4 + 4, with: [value, 0, 0, 1])
    }
    return bytes
  }()

  static func stored(_ bytes: UInt8...) -> [UInt8] { bytes.flatMap { [$0, 0, 0, 1] } }
  static let nothing: [UInt8] = [0, 0, 0, 0]

  struct Written: Sendable {
    var layout: String
    var parts: String
    var tensors: [(name: String, dims: [UInt64], type: UInt32, bytes: [UInt8])]
  }

  static let written = [
    Written(
      layout: "bitmask",
      parts: #""bitmask":"w.bm","values":"w.v""#,
      tensors: [
        ("w.bm", [1, 2], i8, [0b1010, 0b10000]), ("w.v", [3], f32, stored(0x11, 0x33, 0xCC)),
      ]
    ),
    Written(
      layout: "csr",
      parts: #""crow_indices":"w.cr","col_indices":"w.ci","values":"w.v""#,
      tensors: [
        ("w.cr", [3], i32, [0, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]), ("w.ci", [3], i8, [1, 3, 4]),
        ("w.v", [3], f32, stored(0x11, 0x33, 0xCC)),
      ]
    ),
    Written(
      layout: "nm:2:4",
      parts: #""nm_values":"w.nv","nm_indices":"w.ni""#,
      tensors: [
        (
          "w.nv", [4, 2], f32,
          stored(0x11, 0x33) + nothing + nothing + nothing + nothing + stored(0xCC) + nothing
        ), ("w.ni", [1, 2], i8, [0b01_00_11_01, 0b01_00_01_00]),
      ]
    ),
  ]

  @Test("the file has these keys, parts and bytes, and no others", arguments: written)
  func bytes(_ written: Written) throws {
    var dense = GGUFBuilder()
    dense.add("a", u32: 7)
    dense.add("general.architecture", type: 8, dense.form.text("llama"))
    dense.add("z", u32: 8)
    var sparse = GGUFBuilder()
    sparse.add("a", u32: 7)
    sparse.add("general.architecture", type: 8, dense.form.text("lacuna"))
    sparse.add("z", u32: 8)
    let manifest =
      #"{"source_metadata":true,"tensors":[{"name":"w","dtype":"F32","shape":[2,8],"layout":"\#(written.layout)","#
      + #""parts":{\#(written.parts)}},{"name":"b","dtype":"I8","shape":[1],"layout":"dense"}]}"#
    for (key, text) in [
      ("lacuna.base_architecture", "llama"), ("lacuna.version", "1"), ("lacuna.manifest", manifest),
    ] {
      sparse.add(key, type: 8, sparse.form.text(text))
    }
    dense.append(tensor: "w", dims: [8, 2], type: Self.f32, Self.values)
    for part in written.tensors {
      sparse.append(tensor: part.name, dims: part.dims, type: part.type, part.bytes)
    }
    dense.append(tensor: "b", dims: [1], type: Self.i8, [5])
    sparse.append(tensor: "b", dims: [1], type: Self.i8, [5])
    try bench.temporary.write(dense.bytes, to: "in.gguf")
    let report = try bench.convert("in.gguf", "out.gguf", GGUFSparseTests.options(written.layout))
    #expect(report.notes.contains { $0.contains("--layout dense gives back") })
    #expect(try bench.temporary.read("out.gguf") == sparse.bytes)
  }

  @Test("a model says which one it is: the architecture and the one that it had")
  func headline() throws {
    try bench.temporary.write(Fixture.bytes("gguf/convert/llama/out-q8_0.gguf"), to: "in.gguf")
    var options = GGUFSparseTests.options("bitmask")
    options.type = .plain(.float16)
    try bench.convert("in.gguf", "out.gguf", options)
    let words = try OpenedModel(bench.path("out.gguf")).metadataReport(wantsEntries: false).headline
    #expect(words.first == "lacuna (llama)")
    #expect(words.contains("mostly F16"))
  }

  /// A sparse file of one byte each, whose names and shapes these are.
  private func writeSafetensors(_ type: String, _ tensors: [(name: String, shape: [UInt64])]) throws {
    let entries = tensors.map { name, shape in
      let width = StoredTensors.widths[type] ?? 1
      var bytes = [UInt8](repeating: 0, count: Int(shape.reduce(1, *)) * width)
      if !bytes.isEmpty { bytes[bytes.count / 2] = 9 }
      return SafetensorsBuilder.Entry(name, type, shape, bytes)
    }
    var file = SafetensorsBuilder(entries)
    file.header += [UInt8](repeating: 0x20, count: (8 - file.header.count % 8) % 8)
    try bench.temporary.write(file.bytes, to: "in.safetensors")
  }

  @Test(
    "names that are too long, taken or like ours, and many axes come back",
    arguments: ["keep", "bitmask", "csr"]
  )
  func names(_ layout: String) throws {
    let long = { (count: Int) in String(repeating: "n", count: count) }
    try writeSafetensors(
      "I8",
      [
        (long(59), [2, 40]), (long(60), [2, 40]), (long(61), [2, 40]), (long(62), [2, 40]),
        (long(63), [2, 40]), (long(64), [2, 40]), (long(200), [2, 40]), ("é" + long(62), [2, 40]),
        (long(62) + "é", [3]), ("lacuna.5", [2, 40]), ("lacuna.6.bm", [2, 40]), ("lacuna.7.v", [1]),
        ("lacuna.4", [2, 2]), ("w", [2, 40]), ("w.bm", [2, 40]), ("w.v", [2, 40]), ("w.bm.v", [2, 40]),
        ("five", [2, 1, 3, 2, 9]), ("six", [1, 1, 1, 1, 1, 33]), ("scalar", []), ("void", [0, 0, 1, 0, 3]),
      ]
    )
    try bench.convert("in.safetensors", "out.gguf", GGUFSparseTests.options(layout))
    let names = { name in try OpenedModel(bench.path(name)).model.tensors.map(\.name) }
    #expect(try names("out.gguf") == names("in.safetensors"))
    #expect(try bench.differences("in.safetensors", "out.gguf").isEqual)
    try bench.convert("out.gguf", "back.safetensors", GGUFSparseTests.options("dense"))
    #expect(try bench.differences("in.safetensors", "back.safetensors").isEqual)
    #expect(try names("back.safetensors") == names("in.safetensors"))
  }

  @Test("unsigned elements go out as signed ones of the same bits in a sparse layout, and in no other")
  func unsigned() throws {
    for type in ["U8", "U16", "U32", "U64"] {
      for layout in ["bitmask", "csr", "auto"] {
        try writeSafetensors(type, [("a", [4, 9]), ("b", [1, 2])])
        try bench.convert("in.safetensors", "out.gguf", GGUFSparseTests.options(layout))
        let model = try OpenedModel(bench.path("out.gguf")).model
        #expect(model.tensors.allSatisfy { $0.elementType.name == type && $0.layout != .dense })
        #expect(try bench.differences("in.safetensors", "out.gguf").isEqual)
        try bench.convert("out.gguf", "back.safetensors", GGUFSparseTests.options("dense"))
        #expect(try bench.differences("in.safetensors", "back.safetensors").isEqual)
        let fault = try ConversionBench.fault {
          try bench.convert("out.gguf", "no.gguf", GGUFSparseTests.options("dense"))
        }
        #expect(fault.problem == "GGUF has no type for \(type)")
      }
      // A vector stays dense.
      try writeSafetensors(type, [("a", [4, 9]), ("b", [2])])
      let fault = try ConversionBench.fault {
        try bench.convert("in.safetensors", "no.gguf", GGUFSparseTests.options("bitmask"))
      }
      #expect(fault.tensor == "b")
    }
    #expect(try !bench.temporary.entries().contains("no.gguf"))
  }

  @Test("blocks with more axes than GGUF has, and with a longer name, come back")
  func blocks() throws {
    try withSeed { generator in
      let name = String(repeating: "b", count: 70)
      let manifest =
        #"{\"tensors\":[{\"name\":\"\#(name)\",\"dtype\":\"U8\",\"shape\":[2,1,3,1,68],\"layout\":\"dense\","#
        + #"\"quantization\":{\"scheme\":\"Q8_0\",\"bits\":8,\"packing\":\"ggml\","#
        + #"\"logical_shape\":[2,1,3,1,64],\"axis\":4,\"group\":32}}]}"#
      let builder = SafetensorsBuilder(
        [.init(name, "U8", [2, 1, 3, 1, 68], generator.bytes(6 * 68))],
        metadata: [("lacuna.version", "1"), ("lacuna.manifest", manifest)]
      )
      try bench.temporary.write(builder.bytes, to: "in.safetensors")
      try bench.convert("in.safetensors", "out.gguf", GGUFSparseTests.options())
      let tensors = try OpenedModel(bench.path("out.gguf")).model.tensors
      try #require(tensors.map(\.blockType) == [.q8_0])
      try #require(tensors[0].logicalShape.extents == [2, 1, 3, 1, 64])
      try #require(try bench.differences("in.safetensors", "out.gguf").isEqual)
      try bench.convert("out.gguf", "back.safetensors", GGUFSparseTests.options())
      try #require(try bench.differences("in.safetensors", "back.safetensors").isEqual)
    }
  }

  @Test("keys are set and removed beside ours, which are nobody else's")
  func edits() throws {
    var dense = GGUFBuilder.simple()
    dense.add("general.name", type: 8, dense.form.text("old"))
    dense.append(tensor: "w", dims: [8, 2], type: Self.f32, Self.values)
    try bench.temporary.write(dense.bytes, to: "in.gguf")
    var options = GGUFSparseTests.options("csr")
    options.setPairs = ["general.architecture=other"]
    try bench.convert("in.gguf", "a.gguf", options)
    options = GGUFSparseTests.options()
    options.setPairs = ["general.name=new"]
    options.unsetKeys = ["general.architecture"]
    try bench.convert("a.gguf", "b.gguf", options)
    #expect(try OpenedModel(bench.path("b.gguf")).model.tensors.first?.layout == .csr)
    options = GGUFSparseTests.options("dense")
    try bench.convert("a.gguf", "dense-a.gguf", options)
    try bench.convert("b.gguf", "dense-b.gguf", options)
    for (name, architecture, title) in [("dense-a.gguf", "other", "old"), ("dense-b.gguf", nil, "new")] {
      let entries = try OpenedModel(bench.path(name)).metadataReport(wantsEntries: true).entries ?? []
      #expect(entries.first { $0.key == "general.architecture" }?.value == architecture.map { .string($0) })
      #expect(entries.first { $0.key == "general.name" }?.value == .string(title))
      #expect(!entries.contains { $0.key.hasPrefix("lacuna.") })
    }
    for key in ["lacuna.version", "lacuna.manifest", "lacuna.base_architecture"] {
      options.setPairs = ["\(key)=1"]
      let fault = try ConversionBench.fault { try bench.convert("a.gguf", "no.gguf", options) }
      #expect(fault.kind == .usage)
    }
  }

  @Test("the shards of a split keep a tensor's parts together", arguments: [1, 4_000, 12_000] as [UInt64])
  func split(_ size: UInt64) throws {
    try withSeed { generator in
      try bench.temporary.write(SampleGGUF(zeros: 70, &generator).bytes, to: "in.gguf")
      for layout in ["bitmask", "auto"] {
        var options = GGUFSparseTests.options(layout)
        options.shardSize = size
        let report = try bench.convert("in.gguf", "out-\(layout)", options)
        try #require(report.files.count > 1)
        let whole = try bench.convert("in.gguf", "whole.gguf", GGUFSparseTests.options(layout))
        try #require(whole.files.count == 1)
        try #require(try bench.differences("in.gguf", "out-\(layout)").isEqual)
        try bench.convert("out-\(layout)", "merged.gguf", GGUFSparseTests.options())
        try #require(try bench.areSame("merged.gguf", "whole.gguf"))
        try bench.convert("out-\(layout)", "back.gguf", GGUFSparseTests.options("dense"))
        try #require(try bench.areSame("back.gguf", "in.gguf"))
      }
    }
  }
}
