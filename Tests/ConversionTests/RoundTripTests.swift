import Conversion
import Inspection
import ModelIR
import TestSupport
import Testing

@Suite("Round trips")
struct RoundTripTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  static let layouts = ["bitmask", "csr", "nm:2:4", "nm:3:7", "nm:16:32", "nm:1:2", "auto"]

  @Test(
    "every layout and back gives the same bytes, whatever type, shape and density",
    arguments: layouts,
    [0, 60, 97, 100]
  )
  func bytes(_ layout: String, _ zeros: Int) throws {
    try withSeed { generator in
      let source = SampleModel(zeros: zeros, everyType: zeros == 60, &generator).bytes
      try bench.temporary.write(source, to: "in.safetensors")
      var options = ConversionBench.options(layout)
      options.verify = true
      options.force = true
      try bench.convert("in.safetensors", "sparse.safetensors", options)
      try #require(try bench.differences("in.safetensors", "sparse.safetensors").isEqual)
      options.layout = .named(.dense)
      try bench.convert("sparse.safetensors", "back.safetensors", options)
      try #require(try bench.temporary.read("back.safetensors") == source)
    }
  }

  @Test("from any layout to any other the tensors stay the same", arguments: layouts, layouts)
  func between(_ first: String, _ second: String) throws {
    try withSeed { generator in
      try bench.temporary.write(SampleModel(zeros: 80, &generator).bytes, to: "in.safetensors")
      try bench.convert("in.safetensors", "a.safetensors", first)
      try bench.convert("a.safetensors", "b.safetensors", second)
      try #require(try bench.differences("in.safetensors", "b.safetensors").isEqual)
      try bench.convert("b.safetensors", "kept.safetensors", "keep")
      let (kept, sparse) = (
        try bench.temporary.read("kept.safetensors"), try bench.temporary.read("b.safetensors")
      )
      try #require(kept == sparse)
    }
  }

  @Test(
    "an unchanged file goes out byte for byte, however it is laid out",
    arguments: ["keep", "dense", "bitmask"]
  )
  func unchanged(_ layout: String) throws {
    let odd = SafetensorsBuilder(
      header:
        #"   {"b":{"shape":[1],"x":[1,{"y":null}],"dtype":"U8","data_offsets":[1,2]} , "a":["BF16",[],[2,4]],"#
        + #""c":{"dtype":"I8","shape":[1],"data_offsets":[0,1]},"__metadata__":{"k":"\u00e9"}}  "#,
      data: [1, 2, 3, 4]
    )
    try bench.temporary.write(odd.bytes, to: "odd.safetensors")
    let report = try bench.convert("odd.safetensors", "out.safetensors", layout)
    #expect(report.isUnchanged)
    #expect(try bench.temporary.read("out.safetensors") == odd.bytes)
  }

  @Test("the same input gives the same bytes on any number of threads and any chunk size")
  func deterministic() throws {
    try withSeed { generator in
      try bench.temporary.write(SampleModel(zeros: 70, &generator).bytes, to: "in.safetensors")
      for layout in ["bitmask", "csr", "nm:2:4", "auto"] {
        var outputs: [[UInt8]] = []
        for (threads, memory) in [(1, 1), (2, 1), (5, 1_000_000), (2, 64_000_000)] {
          var options = ConversionBench.options(layout)
          options.force = true
          options.resources = WorkResources(threads: threads, memory: UInt64(memory))
          try bench.convert("in.safetensors", "out.safetensors", options)
          outputs.append(try bench.temporary.read("out.safetensors"))
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
      let bytes = (0..<64 * 96).flatMap { _ -> [UInt8] in
        Int.random(in: 0..<100, using: &generator) < zeros ? [0, 0] : [1, 1]
      }
      try bench.temporary.write(
        SafetensorsBuilder([.init("w", "BF16", [64, 96], bytes)]).bytes,
        to: "in.safetensors"
      )
      let options = { (layout: String) in
        var options = ConversionBench.options(layout)
        options.dryRun = true
        return options
      }
      let auto = try bench.convert("in.safetensors", "x", options("auto")).outputByteCount
      for layout in ["keep", "bitmask", "csr", "nm:2:4", "nm:1:4", "nm:8:16"] {
        let forced = try bench.convert("in.safetensors", "x", options(layout)).outputByteCount
        try #require(auto <= forced, "\(layout)")
      }
    }
  }

  @Test("a dry run says the exact size of what is then written, and writes nothing")
  func dryRun() throws {
    try withSeed { generator in
      try bench.temporary.write(SampleModel(zeros: 70, &generator).bytes, to: "in.safetensors")
      var options = ConversionBench.options("auto")
      options.dryRun = true
      let plan = try bench.convert("in.safetensors", "out.safetensors", options)
      try #require(try bench.temporary.entries() == ["in.safetensors"])
      let report = try bench.convert("in.safetensors", "out.safetensors", "auto")
      try #require(plan.files == report.files)
      let written = try bench.temporary.read("out.safetensors").count
      try #require(plan.outputByteCount == UInt64(written))
    }
  }
}
