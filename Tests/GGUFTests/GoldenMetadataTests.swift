import GGUF
import ModelIR
import TestSupport
import Testing

/// A key of the golden files and what it holds.
struct GoldenPair: Sendable, CustomTestStringConvertible {
  let key: String
  let value: MetadataValue
  /// Whether the big-endian file has it: it was made by a tool that normalizes NaN.
  let isEverywhere: Bool

  var testDescription: String { key }

  init(_ key: String, _ value: MetadataValue, isEverywhere: Bool = true) {
    self.key = key
    self.value = value
    self.isEverywhere = isEverywhere
  }

  static func floats(_ bits: [UInt32]) -> MetadataValue { .array(bits.map { .float32(bitPattern: $0) }) }
  static func doubles(_ bits: [UInt64]) -> MetadataValue { .array(bits.map { .float64(bitPattern: $0) }) }
  static func unsigned(_ values: [UInt64], _ bits: Int) -> MetadataValue {
    .array(values.map { .unsigned($0, bits: bits) })
  }
  static func signed(_ values: [Int64], _ bits: Int) -> MetadataValue {
    .array(values.map { .signed($0, bits: bits) })
  }

  /// The pairs of `all_types_*.gguf` in order, as the reference library reads them.
  static let all: [GoldenPair] = [
    .init("general.architecture", .string("golden")),
    .init("general.alignment", .unsigned(64, bits: 32)),
    .init("t.u8.max", .unsigned(255, bits: 8)),
    .init("t.i8.min", .signed(-128, bits: 8)),
    .init("t.u16.max", .unsigned(65535, bits: 16)),
    .init("t.i16.min", .signed(-32768, bits: 16)),
    .init("t.u32.max", .unsigned(4_294_967_295, bits: 32)),
    .init("t.i32.min", .signed(-2_147_483_648, bits: 32)),
    .init("t.u64.max", .unsigned(.max, bits: 64)),
    .init("t.i64.min", .signed(.min, bits: 64)),
    .init("t.f32.pi", .float32(bitPattern: 0x4049_0FDB)),
    .init("t.f64.pi", .float64(bitPattern: 0x4009_21FB_5444_2D18)),
    .init("t.f32.denorm", .float32(bitPattern: 1)),
    .init("t.f32.inf", .float32(bitPattern: 0x7F80_0000)),
    .init("t.f32.ninf", .float32(bitPattern: 0xFF80_0000)),
    .init("t.f32.negzero", .float32(bitPattern: 0x8000_0000)),
    .init("t.f64.max", .float64(bitPattern: 0x7FEF_FFFF_FFFF_FFFF)),
    .init("t.f32.nan_payload", .float32(bitPattern: 0x7FA0_1234), isEverywhere: false),
    .init("t.f64.nan", .float64(bitPattern: 0x7FF8_0000_0000_0001), isEverywhere: false),
    .init("t.bool.true", .bool(true)),
    .init("t.bool.false", .bool(false)),
    .init("t.str.empty", .string("")),
    .init("t.str.utf8", .string("na\u{EF}ve \u{1F680} \u{4E2D}\u{6587} \t\n\"quoted\"")),
    .init("t.str.nul_inside", .string("a\0b")),
    .init("t.str.long", .string(String(repeating: "x", count: 3000))),
    .init("a.u8", unsigned([0, 1, 255], 8)),
    .init("a.i8", signed([-128, 0, 127], 8)),
    .init("a.u16", unsigned([0, 65535], 16)),
    .init("a.i16", signed([-32768, 32767], 16)),
    .init("a.u32", unsigned([0, 4_294_967_295], 32)),
    .init("a.i32", signed([-2_147_483_648, 2_147_483_647], 32)),
    .init("a.f32", floats([0, 0xBFC0_0000, 0x7F61_B1E6])),
    .init("a.bool", .array([.bool(true), .bool(false), .bool(true), .bool(true)])),
    .init("a.str", .array([.string(""), .string("a"), .string("\u{E9}"), .string("<|im_start|>")])),
    .init("a.u64", unsigned([0, .max], 64)),
    .init("a.i64", signed([.min, .max], 64)),
    .init("a.f64", doubles([0x3FB9_9999_9999_999A, 0x81BA_C9A7_B3B7_302F])),
    .init("a.empty.u8", .array([])),
    .init("a.empty.str", .array([])),
    .init("a.empty.f32", .array([])),
    .init("UPPER and space.key", .unsigned(1, bits: 32)),
    .init(String(repeating: "k", count: 300), .unsigned(7, bits: 8)),
  ]
}

@Suite("Golden files with metadata of every type")
struct GoldenMetadataTests {
  /// The golden files with every type: name, version, order of bytes.
  static let files: [(name: String, version: UInt32, isBigEndian: Bool)] = [
    ("all_types_v1", 1, false), ("all_types_v2", 2, false), ("all_types_v3", 3, false),
    ("all_types_v3_big_endian", 3, true),
  ]

  /// All that a header says, arrays decoded.
  func values(_ source: MemorySource, _ header: GGUFHeader) throws -> [MetadataValue] {
    try header.entries.map { entry in
      guard case .array = entry.content else { return try #require(entry.value) }
      return .array(try header.elements(of: entry, in: source))
    }
  }

  @Test("Every value is read exactly, in every version and byte order", arguments: files)
  func values(file: (name: String, version: UInt32, isBigEndian: Bool)) throws {
    let source = try golden("meta/\(file.name)")
    let header = try GGUFHeader.read(from: source, lenient: true)
    #expect(header.version == file.version)
    #expect(header.isBigEndian == file.isBigEndian)
    #expect(header.alignment == 64)
    let expected = GoldenPair.all.filter { $0.isEverywhere || !file.isBigEndian }
    #expect(header.entries.map(\.key) == expected.map(\.key))
    let values = try values(source, header)
    for (found, pair) in zip(values, expected) { #expect(found == pair.value, "\(pair.key)") }
  }

  @Test("Tensors are read with their extents and values, in every version and byte order", arguments: files)
  func tensors(file: (name: String, version: UInt32, isBigEndian: Bool)) throws {
    let reader = try GGUFReader(source: golden("meta/\(file.name)"), name: file.name, lenient: true)
    let expected: [(name: TensorName, dims: [UInt64])] = [
      ("d1", [5]), ("d2", [4, 3]), ("d3", [2, 3, 4]), ("d4", [2, 1, 3, 2]), ("trail1", [6, 1, 1]),
      ("scalar0", []), ("empty", [0, 3]),
    ]
    #expect(reader.header.tensors.map(\.name) == expected.map(\.name))
    #expect(reader.header.tensors.map(\.dims) == expected.map(\.dims))
    let tensors = Array(reader.tensors(inFile: 0))
    #expect(tensors.map(\.shape.extents) == expected.map { $0.dims.reversed() })
    #expect(tensors.allSatisfy { $0.elementType == .float32 && $0.quantization == nil })
    let data = try reader.data().flatMap(\.self)
    let floats = stride(from: 0, to: data.count, by: 4).map { place in
      Float(bitPattern: data[place..<(place + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) })
    }
    // They count on from tensor to tensor.
    #expect(floats == (0..<60).map { Float($0) })
  }

  @Test("Files that llama.cpp does not read are refused strictly, with their own rule")
  func strictness() throws {
    let expected = [
      "all_types_v1": "version1", "all_types_v3_big_endian": "bigEndian", "nested_arrays": "nestedArray",
      "last_tensor_unpadded": "paddingCutShort",
    ]
    for file in try Fixture.names(in: "gguf/meta") {
      let name = String(file.dropLast(5))
      let fault = try fault(Fixture.bytes("gguf/meta/\(file)"))
      #expect(fault.map { caseName(of: $0.rule) } == expected[name], "\(name)")
    }
  }

  @Test(
    "What is read leniently comes with one warning",
    arguments: [
      ("all_types_v1", ["version1"]), ("all_types_v2", []), ("all_types_v3", []),
      ("all_types_v3_big_endian", ["bigEndian"]), ("nested_arrays", ["nestedArray"]), ("empty", []),
      ("kv_only_unpadded", []), ("align1", []), ("last_tensor_unpadded", ["unpaddedEnd"]),
      ("trailing_bytes", ["trailingBytes"]), ("name63", []),
    ] as [(String, [String])]
  )
  func warnings(name: String, kinds: [String]) throws {
    let header = try GGUFHeader.read(from: golden("meta/\(name)"), lenient: true)
    #expect(header.oddities.map { caseName(of: $0.kind) } == kinds)
    #expect(header.warnings.count == kinds.count)
  }

  @Test("Nested arrays are decoded")
  func nested() throws {
    let source = try golden("meta/nested_arrays")
    let header = try GGUFHeader.read(from: source, lenient: true)
    let values = try values(source, header)
    #expect(values.count == 3)
    #expect(
      values[1]
        == .array([
          .array([.unsigned(1, bits: 8), .unsigned(2, bits: 8)]), .array([]),
          .array([.string("x"), .string("yy")]),
        ])
    )
    #expect(values[2] == .array([.array([.array([.signed(-1, bits: 32)])])]))
  }

  @Test("A run of nested arrays is found by passing over those before")
  func nestedRun() throws {
    let source = try golden("meta/nested_arrays")
    let header = try GGUFHeader.read(from: source, lenient: true)
    let entry = try #require(header.entry(forKey: "a.nested"))
    #expect(
      try header.elements(of: entry, in: source, range: 2..<3)
        == [.array([.string("x"), .string("yy")])]
    )
  }

  @Test("Every golden tensor type is read with its block", arguments: GGMLType.allCases)
  func types(type: GGMLType) throws {
    let names = try Fixture.names(in: "gguf/types").filter { $0.hasSuffix(".gguf") }
    let wanted = names.filter { name in
      let stem = String(name.dropLast(5))
      return stem.lowercased() == "\(type)".lowercased() || stem.lowercased() == "\(type)-imat".lowercased()
    }
    #expect(!wanted.isEmpty)
    for name in wanted {
      let source = MemorySource(try Fixture.bytes("gguf/types/\(name)"), named: name)
      let reader = try GGUFReader(source: source, name: name)
      let tensor = try #require(Array(reader.tensors(inFile: 0)).first)
      #expect(reader.header.tensors.map(\.type) == [type])
      let elements = tensor.logicalShape.extents
      let isSmall = [.i8, .i16, .i32, .i64, .f64].contains(type)
      #expect(elements == (isSmall ? [4, 96] : [10, 512]))
      #expect(tensor.storage.byteCount == type.bytes(ofRow: elements[1]).map { $0 * elements[0] })
      #expect(tensor.denseByteCount == tensor.storage.byteCount)
      #expect((tensor.quantization == nil) == (type.elementType != nil))
      if let quantization = tensor.quantization {
        #expect(tensor.elementType == .uint8)
        #expect(quantization.scheme == type.name)
        #expect(quantization.packing == "ggml")
        #expect(quantization.granularity == .group(axis: 1, size: type.blockElements))
        let stored = 8 * type.blockBytes / type.blockElements
        #expect(quantization.bits <= stored && quantization.bits * 2 > stored)
      } else {
        #expect(tensor.elementType == type.elementType)
      }
    }
  }
}
