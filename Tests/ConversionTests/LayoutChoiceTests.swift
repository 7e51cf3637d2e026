import Conversion
import Inspection
import ModelIR
import TestSupport
import Testing

@Suite("Which tensors take a layout")
struct LayoutChoiceTests {
  let bench: ConversionBench

  init() throws { bench = try ConversionBench() }

  /// Writes tensors of bytes.
  func write(_ entries: [SafetensorsBuilder.Entry]) throws {
    try bench.temporary.write(SafetensorsBuilder(entries).bytes, to: "in.safetensors")
  }

  @Test("what cannot take the layout stays as it is, with the reason, and is an error if that is asked for")
  func obstacles() throws {
    let ones = [UInt8](repeating: 1, count: 8)
    try write([
      .init("vector", "U8", [8], ones), .init("packed", "F4", [2, 8], ones),
      .init("empty", "U8", [0, 8], []),
      .init("full", "U8", [2, 4], ones), .init("half", "U8", [2, 4], [1, 1, 0, 0, 0, 1, 0, 1]),
      .init("w", "U8", [2, 4], [0, 0, 0, 0, 1, 0, 0, 0]), .init("w.nm_values", "U8", [2, 4], ones),
    ])
    let report = try bench.convert("in.safetensors", "out.safetensors", "nm:2:4")
    let layouts = Dictionary(uniqueKeysWithValues: report.tensors.map { ($0.name.text, $0.to.description) })
    #expect(layouts["half"] == "nm:2:4")
    #expect(layouts.filter { $0.value == "dense" }.count == 6)
    for tensor in report.tensors where tensor.to == .dense { #expect(tensor.reason?.isEmpty == false) }
    let reasons = Dictionary(uniqueKeysWithValues: report.tensors.map { ($0.name.text, $0.reason ?? "") })
    #expect(reasons["full"]?.contains("2 groups") == true)
    #expect(reasons["w"]?.contains("w.nm_values") == true)

    var strict = ConversionBench.options("nm:2:4")
    strict.strict = true
    let fault = try ConversionBench.fault {
      try bench.convert("in.safetensors", "strict.safetensors", strict)
    }
    #expect(fault.kind == .badData)
    #expect(fault.tensor == "vector")
    #expect(try bench.temporary.entries() == ["in.safetensors", "out.safetensors"])
  }

  @Test("a negative zero is stored, so three of them in a group are no 2:4")
  func negativeZeros() throws {
    try write([.init("w", "BF16", [1, 4], [0, 0x80, 0, 0x80, 0, 0x80, 0, 0])])
    let report = try bench.convert("in.safetensors", "out.safetensors", "nm:2:4")
    #expect(report.tensors.first?.to == .dense)
  }

  @Test("auto does not make a file larger by what its manifest takes")
  func tiny() throws {
    try write([.init("w", "U8", [4, 8], [UInt8](repeating: 0, count: 32))])
    let report = try bench.convert("in.safetensors", "out.safetensors", "auto")
    #expect(report.isUnchanged)
    #expect(report.outputByteCount == report.inputByteCount)
  }

  @Test("metadata stays, ours comes and goes, and no metadata stays none", arguments: [true, false])
  func metadata(_ declares: Bool) throws {
    let entry = SafetensorsBuilder.Entry("w", "U8", [64, 64], [UInt8](repeating: 0, count: 4096))
    var builder = SafetensorsBuilder([entry], metadata: declares ? [("format", "pt"), ("b", "c")] : nil)
    builder.header += [UInt8](repeating: 0x20, count: (8 - builder.header.count % 8) % 8)
    try bench.temporary.write(builder.bytes, to: "in.safetensors")
    try bench.convert("in.safetensors", "sparse.safetensors", "bitmask")
    let sparse = try OpenedModel(bench.path("sparse.safetensors")).model.files[0]
    #expect(sparse.metadata.count == (declares ? 2 : 0))
    #expect(sparse.metadata.text(forKey: "format") == (declares ? "pt" : nil))
    try bench.convert("sparse.safetensors", "back.safetensors", "dense")
    #expect(try bench.temporary.read("back.safetensors") == builder.bytes)
  }

  @Test("a selection goes out alone, and one that selects nothing is refused")
  func selection() throws {
    try write([.init("a.w", "U8", [1], [1]), .init("b.w", "U8", [1], [2]), .init("b.x", "U8", [1], [3])])
    var opened = try OpenedModel(bench.path("in.safetensors"))
    try opened.select(TensorFilter(including: ["b.*"], excluding: ["*.x"]))
    var options = ConversionBench.options()
    options.isSelection = true
    _ = try Converter(opened, to: bench.path("out.safetensors"), options: options, progress: WorkProgress())
      .run()
    #expect(try OpenedModel(bench.path("out.safetensors")).model.tensors.map(\.name) == ["b.w"])
    #expect(throws: EmptySelectionFault.self) { try opened.select(TensorFilter(including: ["nothing"])) }
  }

  @Test("a few stored bytes that claim to be gigabytes are written out only if that is asked for")
  func expansion() throws {
    let manifest =
      #"{\"tensors\":[{\"name\":\"w\",\"dtype\":\"F32\",\"shape\":[256,4294967296],\"layout\":\"csr\",\"parts\":{\"crow_indices\":\"r\",\"col_indices\":\"c\",\"values\":\"v\"}}]}"#
    let builder = SafetensorsBuilder(
      [
        .init("c", "U32", [3], [1, 0, 0, 0, 2, 0, 0, 0, 255, 255, 255, 255]),
        .init("r", "U32", [257], [0, 0, 0, 0] + (0..<256).flatMap { _ in [3, 0, 0, 0] as [UInt8] }),
        .init("v", "F32", [3], [UInt8](repeating: 1, count: 12)),
      ],
      metadata: [("lacuna.version", "1"), ("lacuna.manifest", manifest)]
    )
    try bench.temporary.write(builder.bytes, to: "in.safetensors")
    let fault = try ConversionBench.fault { try bench.convert("in.safetensors", "out", "dense") }
    #expect(fault.kind == .badData)
    #expect(fault.problem.contains("4398046511104"))
    #expect(try bench.temporary.entries() == ["in.safetensors"])
    // Kept as it is, it is a small file.
    #expect(try bench.convert("in.safetensors", "kept.safetensors", "keep").isUnchanged)
  }
}
