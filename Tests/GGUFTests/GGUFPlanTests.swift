import GGUF
import ModelIR
import TestSupport
import Testing

@Suite("The layout of a new file")
struct GGUFPlanTests {
  static func part(_ name: TensorName, _ type: GGMLType = .i8, _ dims: [UInt64] = [1]) -> GGUFPlan.Part {
    GGUFPlan.Part(name: name, type: type, dims: dims)
  }

  static let refused: [(rule: GGUFPlanFault.Rule, items: [MetadataItem], parts: [GGUFPlan.Part])] = [
    (.emptyKey, [.new(key: "", value: .bool(true))], []),
    (.keyTooLong(65_536), [.new(key: String(repeating: "k", count: 65_536), value: .bool(true))], []),
    (.duplicateKey, [.new(key: "k", value: .bool(true)), .new(key: "k", value: .bool(true))], []),
    (.noValueType, [.new(key: "k", value: .unsigned(1, bits: 24))], []),
    (.valueOutOfRange, [.new(key: "k", value: .unsigned(256, bits: 8))], []),
    (.valueOutOfRange, [.new(key: "k", value: .signed(128, bits: 8))], []),
    (.valueOutOfRange, [.new(key: "k", value: .signed(-129, bits: 8))], []),
    (.untypedArray, [.new(key: "k", value: .array([]))], []),
    (.nestedArray, [.new(key: "k", value: .array([.array([])]))], []),
    (.mixedArray, [.new(key: "k", value: .array([.bool(true), .string("")]))], []),
    (.wrongAlignment, [.new(key: "general.alignment", value: .unsigned(24, bits: 32))], []),
    (.wrongAlignment, [.new(key: "general.alignment", value: .unsigned(32, bits: 64))], []),
    (.nameTooLong(64), [], [part(TensorName(String(repeating: "n", count: 64)))]),
    (.duplicateTensor, [], [part("a"), part("b"), part("a")]),
    (.tooManyDimensions(5), [], [part("a", .i8, [1, 1, 1, 1, 1])]),
    (.rowNotBlocks(.q4_K, elements: 128), [], [part("a", .q4_K, [128, 2])]),
    (.tensorTooLarge([1 << 32, 1 << 32]), [], [part("a", .i8, [1 << 32, 1 << 32])]),
    (.tensorTooLarge([1 << 61]), [], [part("a", .i64, [1 << 61])]),
    (.dataTooLarge, [], [part("a", .i16, [1 << 62])]),
    (.dataTooLarge, [], [part("a", .i16, [1 << 62]), part("b", .i16, [1 << 62])]),
  ]

  @Test("What makes no file that llama.cpp loads is refused", arguments: refused)
  func refuse(_ plan: (rule: GGUFPlanFault.Rule, items: [MetadataItem], parts: [GGUFPlan.Part])) throws {
    do {
      _ = try GGUFPlan(file: "out", items: plan.items, parts: plan.parts)
      Issue.record("it is accepted")
    } catch let fault as GGUFPlanFault {
      #expect(fault.rule == plan.rule)
      #expect(fault.diagnosis.file == "out")
      #expect(fault.diagnosis.kind == .cannotCreate)
    }
  }

  @Test("A file without tensors is not padded, and the smallest has 24 bytes")
  func empty() throws {
    let plan = try GGUFPlan(file: "out", items: [], parts: [])
    #expect(try plan.headerBytes([]) == Array("GGUF".utf8) + [3] + [UInt8](repeating: 0, count: 19))
    #expect(plan.byteCount == 24)
    let keyed = try GGUFPlan(file: "out", items: [.new(key: "k", value: .bool(true))], parts: [])
    #expect(keyed.byteCount == 24 + 8 + 1 + 4 + 1)
  }

  @Test(
    "Tensors lie at multiples of the alignment, each padded, the last too",
    arguments: [nil, 1, 8, 32, 64, 4096]
  )
  func alignment(alignment: UInt64?) throws {
    let items = alignment.map { [MetadataItem.new(key: "general.alignment", value: .unsigned($0, bits: 32))] }
    let plan = try GGUFPlan(
      file: "out",
      items: items ?? [],
      parts: [Self.part("a", .i8, [3]), Self.part("none", .i8, [0]), Self.part("b", .q8_0, [32])]
    )
    let unit = alignment ?? 32
    #expect(plan.alignment == unit)
    #expect(plan.headerByteCount % unit == 0)
    #expect(plan.byteCounts == [3, 0, 34])
    #expect(plan.offsets.allSatisfy { $0 % unit == 0 })
    #expect(plan.offsets[0] == plan.headerByteCount)
    #expect(plan.offsets[1] == plan.offsets[2])
    #expect(zip(plan.byteCounts, plan.paddings).allSatisfy { ($0 + $1) % unit == 0 && $1 < unit })
    #expect(plan.byteCount == plan.offsets[2] + 34 + plan.paddings[2])
    let data = [[UInt8](repeating: 1, count: 3), [], [UInt8](repeating: 2, count: 34)]
    let bytes = try plan.fileBytes([], data: data)
    #expect(UInt64(bytes.count) == plan.byteCount)
    let reader = try GGUFReader(source: MemorySource(bytes, named: "out"), name: "out")
    #expect(try reader.data() == data)
    #expect(reader.header.oddities.isEmpty)
  }

  @Test("Padding takes no memory, whatever the alignment")
  func hugeAlignment() throws {
    let plan = try GGUFPlan(
      file: "out",
      items: [.new(key: "general.alignment", value: .unsigned(1 << 31, bits: 32))],
      parts: [Self.part("a", .i8, [3])]
    )
    #expect(plan.headerByteCount == 1 << 31)
    #expect(plan.byteCount == 1 << 32)
    guard case .bytes(let bytes) = plan.header[0] else {
      Issue.record("the header does not start with bytes")
      return
    }
    #expect(plan.header.dropFirst() == [.zeros((1 << 31) - UInt64(bytes.count))])
  }

  /// A value of any type.
  static func value(_ generator: inout SeededGenerator) -> (MetadataValue, GGUFValueType?) {
    let types = GGUFValueType.allCases.filter { $0 != .array }
    let type = types.randomElement(using: &generator) ?? .bool
    guard Int.random(in: 0..<3, using: &generator) == 0 else { return (scalar(type, &generator), nil) }
    let count = Int.random(in: 0...5, using: &generator)
    return (.array((0..<count).map { _ in scalar(type, &generator) }), type)
  }

  static func scalar(_ type: GGUFValueType, _ generator: inout SeededGenerator) -> MetadataValue {
    let word = generator.next()
    switch type {
    case .string: return .string(text(&generator))
    case .bool: return .bool(word & 1 == 1)
    case .float32: return .float32(bitPattern: UInt32(truncatingIfNeeded: word))
    case .float64: return .float64(bitPattern: word)
    case .uint8: return .unsigned(word & 0xFF, bits: 8)
    case .uint16: return .unsigned(word & 0xFFFF, bits: 16)
    case .uint32: return .unsigned(word & 0xFFFF_FFFF, bits: 32)
    case .uint64: return .unsigned(word, bits: 64)
    case .int8: return .signed(Int64(Int8(truncatingIfNeeded: word)), bits: 8)
    case .int16: return .signed(Int64(Int16(truncatingIfNeeded: word)), bits: 16)
    case .int32: return .signed(Int64(Int32(truncatingIfNeeded: word)), bits: 32)
    default: return .signed(Int64(bitPattern: word), bits: 64)
    }
  }

  static func text(_ generator: inout SeededGenerator) -> String {
    let pieces = ["a", "B", "_", ".", " ", "\0", "\n", "\u{E9}", "e\u{301}", "\u{1F680}", "="]
    return (0..<Int.random(in: 0...6, using: &generator)).map { _ in
      pieces.randomElement(using: &generator) ?? ""
    }.joined()
  }

  @Test("What is written is read back equal, and written again has the same bytes")
  func random() throws {
    try withSeed { generator in
      for _ in 0..<150 {
        var items: [MetadataItem] = []
        for number in 0..<Int.random(in: 0...8, using: &generator) {
          let (value, elementType) = Self.value(&generator)
          items.append(.new(key: "\(number)" + Self.text(&generator), value: value, of: elementType))
        }
        if Bool.random(using: &generator) {
          let alignment = UInt64(1) << UInt64.random(in: 0...9, using: &generator)
          items.append(.new(key: "general.alignment", value: .unsigned(alignment, bits: 32)))
        }
        var parts: [GGUFPlan.Part] = []
        for number in 0..<Int.random(in: 0...6, using: &generator) {
          let type = GGMLType.allCases.randomElement(using: &generator) ?? .f32
          var dims = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
            UInt64.random(in: 0...3, using: &generator)
          }
          if type.blockElements > 1 && dims.isEmpty { dims = [1] }
          if !dims.isEmpty { dims[0] *= UInt64(type.blockElements) }
          let name = TensorName("\(number)" + Self.text(&generator))
          parts.append(GGUFPlan.Part(name: name, type: type, dims: dims))
        }
        let plan = try GGUFPlan(file: "out", items: items, parts: parts)
        let data = plan.byteCounts.map { generator.bytes(Int($0)) }
        let bytes = try plan.fileBytes([], data: data)
        let source = MemorySource(bytes, named: "out")
        let reader = try GGUFReader(source: source, name: "out")
        let header = reader.header
        try #require(header.entries.map(\.key) == items.map(\.key))
        for (entry, item) in zip(header.entries, items) {
          let value =
            entry.type == .array ? .array(try header.elements(of: entry, in: source)) : entry.value
          try #require(value == item.value)
        }
        try #require(header.tensors.map(GGUFPlan.Part.init) == parts)
        try #require(try reader.data() == data)
        let again = try GGUFPlan(
          file: "again",
          items: header.items(inFile: 0, of: source),
          parts: header.tensors.map(GGUFPlan.Part.init)
        )
        try #require(try again.fileBytes([source], data: data) == bytes)
      }
    }
  }
}
