import GGUF
import ModelIR
import TestSupport
import Testing

/// A file with something to it: the rule that it breaks strictly, and what it is leniently.
struct OddHeader: Sendable, CustomTestStringConvertible {
  let name: String
  /// The rule that it breaks when read strictly; nil if none.
  let strict: GGUFFault.Rule?
  /// What is noted when it is read leniently; nil if that breaks a rule too.
  let lenient: [GGUFOddity.Kind]?
  let tensor: TensorName?
  let key: String?
  let bytes: [UInt8]

  var testDescription: String { name }

  init(
    _ name: String,
    _ strict: GGUFFault.Rule?,
    _ lenient: [GGUFOddity.Kind]?,
    tensor: TensorName? = nil,
    key: String? = nil,
    _ file: GGUFBuilder = .simple(),
    cut: Int = 0,
    _ change: (inout GGUFBuilder) -> Void
  ) {
    self.name = name
    self.strict = strict
    self.lenient = lenient
    self.tensor = tensor
    self.key = key
    var file = file
    change(&file)
    bytes = file.bytes.dropLast(cut)
  }

  static let wide = String(repeating: "n", count: 64)

  static let counts = [
    OddHeader("no version 0", .unsupportedVersion(0), nil) { $0.form.version = 0 },
    OddHeader("no version 4", .unsupportedVersion(4), nil) { $0.form.version = 4 },
    OddHeader("no version 65536", .unsupportedVersion(65536), nil) { $0.form.version = 65536 },
    OddHeader("version 1", .version1, [.version1], .simple(.v1)) { _ in },
    OddHeader("big-endian", .bigEndian, [.bigEndian], .simple(.bigEndian)) { _ in },
    OddHeader("a pair that is not there", .countTooLarge(of: "key-value pairs", 4, room: 3), nil) {
      $0.pairCount = 4
    },
    OddHeader("a tensor that is not there", .countTooLarge(of: "tensors", 1, room: 0), nil) {
      $0.tensorCount = 1
    },
  ]

  static let pairs = [
    OddHeader("an empty key", .emptyKey, [.emptyKey]) { $0.add("", type: 0, [1]) },
    OddHeader("a long key", nil, [.longKey]) {
      $0.add(String(repeating: "k", count: 65_536), type: 0, [1])
    },
    OddHeader("a key over the limit", .keyTooLong(1_048_577, limit: 1_048_576), nil) {
      $0.add(String(repeating: "k", count: 1_048_577), type: 0, [1])
    },
    OddHeader("a bool of 2", nil, [.oddBool], key: "b") { $0.add("b", type: 7, [2]) },
    OddHeader("a text that is none", nil, [.textNotUTF8], key: "t") {
      $0.add("t", type: 8, $0.form.bytes([0xFF]))
    },
    OddHeader("value type 13", .unknownValueType(13), nil, key: "k") { $0.add("k", type: 13, [1]) },
    OddHeader("an array without room", .arrayBeyondEnd(5, of: .uint8, left: 4), nil, key: "k") {
      $0.add("k", arrayOf: 0, count: 5, [1, 2, 3, 4])
    },
    OddHeader("a key twice", .duplicateKey, nil, key: "general.architecture") {
      $0.add("general.architecture", u32: 1)
    },
    OddHeader("arrays nested twice", .nestedArray, [.nestedArray], key: "k") { file in
      file.add("k", arrayOf: 9, count: 2, file.array(of: 9, count: 0, []) + file.array(of: 0, count: 1, [1]))
    },
    OddHeader("arrays nested 8 deep", .nestedArray, [.nestedArray], key: "k") { file in
      file.add("k", type: 9, nest(file, 8))
    },
    OddHeader("an alignment that is no u32", .wrongAlignmentType(.uint64), nil, key: "general.alignment") {
      $0.add("general.alignment", type: 10, $0.form.word(32, 8))
    },
    OddHeader("an alignment of 0", .wrongAlignment(0), nil, key: "general.alignment") {
      $0.add("general.alignment", u32: 0)
    },
  ]

  static func nest(_ file: GGUFBuilder, _ depth: Int) -> [UInt8] {
    depth == 1 ? file.array(of: 0, count: 1, [1]) : file.array(of: 9, count: 1, nest(file, depth - 1))
  }

  static let tensors = [
    OddHeader("a long name", .nameTooLong(64, limit: 63), [.longName], tensor: TensorName(wide)) {
      $0.append(tensor: wide, dims: [1], type: 24, [1])
    },
    OddHeader("a NUL in a name", nil, [.nulInName]) { $0.append(tensor: "a\0b", dims: [1], type: 24, [1]) },
    OddHeader("a name twice", .duplicateTensor, nil, tensor: "a") {
      $0.append(tensor: "a", dims: [1], type: 24, [1])
      $0.append(tensor: "a", dims: [1], type: 24, [1])
    },
    OddHeader("5 dimensions", .tooManyDimensions(5), nil, tensor: "a") {
      $0.append(tensor: "a", dims: [1, 1, 1, 1, 1], type: 24, [1])
    },
    OddHeader("a removed type", .unknownTensorType(31), nil, tensor: "a") {
      $0.append(tensor: "a", dims: [32], type: 31, [1])
    },
    OddHeader("a type of a fork", .unknownTensorType(137), nil, tensor: "a") {
      $0.append(tensor: "a", dims: [32], type: 137, [1])
    },
    OddHeader("2^63 - 1 bytes", .tooManyElements, nil, tensor: "a") {
      $0.append(tensor: "a", dims: [UInt64(Int64.max)], type: 24, [1])
    },
    OddHeader("2^63 - 2 bytes", .dataCutShort(missing: UInt64(Int64.max) - 33), nil, tensor: "a") {
      $0.append(tensor: "a", dims: [UInt64(Int64.max) - 1], type: 24, [1])
    },
    OddHeader("rows of half a block", .rowNotBlocks(.q8_0, elements: 16), nil, tensor: "a") {
      $0.append(tensor: "a", dims: [16, 2], type: 8, [1])
    },
    OddHeader("a scalar of blocks", .rowNotBlocks(.q8_0, elements: 1), nil, tensor: "a") {
      $0.append(tensor: "a", dims: [], type: 8, [1])
    },
  ]

  static let places = [
    OddHeader("a gap", .wrongOffset(64, expected: 32), [.gap], tensor: "b") {
      $0.append(tensor: "a", dims: [1], type: 24, [1])
      $0.data += [UInt8](repeating: 0, count: 32)
      $0.append(tensor: "b", dims: [1], type: 24, [1])
    },
    OddHeader("an order of their own", .wrongOffset(32, expected: 0), [.outOfOrder]) { file in
      file.add(tensor: "a", dims: [1], type: 24, offset: 32)
      file.add(tensor: "b", dims: [1], type: 24, offset: 0)
      file.data = [UInt8](repeating: 1, count: 64)
    },
    OddHeader("no alignment", .wrongOffset(4, expected: 32), [.unaligned], tensor: "b") { file in
      file.add(tensor: "a", dims: [4], type: 24, offset: 0)
      file.add(tensor: "b", dims: [28], type: 24, offset: 4)
      file.data = [UInt8](repeating: 1, count: 32)
    },
    OddHeader("one over the other", .wrongOffset(3, expected: 32), nil, tensor: "b") { file in
      file.add(tensor: "a", dims: [4], type: 24, offset: 0)
      file.add(tensor: "b", dims: [28], type: 24, offset: 3)
      file.data = [UInt8](repeating: 1, count: 32)
    },
    OddHeader("one within the other", .wrongOffset(32, expected: 64), nil, tensor: "b") { file in
      file.add(tensor: "a", dims: [64], type: 24, offset: 0)
      file.add(tensor: "b", dims: [1], type: 24, offset: 32)
      file.data = [UInt8](repeating: 1, count: 64)
    },
    OddHeader("nothing within another", .wrongOffset(32, expected: 64), [.outOfOrder], tensor: "c") { file in
      file.add(tensor: "a", dims: [64], type: 24, offset: 0)
      file.add(tensor: "c", dims: [0], type: 24, offset: 32)
      file.add(tensor: "b", dims: [0], type: 24, offset: 0)
      file.data = [UInt8](repeating: 1, count: 64)
    },
    OddHeader("no padding at the end", .paddingCutShort(missing: 31), [.unpaddedEnd(missing: 31)], cut: 31) {
      $0.append(tensor: "a", dims: [1], type: 24, [1])
    },
    OddHeader("no data at the end", .dataCutShort(missing: 1), nil, tensor: "a", cut: 32) {
      $0.append(tensor: "a", dims: [1], type: 24, [1])
    },
    OddHeader("bytes behind the end", nil, [.trailingBytes(3)]) {
      $0.append(tensor: "a", dims: [1], type: 24, [1])
      $0.data += [1, 2, 3]
    },
    OddHeader("bytes behind the pairs", nil, [.trailingBytes(3)]) { $0.data = [1, 2, 3] },
    OddHeader("padding behind the pairs", nil, []) {
      $0.data = [UInt8](repeating: 0, count: (32 - $0.header.count % 32) % 32)
    },
    OddHeader("an offset of 2^64 - 1", .wrongOffset(.max, expected: 0), nil, tensor: "a") {
      $0.add(tensor: "a", dims: [1], type: 24, offset: .max)
      $0.data = [UInt8](repeating: 1, count: 64)
    },
    OddHeader("nothing far behind the end", .wrongOffset(1 << 40, expected: 0), nil, tensor: "a") {
      $0.add(tensor: "a", dims: [0], type: 24, offset: 1 << 40)
      $0.data = [UInt8](repeating: 1, count: 64)
    },
  ]

  static let all = counts + pairs + tensors + places
}

@Suite("Rules of the header")
struct HeaderRuleTests {
  @Test("Read strictly, a file breaks the rule that it should", arguments: OddHeader.all)
  func strict(file: OddHeader) throws {
    let fault = try fault(file.bytes)
    #expect(fault?.rule == file.strict)
    if let fault {
      if let tensor = file.tensor, tensor.text.utf8.count < 64 { #expect(fault.tensor == tensor) }
      if let key = file.key { #expect(fault.key == key) }
      #expect(!fault.diagnosis.problem.isEmpty)
    }
  }

  @Test("Read leniently, a file is refused, or read with what is odd noted", arguments: OddHeader.all)
  func lenient(file: OddHeader) throws {
    guard let kinds = file.lenient else {
      #expect(try fault(file.bytes, lenient: true) != nil)
      return
    }
    let header = try read(file.bytes, lenient: true)
    #expect(header.oddities.map(\.kind) == kinds)
    #expect(header.warnings.allSatisfy { $0.file == "file" && !$0.problem.isEmpty })
    if let key = file.key { #expect(header.oddities.first?.key == key) }
  }

  @Test("What strict reading notes is what lenient reading notes")
  func notes() throws {
    for file in OddHeader.all where file.strict == nil {
      #expect(try read(file.bytes).oddities.map(\.kind) == file.lenient, "\(file.name)")
    }
  }

  @Test("Arrays nested 9 deep are refused")
  func depth() throws {
    var file = GGUFBuilder.simple()
    file.add("k", type: 9, OddHeader.nest(file, 9))
    #expect(try fault(file.bytes, lenient: true)?.rule == .nestedTooDeep(limit: 8))
  }

  @Test("Each kind of oddity is noted once, at its first place")
  func once() throws {
    var file = GGUFBuilder.simple()
    file.add("first", type: 7, [7])
    file.add("second", type: 7, [8])
    let header = try read(file.bytes)
    #expect(header.oddities.map(\.key) == ["first"])
  }

  @Test("Padding before the data that is not zero is noted")
  func padding() throws {
    var file = GGUFBuilder.simple()
    file.append(tensor: "a", dims: [1], type: 24, [1])
    var bytes = file.bytes
    bytes[file.header.count] = 1
    let header = try read(bytes)
    #expect(header.oddities.map(\.kind) == [.nonzeroPadding])
    #expect(header.oddities.first?.offset == UInt64(file.header.count))
  }

  @Test("Keys that differ in their bytes only are two")
  func equivalentKeys() throws {
    var file = GGUFBuilder.simple()
    file.add("caf\u{E9}", u32: 1)
    file.add("cafe\u{301}", u32: 2)
    let header = try read(file.bytes)
    #expect(header.entry(forKey: "cafe\u{301}")?.value == .unsigned(2, bits: 32))
  }

  @Test("An alignment other than 32 holds for the data", arguments: [1, 8, 64, 4096])
  func alignment(alignment: Int) throws {
    var file = GGUFBuilder.simple()
    file.alignment = alignment
    file.add("general.alignment", u32: UInt32(alignment))
    file.append(tensor: "a", dims: [3], type: 24, [1, 2, 3])
    file.append(tensor: "b", dims: [2], type: 24, [4, 5])
    let reader = try GGUFReader(source: MemorySource(file.bytes, named: "file"), name: "file")
    #expect(reader.header.alignment == UInt64(alignment))
    #expect(reader.header.dataStart % UInt64(alignment) == 0)
    #expect(try reader.data() == [[1, 2, 3], [4, 5]])
  }
}
