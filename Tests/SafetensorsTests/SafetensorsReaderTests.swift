import ByteIO
import ModelIR
import Safetensors
import TestSupport
import Testing

@Suite("SafetensorsReader")
struct SafetensorsReaderTests {
  static let builder = SafetensorsBuilder(
    [.init("b", "F32", [2], [UInt8](repeating: 1, count: 8)), .init("a", "BF16", [1, 2], [2, 3, 4, 5])],
    metadata: [("format", "pt")]
  )

  @Test("Tensors are dense regions of their file, in the order of the header")
  func tensors() throws {
    let source = RecordingSource(Self.builder.bytes)
    let reader = try SafetensorsReader(source: source, name: "model.safetensors")
    let dataStart = UInt64(8 + Self.builder.header.count)
    let tensors = Array(reader.tensors(inFile: 3))
    let file = reader.file(numbered: 3)
    #expect(tensors.map(\.name) == ["b", "a"])
    #expect(tensors.map(\.elementType) == [.float32, .bfloat16])
    #expect(tensors.map(\.shape.extents) == [[2], [1, 2]])
    let regions = tensors.map(\.storage.regions)
    #expect(regions[0] == [Region(file: 3, offset: dataStart, byteCount: 8)])
    #expect(regions[1] == [Region(file: 3, offset: dataStart + 8, byteCount: 4)])
    #expect(
      tensors.allSatisfy { $0.layout == .dense && $0.quantization == nil && $0.reduction == nil }
    )
    #expect(file.name == "model.safetensors")
    #expect(file.skeleton == Region(file: 3, offset: 0, byteCount: dataStart))
    #expect(file.metadata.text(forKey: "format") == "pt")
    #expect(file.declaresMetadata)
    #expect(reader.warnings.isEmpty)
    #expect(source.rests == 1)
  }

  @Test("Leniency is passed on, and what it let pass is said")
  func lenient() throws {
    let file = SafetensorsBuilder(header: #"{"a":["U8",[0],[0,0]],"a":["I8",[0],[0,0]]}"#)
    let source = MemorySource(file.bytes, named: "file")
    #expect(throws: SafetensorsFault.self) { try SafetensorsReader(source: source, name: "f") }
    let reader = try SafetensorsReader(source: source, name: "f", lenient: true)
    #expect(reader.tensors(inFile: 0).map(\.elementType) == [.int8])
    #expect(reader.warnings.count == 1)
  }

  @Test("A file that changes while its header is read is refused")
  func changes() throws {
    struct Changing: ByteSource {
      struct Changed: Error {}
      let memory: MemorySource
      var byteCount: UInt64 { memory.byteCount }
      var displayName: String { memory.displayName }
      func read(_ count: Int, at offset: UInt64, into buffer: inout [UInt8], startingAt start: Int) throws {
        try memory.read(count, at: offset, into: &buffer, startingAt: start)
      }
      func rest() throws { throw Changed() }
    }
    let source = Changing(memory: MemorySource(Self.builder.bytes, named: "file"))
    #expect(throws: Changing.Changed.self) { try SafetensorsReader(source: source, name: "f") }
  }

  @Test("Real weights are read from their file", arguments: [("dense", 0), ("2of4", 0.5), ("90pct", 0.9)])
  func realWeights(variant: String, zeroShare: Double) throws {
    let path = Fixture.path("real/minilm-l0-attention-\(variant)-bf16.safetensors")
    let source = try InputFile.open(path)
    let reader = try SafetensorsReader(source: source, name: "model.safetensors")
    let tensors = Array(reader.tensors(inFile: 0))
    #expect(tensors.count == 10)
    #expect(tensors.allSatisfy { $0.elementType == .bfloat16 })
    let query = try #require(
      tensors.first { $0.name == "encoder.layer.0.attention.self.query.weight" }
    )
    #expect(query.shape.extents == [384, 384])
    let region = try #require(query.storage.regions.first)
    var bytes = [UInt8](repeating: 0, count: Int(region.byteCount))
    try source.read(bytes.count, at: region.offset, into: &bytes, startingAt: 0)
    let zeros = stride(from: 0, to: bytes.count, by: 2).count { bytes[$0] == 0 && bytes[$0 + 1] & 0x7F == 0 }
    let share = Double(zeros) / Double(384 * 384)
    #expect(abs(share - zeroShare) < 0.01)
  }
}
