import GGUF
import ModelIR
import TestSupport
import Testing

@Suite("Tensors of big-endian files")
struct ByteSwappedSourceTests {
  /// For each type that is swapped: where the two-byte and wider fields of its block are.
  static let fields: [(type: GGMLType, fields: [Range<Int>])] = [
    (.f32, [0..<4]), (.f16, [0..<2]), (.bf16, [0..<2]), (.f64, [0..<8]), (.i8, []), (.i16, [0..<2]),
    (.i32, [0..<4]), (.i64, [0..<8]), (.q4_0, [0..<2]), (.q8_0, [0..<2]), (.q4_K, [0..<2, 2..<4]),
    (.q6_K, [208..<210]), (.mxfp4, []), (.nvfp4, []),
  ]

  /// A block, its fields turned round.
  static func swapped(_ block: [UInt8], _ fields: [Range<Int>]) -> [UInt8] {
    var block = block
    for field in fields { block.replaceSubrange(field, with: Array(block[field].reversed())) }
    return block
  }

  /// A big-endian file with a tensor of each type and 3 blocks; and what should be read.
  static func file() -> (bytes: [UInt8], expected: [[UInt8]]) {
    var file = GGUFBuilder.simple(.bigEndian)
    var expected: [[UInt8]] = []
    var next: UInt8 = 0
    for (number, (type, fields)) in Self.fields.enumerated() {
      var stored: [UInt8] = []
      var read: [UInt8] = []
      for _ in 0..<3 {
        let block = (0..<type.blockBytes).map { _ -> UInt8 in
          next = next &* 5 &+ 3
          return next
        }
        stored += block
        read += swapped(block, fields)
      }
      file.append(tensor: "t\(number)", dims: [UInt64(3 * type.blockElements)], type: type.rawValue, stored)
      expected.append(read)
    }
    return (file.bytes, expected)
  }

  @Test("Every field of more than a byte is turned round, and nothing else")
  func types() throws {
    let (bytes, expected) = Self.file()
    let reader = try GGUFReader(source: MemorySource(bytes, named: "file"), name: "file", lenient: true)
    #expect(reader.needsView)
    #expect(try reader.data() == expected)
    let model = reader.model
    #expect(model.views.count == 1)
    #expect(model.tensors.allSatisfy { model.file(of: $0) == 0 })
  }

  @Test("Any range of the file reads the same as the whole")
  func ranges() throws {
    let (bytes, _) = Self.file()
    let reader = try GGUFReader(source: MemorySource(bytes, named: "file"), name: "file", lenient: true)
    let source = try #require(reader.view(ofFile: 0)).source
    let whole = try source.bytes(0..<source.byteCount)
    #expect(Array(whole[..<Int(reader.header.dataStart)]) == Array(bytes[..<Int(reader.header.dataStart)]))
    try withSeed { generator in
      for _ in 0..<400 {
        let start = Int.random(in: 0...bytes.count, using: &generator)
        let end = Int.random(in: start...min(bytes.count, start + 700), using: &generator)
        var buffer = [UInt8](repeating: 0xEE, count: end - start + 5)
        try source.read(end - start, at: UInt64(start), into: &buffer, startingAt: 3)
        try #require(buffer == [0xEE, 0xEE, 0xEE] + whole[start..<end] + [0xEE, 0xEE])
      }
    }
  }

  @Test(
    "Types whose big-endian form is not known are refused by name",
    arguments: GGMLType.allCases.filter { type in
      !ByteSwappedSourceTests.fields.contains { $0.type == type }
    }
  )
  func unknown(type: GGMLType) throws {
    var file = GGUFBuilder.simple(.bigEndian)
    let bytes = [UInt8](repeating: 0, count: type.blockBytes)
    file.append(tensor: "odd", dims: [UInt64(type.blockElements)], type: type.rawValue, bytes)
    do {
      _ = try GGUFReader(source: MemorySource(file.bytes, named: "file"), name: "file", lenient: true)
      Issue.record("it is read")
    } catch let fault as GGUFFault {
      #expect(fault.rule == .cannotSwap(type))
      #expect(fault.tensor == "odd")
    }
  }
}
