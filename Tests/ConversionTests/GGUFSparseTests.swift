import CompressedTensors
import Conversion
import Inspection
import ModelIR
import TestSupport
import Testing

@Suite("GGUF's sparse dialect")
struct GGUFSparseTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  static let layouts = ["bitmask", "csr", "nm:2:4", "nm:3:7", "auto"]

  static func options(_ layout: String = "keep") -> ConversionOptions {
    var options = ConversionBench.options(layout)
    options.verify = true
    options.force = true
    return options
  }

  @Test(
    "every layout and back gives the same bytes, whatever the types, names, keys and alignment",
    arguments: layouts,
    [0, 70, 98, 100]
  )
  func roundTrip(_ layout: String, _ zeros: Int) throws {
    try withSeed { generator in
      for _ in 0..<3 {
        let source = SampleGGUF(zeros: zeros, &generator).bytes
        try bench.temporary.write(source, to: "in.gguf")
        let report = try bench.convert("in.gguf", "sparse.gguf", Self.options(layout))
        try #require(!report.isUnchanged)
        let size = try bench.temporary.read("sparse.gguf").count
        try #require(report.outputByteCount == UInt64(size))
        try #require(try bench.differences("in.gguf", "sparse.gguf").isEqual)
        try bench.convert("sparse.gguf", "back.gguf", Self.options("dense"))
        try #require(try bench.temporary.read("back.gguf") == source)
        // Unchanged, it goes out as it is.
        let kept = try bench.convert("sparse.gguf", "kept.gguf", Self.options())
        try #require(kept.isUnchanged)
        try #require(try bench.areSame("kept.gguf", "sparse.gguf"))
      }
    }
  }

  @Test(
    "from any layout to any other, the file is the one that the dense model gives",
    arguments: layouts,
    layouts
  )
  func between(_ first: String, _ second: String) throws {
    try withSeed { generator in
      try bench.temporary.write(SampleGGUF(zeros: 80, &generator).bytes, to: "in.gguf")
      try bench.convert("in.gguf", "a.gguf", Self.options(first))
      try bench.convert("a.gguf", "b.gguf", Self.options(second))
      try #require(try bench.differences("in.gguf", "b.gguf").isEqual)
      try bench.convert("b.gguf", "back.gguf", Self.options("dense"))
      try #require(try bench.areSame("back.gguf", "in.gguf"))
    }
  }

  @Test("over safetensors' dialect and back the sparse file has the same bytes", arguments: layouts)
  func throughSafetensors(_ layout: String) throws {
    try withSeed { generator in
      try bench.temporary.write(SampleGGUF(zeros: 90, isOrdinary: true, &generator).bytes, to: "in.gguf")
      try bench.convert("in.gguf", "sparse.gguf", Self.options(layout))
      try bench.convert("sparse.gguf", "sparse.safetensors", Self.options())
      try #require(try bench.differences("in.gguf", "sparse.safetensors").isEqual)
      let layouts = { name in try OpenedModel(bench.path(name)).model.tensors.map(\.layout) }
      let (kept, first) = (try layouts("sparse.safetensors"), try layouts("sparse.gguf"))
      try #require(kept == first)
      try bench.convert("sparse.safetensors", "again.gguf", Self.options())
      try #require(try bench.areSame("again.gguf", "sparse.gguf"))
      try bench.convert("sparse.gguf", "dense.safetensors", Self.options("dense"))
      try bench.convert("dense.safetensors", "dense.gguf", Self.options())
      try #require(try bench.areSame("dense.gguf", "in.gguf"))
    }
  }

  /// Most files of blocks are all alike here: blocks stay dense.
  static let goldenFiles =
    ["f32", "f16", "bf16", "f64", "i8", "i16", "i32", "i64", "q4_K"].map { "types/\($0).gguf" }
    + ["all_types_v2", "all_types_v3", "align1", "name63"].map { "meta/\($0).gguf" }
    + ["convert/llama/out-q8_0.gguf", "split/tiny_unsplit.gguf"]

  @Test(
    "golden files come back as they were",
    arguments: goldenFiles,
    ["bitmask", "csr", "auto"]
  )
  func golden(_ file: String, _ layout: String) throws {
    try bench.temporary.write(Fixture.bytes("gguf/\(file)"), to: "in.gguf")
    try bench.convert("in.gguf", "sparse.gguf", Self.options(layout))
    #expect(try bench.differences("in.gguf", "sparse.gguf").isEqual)
    try bench.convert("sparse.gguf", "back.gguf", Self.options("dense"))
    let (source, again) = (try bench.temporary.read("in.gguf"), try bench.temporary.read("back.gguf"))
    // Version 2 comes back as 3, which is all that tells them apart.
    #expect(source[8...] == again[8...])
    #expect(source.count == again.count)
  }

  @Test("a sparse file is inspected as the dense one is", arguments: ["bitmask", "csr", "nm:2:4"])
  func inspection(_ layout: String) throws {
    try withSeed { generator in
      try bench.temporary.write(SampleGGUF(zeros: 60, &generator).bytes, to: "in.gguf")
      try bench.convert("in.gguf", "sparse.gguf", Self.options(layout))
      let dense = try GGUFOpeningTests.inspect(bench.path("in.gguf")).reports
      let sparse = try GGUFOpeningTests.inspect(bench.path("sparse.gguf")).reports
      try #require(dense.map(\.tensor.name) == sparse.map(\.tensor.name))
      try #require(sparse.contains { $0.tensor.layout.description == layout })
      for (one, other) in zip(dense, sparse) {
        try #require(one.statistics?.nonzeros == other.statistics?.nonzeros)
        try #require(one.statistics?.patterns == other.statistics?.patterns)
        try #require(one.statistics?.zeroRows == other.statistics?.zeroRows)
        try #require(one.tensor.blockType == other.tensor.blockType)
      }
    }
  }

  @Test("the same input gives the same bytes on any number of threads and any chunk size")
  func deterministic() throws {
    try withSeed { generator in
      try bench.temporary.write(SampleGGUF(zeros: 70, &generator).bytes, to: "in.gguf")
      for layout in Self.layouts {
        var outputs: [[UInt8]] = []
        for (threads, memory) in [(1, 1), (5, 1_000_000), (2, 64_000_000)] {
          var options = Self.options(layout)
          options.resources = WorkResources(threads: threads, memory: UInt64(memory))
          try bench.convert("in.gguf", "out.gguf", options)
          outputs.append(try bench.temporary.read("out.gguf"))
        }
        try #require(outputs.allSatisfy { $0 == outputs[0] }, "\(layout)")
      }
    }
  }

  @Test(
    "auto is never larger than a layout that was asked for, nor than dense",
    arguments: [0, 5, 30, 50, 75, 90, 99, 100]
  )
  func smallest(_ zeros: Int) throws {
    try withSeed { generator in
      for columns in [3, 40, 96] {
        var file = GGUFBuilder.simple()
        let data = (0..<columns * 16).flatMap { _ -> [UInt8] in
          Int.random(in: 0..<100, using: &generator) < zeros ? [0, 0] : [1, 1]
        }
        file.append(tensor: "w", dims: [UInt64(columns), 16], type: 30, data)
        try bench.temporary.write(file.bytes, to: "in.gguf")
        func size(_ layout: String) throws -> UInt64 {
          var options = ConversionBench.options(layout)
          options.dryRun = true
          return try bench.convert("in.gguf", "x.gguf", options).outputByteCount
        }
        let auto = try size("auto")
        for layout in ["keep", "bitmask", "csr", "nm:2:4", "nm:1:4", "nm:8:16"] {
          let other = try size(layout)
          try #require(auto <= other, "\(columns) \(layout)")
        }
      }
    }
  }

  @Test("what is sparse among quantized tensors is so as well: --type f32 makes numbers of blocks")
  func dequantized() throws {
    try bench.temporary.write(Fixture.bytes("gguf/types/q4_0.gguf"), to: "in.gguf")
    var options = Self.options("bitmask")
    options.type = .plain(.float32)
    try bench.convert("in.gguf", "sparse.gguf", options)
    options.layout = .named(.dense)
    try bench.convert("in.gguf", "dense.gguf", options)
    #expect(try OpenedModel(bench.path("sparse.gguf")).model.tensors.first?.layout == .bitmask)
    try bench.convert("sparse.gguf", "back.gguf", Self.options("dense"))
    #expect(try bench.areSame("back.gguf", "dense.gguf"))
  }

  @Test(
    "--type gives of a sparse file what it gives of the dense one",
    arguments: [WeightType.blocks(.q8_0), .blocks(.q4_0), .plain(.bfloat16)]
  )
  func types(_ type: WeightType) throws {
    var dense = GGUFBuilder.simple()
    try withSeed { generator in
      for number in 0..<2 {
        let elements = (0..<64 * 40).map { _ in
          generator.next() % 4 == 0 ? Float.random(in: -1...1, using: &generator).bitPattern : 0
        }
        let bytes = elements.flatMap { element in
          (0..<4).map { UInt8(truncatingIfNeeded: element >> ($0 * 8)) }
        }
        dense.append(tensor: "blk.\(number).weight", dims: [64, 40], type: 0, bytes)
      }
      try bench.temporary.write(dense.bytes, to: "in.gguf")
      for layout in ["bitmask", "csr"] {
        try bench.convert("in.gguf", "sparse.gguf", Self.options(layout))
        var options = Self.options("dense")
        options.type = type
        try bench.convert("sparse.gguf", "a.gguf", options)
        try bench.convert("in.gguf", "b.gguf", options)
        try #require(try bench.areSame("a.gguf", "b.gguf"))
        options.layout = .keep
        try bench.convert("sparse.gguf", "c.gguf", options)
        try #require(try bench.differences("b.gguf", "c.gguf").isEqual)
      }
    }
  }
}
