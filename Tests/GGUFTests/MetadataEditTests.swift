import GGUF
import ModelIR
import TestSupport
import Testing

@Suite("Changes of metadata")
struct MetadataEditTests {
  /// Pairs of every type, in a file.
  static func items() throws -> [MetadataItem] {
    let source = try golden("meta/all_types_v3")
    return try GGUFHeader.read(from: source).items(inFile: 0, of: source)
  }

  static func f32(_ value: Float) -> MetadataValue { .float32(bitPattern: value.bitPattern) }

  static let replaced: [(text: String, key: String, value: MetadataValue)] = [
    ("t.u8.max=7", "t.u8.max", .unsigned(7, bits: 8)),
    ("t.i8.min=-128", "t.i8.min", .signed(-128, bits: 8)),
    ("t.u16.max=0", "t.u16.max", .unsigned(0, bits: 16)),
    ("t.i16.min=-1", "t.i16.min", .signed(-1, bits: 16)),
    ("t.u32.max=4294967295", "t.u32.max", .unsigned(4_294_967_295, bits: 32)),
    ("t.i32.min=5", "t.i32.min", .signed(5, bits: 32)),
    ("t.u64.max=18446744073709551615", "t.u64.max", .unsigned(.max, bits: 64)),
    ("t.i64.min=-9223372036854775808", "t.i64.min", .signed(.min, bits: 64)),
    ("t.f32.pi=0.1", "t.f32.pi", f32(0.1)),
    ("t.f32.pi=-inf", "t.f32.pi", f32(-.infinity)),
    ("t.f64.pi=0.1", "t.f64.pi", .float64(bitPattern: (0.1).bitPattern)),
    ("t.bool.true=false", "t.bool.true", .bool(false)),
    ("t.str.empty=a=b", "t.str.empty", .string("a=b")),
    ("t.str.long=", "t.str.long", .string("")),
    ("t.u8.max:str=text", "t.u8.max", .string("text")),
    ("general.alignment=128", "general.alignment", .unsigned(128, bits: 32)),
  ]

  @Test("A value takes the type of the pair that it replaces, and its place", arguments: replaced)
  func replace(edit: (text: String, key: String, value: MetadataValue)) throws {
    var items = try Self.items()
    let before = items.map(\.key)
    try MetadataEdit(edit.text).apply(to: &items)
    #expect(items.map(\.key) == before)
    #expect(items.first { $0.hasKey(edit.key) }?.value == edit.value)
  }

  static let added: [(text: String, key: String, value: MetadataValue)] = [
    ("n=true", "n", .bool(true)), ("n=false", "n", .bool(false)), ("n=True", "n", .string("True")),
    ("n=0", "n", .unsigned(0, bits: 32)), ("n=4294967295", "n", .unsigned(4_294_967_295, bits: 32)),
    ("n=4294967296", "n", .unsigned(4_294_967_296, bits: 64)), ("n=-1", "n", .signed(-1, bits: 32)),
    ("n=-2147483649", "n", .signed(-2_147_483_649, bits: 64)), ("n=007", "n", .string("007")),
    ("n=18446744073709551616", "n", .string("18446744073709551616")), ("n=+1", "n", .string("+1")),
    ("n=1.5", "n", f32(1.5)), ("n=-1e-5", "n", f32(-1e-5)), ("n=1e99", "n", .string("1e99")),
    ("n=.5", "n", .string(".5")), ("n=inf", "n", .string("inf")), ("n=0x10", "n", .string("0x10")),
    ("n=", "n", .string("")), ("n=a b", "n", .string("a b")), ("n:u8=255", "n", .unsigned(255, bits: 8)),
    ("n:i64=-5", "n", .signed(-5, bits: 64)), ("n:f64=1", "n", .float64(bitPattern: (1.0).bitPattern)),
    ("n:str=1", "n", .string("1")), ("n:bool=true", "n", .bool(true)),
    ("n:f32=nan", "n", .float32(bitPattern: Float.nan.bitPattern)),
    ("general.name=7", "general.name", .string("7")),
    ("general.file_type=7", "general.file_type", .unsigned(7, bits: 32)),
  ]

  @Test("A new value has the type that is named, or that it looks like, and comes last", arguments: added)
  func add(edit: (text: String, key: String, value: MetadataValue)) throws {
    var items = try Self.items()
    try MetadataEdit(edit.text).apply(to: &items)
    #expect(items.count == 43)
    #expect(items.last == .new(key: edit.key, value: edit.value))
  }

  @Test("A key that has the form of a type is taken as it stands if it is there")
  func keyLikeType() throws {
    var items: [MetadataItem] = [.new(key: "a:u8", value: .string("x"))]
    try MetadataEdit("a:u8=1").apply(to: &items)
    #expect(items == [.new(key: "a:u8", value: .string("1"))])
  }

  @Test("The same value again leaves the pair as it is in the file")
  func unchanged() throws {
    let before = try Self.items()
    var items = before
    try MetadataEdit("general.architecture=golden").apply(to: &items)
    #expect(items == before)
    try MetadataEdit("t.f32.pi:f64=3").apply(to: &items)
    #expect(items != before)
  }

  static let refused: [(text: String, rule: MetadataEditFault.Rule)] = [
    ("text", .noAssignment), ("=1", .noAssignment), ("", .noAssignment),
    ("t.u8.max=256", .notOfType("256", .uint8)), ("t.u8.max=-1", .notOfType("-1", .uint8)),
    ("t.i8.min=128", .notOfType("128", .int8)), ("t.u32.max=1.0", .notOfType("1.0", .uint32)),
    ("t.bool.true=1", .notOfType("1", .bool)), ("t.f32.pi=1e99", .notOfType("1e99", .float32)),
    ("t.f64.pi=1e999", .notOfType("1e999", .float64)), ("t.f32.pi=pi", .notOfType("pi", .float32)),
    ("t.u64.max= 1", .notOfType(" 1", .uint64)), ("a.u8=1", .isArray), ("n:arr=1", .isArray),
    ("general.tags=x", .isArray), ("general.alignment=24", .wrongAlignment("24")),
    ("general.alignment=0", .wrongAlignment("0")), ("general.alignment:u64=32", .wrongAlignment("32")),
    ("general.alignment=x", .notOfType("x", .uint32)),
  ]

  @Test("A change that makes no sense is refused", arguments: refused)
  func refuse(edit: (text: String, rule: MetadataEditFault.Rule)) throws {
    let before = try Self.items()
    var items = before
    do {
      try MetadataEdit(edit.text).apply(to: &items)
      Issue.record("it is accepted")
    } catch let fault {
      #expect(fault.rule == edit.rule)
      #expect(fault.diagnosis.kind == .usage)
    }
    #expect(items == before)
  }

  @Test("A pair is removed by its key")
  func unset() throws {
    var items = try Self.items()
    try MetadataEdit.unset("a.u8", in: &items)
    #expect(items.count == 41)
    #expect(!items.contains { $0.hasKey("a.u8") })
    #expect(throws: MetadataEditFault(key: "a.u8", .unknownKey)) {
      try MetadataEdit.unset("a.u8", in: &items)
    }
  }

  @Test("A changed file is read with the change, and all else is the same")
  func written() throws {
    let source = try golden("meta/all_types_v3")
    let reader = try GGUFReader(source: source, name: "file")
    var items = try reader.header.items(inFile: 0, of: source)
    try MetadataEdit("general.alignment=8").apply(to: &items)
    try MetadataEdit("t.str.long=short").apply(to: &items)
    try MetadataEdit.unset("a.empty.u8", in: &items)
    let plan = try GGUFPlan(
      file: "out",
      items: items,
      parts: reader.header.tensors.map(GGUFPlan.Part.init)
    )
    let bytes = try plan.fileBytes([source], data: reader.data())
    let written = try GGUFReader(source: MemorySource(bytes, named: "out"), name: "out")
    #expect(written.header.alignment == 8)
    #expect(written.header.entry(forKey: "t.str.long")?.value == .string("short"))
    #expect(written.header.entries.count == 41)
    #expect(try written.data() == reader.data())
    #expect(written.header.tensors.map(\.dims) == reader.header.tensors.map(\.dims))
  }
}
