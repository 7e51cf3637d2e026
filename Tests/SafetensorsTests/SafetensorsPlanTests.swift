import ModelIR
import Safetensors
import TestSupport
import Testing

@Suite("SafetensorsPlan")
struct SafetensorsPlanTests {
  static let references: [String] =
    ((try? Fixture.names(in: "safetensors")) ?? []).filter { $0.hasSuffix(".safetensors") }
    .map { "safetensors/" + $0 } + ["real/minilm-l0-attention-dense-bf16.safetensors"]

  static func parts(_ header: SafetensorsHeader) -> [SafetensorsPlan.Part] {
    header.entries.map { SafetensorsPlan.Part(name: $0.name, elementType: $0.elementType, shape: $0.shape) }
  }

  @Test("A plan lays tensors out as the reference's writer does, to the byte", arguments: references)
  func reference(name: String) throws {
    let file = try Fixture.bytes(name)
    let header = try SafetensorsHeader.read(from: MemorySource(file, named: name))
    let begins = Dictionary(uniqueKeysWithValues: header.entries.map { ($0.name, $0.begin) })
    try withSeed { generator in
      for _ in 0..<5 {
        let parts = Self.parts(header).shuffled(using: &generator)
        let plan = try SafetensorsPlan(
          file: "out",
          parts: parts,
          metadata: header.declaresMetadata ? header.metadata : nil
        )
        try #require(plan.header == Array(file[..<Int(header.dataStart)]))
        try #require(plan.offsets == parts.map { header.dataStart + (begins[$0.name] ?? .max) })
        try #require(plan.byteCount == UInt64(file.count))
      }
    }
  }

  @Test("The reference's files are at hand")
  func referencesExist() {
    #expect(Self.references.count == 6)
  }

  @Test(
    "A type that the format does not have is refused",
    arguments: ElementType.allCases.filter { !$0.isInSafetensors }
  )
  func foreignType(type: ElementType) throws {
    let part = SafetensorsPlan.Part(name: "a", elementType: type, shape: .vector(4))
    let fault = #expect(throws: SafetensorsPlanFault.self) {
      try SafetensorsPlan(file: "out", parts: [part], metadata: nil)
    }
    #expect(fault?.rule == .typeNotInFormat(type, of: "a") && fault?.file == "out")
  }

  @Test("What is planned reads back, of every type, and its data tile the file")
  func readsBack() throws {
    try withSeed { generator in
      for _ in 0..<40 {
        let parts = try (0..<Int.random(in: 0...12, using: &generator)).map { index in
          let outer = (0..<Int.random(in: 0...2, using: &generator)).map { _ in
            UInt64.random(in: 0...5, using: &generator)
          }
          // Four elements of any type fill whole bytes.
          return SafetensorsPlan.Part(
            name: TensorName("\(generator.next() % 100).\(index)"),
            elementType: ElementType.allCases.filter(\.isInSafetensors).randomElement(using: &generator)
              ?? .bool,
            shape: try #require(Shape(outer + [4]))
          )
        }
        let plan = try SafetensorsPlan(file: "out", parts: parts, metadata: nil)
        let data = [UInt8](repeating: 0, count: Int(plan.byteCount) - plan.header.count)
        let header = try SafetensorsHeader.read(from: MemorySource(plan.header + data, named: "out"))
        try #require(plan.header.count % 8 == 0)
        try #require(header.dataStart == UInt64(plan.header.count))
        try #require(header.entries.count == parts.count)
        for (part, offset) in zip(parts, plan.offsets) {
          let entry = try #require(header.entries.first { $0.name == part.name })
          try #require(entry.elementType == part.elementType)
          try #require(entry.shape == part.shape)
          try #require(header.dataStart + entry.begin == offset)
          try #require(entry.end - entry.begin == part.byteCount)
        }
        // The widest types come first, so that each is aligned to its own width.
        for (part, offset) in zip(parts, plan.offsets) where part.byteCount > 0 {
          try #require(offset % UInt64(part.elementType.byteWidth ?? 1) == 0)
        }
      }
    }
  }

  static let names = [
    "", "a", "\u{E9}\u{1F9CA}", "quote \" and \\ and \n and \u{1}", "model.layers.0.weight",
  ]

  @Test(
    "The length of a part's header text is known beforehand",
    arguments: names,
    [[], [0], [4096, 11008]] as [[UInt64]]
  )
  func headerByteCount(name: String, extents: [UInt64]) throws {
    let part = SafetensorsPlan.Part(
      name: TensorName(name),
      elementType: .bfloat16,
      shape: try #require(Shape(extents))
    )
    // A part of 10,000 bytes before it makes its offsets long.
    let first = SafetensorsPlan.Part(name: "first", elementType: .float32, shape: .vector(2500))
    func text(_ parts: [SafetensorsPlan.Part]) throws -> Int {
      let header = try SafetensorsPlan(file: "out", parts: parts, metadata: nil).header
      return (header.lastIndex(of: UInt8(ascii: "}")) ?? 0) + 1
    }
    let digits = [10_000, 10_000 + part.byteCount].map { String($0).utf8.count }
    let added = try text([first, part]) - text([first])
    let expected = SafetensorsPlan.headerByteCount(of: part, offsetDigits: 5)
    #expect(UInt64(added) == expected + UInt64(digits[1] - 5))
  }

  @Test("Metadata come first, in their order, escaped; none at all and an empty one differ")
  func metadata() throws {
    func text(_ metadata: Metadata?, _ parts: [SafetensorsPlan.Part] = []) throws -> String {
      let header = try SafetensorsPlan(file: "out", parts: parts, metadata: metadata).header
      return String(decoding: header.dropFirst(8), as: UTF8.self)
    }
    var metadata = Metadata()
    #expect(try text(nil) == "{}      ")
    #expect(try text(metadata).hasPrefix(#"{"__metadata__":{}} "#))
    metadata.append(key: "b\n", value: .string("\""))
    metadata.append(key: "a", value: .string("\u{E9}"))
    #expect(try text(metadata).hasPrefix(#"{"__metadata__":{"b\n":"\"","a":"é"}} "#))
    let part = SafetensorsPlan.Part(name: "w", elementType: .uint8, shape: .vector(1))
    #expect(try text(metadata, [part]).hasPrefix(#"{"__metadata__":{"b\n":"\"","a":"é"},"w":{"dtype":"U8","#))
  }

  @Test("Two tensors of one name are refused")
  func duplicateName() {
    let part = SafetensorsPlan.Part(name: "w", elementType: .uint8, shape: .vector(1))
    let fault = #expect(throws: SafetensorsPlanFault.self) {
      try SafetensorsPlan(file: "out", parts: [part, part], metadata: nil)
    }
    #expect(fault?.rule == .duplicateName("w"))
  }

  @Test("Data that no file can hold are refused")
  func dataTooLarge() throws {
    func plan(_ count: Int) throws -> SafetensorsPlan {
      let parts = (0..<count).map {
        SafetensorsPlan.Part(
          name: TensorName("w\($0)"),
          elementType: .uint8,
          shape: .vector((1 << 61) - 1)
        )
      }
      return try SafetensorsPlan(file: "out", parts: parts, metadata: nil)
    }
    #expect(try plan(3).byteCount > 3 * ((1 << 61) - 1))
    let fault = #expect(throws: SafetensorsPlanFault.self) { try plan(4) }
    #expect(fault?.rule == .dataTooLarge)
    #expect(fault?.diagnosis.kind == .cannotCreate)
    #expect(throws: SafetensorsPlanFault.self) { try plan(20) }
  }

  @Test("A header that the format does not allow is refused")
  func headerTooLarge() throws {
    // Few parts of absurd rank take less time than millions of parts.
    let shape = try #require(Shape([0] + [UInt64](repeating: .max, count: 20_000)))
    let part = SafetensorsPlan.Part(name: "w", elementType: .uint8, shape: shape)
    let count = 100_000_000 / Int(SafetensorsPlan.headerByteCount(of: part, offsetDigits: 1)) + 1
    let fault = #expect(throws: SafetensorsPlanFault.self) {
      try SafetensorsPlan(file: "out", parts: Array(repeating: part, count: count), metadata: nil)
    }
    guard case .headerTooLarge(let byteCount) = fault?.rule else {
      Issue.record("\(String(describing: fault))")
      return
    }
    #expect(byteCount > 100_000_000)
    #expect(fault?.diagnosis.kind == .cannotCreate)
  }
}
