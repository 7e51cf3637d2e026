import ModelIR
import ONNX
import TestSupport
import Testing

@Suite("Typed payloads")
struct TypedPayloadTests {
  /// What the entries of a type are: the field, and an entry's bits from random ones.
  struct Kind: CustomTestStringConvertible {
    let type: ONNXDataType
    let field: UInt64
    /// Elements per entry, and the bytes that those take in `raw_data`.
    let width: Int
    /// What a negative number's upper bits are.
    let isSigned: Bool
    var testDescription: String { "\(type)" }

    init(_ type: ONNXDataType, _ field: UInt64, _ width: Int, signed isSigned: Bool = false) {
      (self.type, self.field, self.width, self.isSigned) = (type, field, width, isSigned)
    }
  }

  static let varints: [Kind] = [
    Kind(.uint8, 5, 1), Kind(.int8, 5, 1, signed: true), Kind(.uint16, 5, 2),
    Kind(.int16, 5, 2, signed: true),
    Kind(.int32, 5, 4, signed: true), Kind(.int64, 7, 8, signed: true), Kind(.uint32, 11, 4),
    Kind(.uint64, 11, 8), Kind(.float16, 5, 2), Kind(.bfloat16, 5, 2), Kind(.float8E4M3FN, 5, 1),
    Kind(.float8E4M3FNUZ, 5, 1), Kind(.float8E5M2, 5, 1), Kind(.float8E5M2FNUZ, 5, 1),
    Kind(.float8E8M0, 5, 1),
  ]

  static let fixed: [Kind] = [
    Kind(.float, 4, 4), Kind(.complex64, 4, 4), Kind(.double, 10, 8), Kind(.complex128, 10, 8),
  ]

  /// Entries cut to packed runs and single ones.
  private func runs(
    _ entries: [[UInt8]],
    _ field: UInt64,
    wireType: UInt64,
    _ generator: inout SeededGenerator
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    var next = 0
    while next < entries.count {
      if Bool.random(using: &generator) {
        bytes += WireBytes.varint(field << 3 | wireType) + entries[next]
        next += 1
      } else {
        let end = min(entries.count, next + Int.random(in: 1...700, using: &generator))
        bytes += WireBytes.field(field, entries[next..<end].flatMap { $0 })
        next = end
      }
      // Runs may be empty, and fields of other numbers may stand between.
      if UInt8.random(in: 0...9, using: &generator) == 0 {
        bytes += WireBytes.field(field, []) + WireBytes.field(99, "x")
      }
    }
    return bytes
  }

  private func checkRead(_ file: [UInt8], _ expected: [UInt8], _ generator: inout SeededGenerator) throws {
    var model = try StoredModel(file)
    try #require(try model.dense("w") == expected)
    guard case .dense(let region) = try model.storage.storage(of: model.tensor("w")).storage else {
      throw StoredModel.Missing(name: "dense storage")
    }
    for _ in 0..<20 where !expected.isEmpty {
      let start = Int.random(in: 0..<expected.count, using: &generator)
      let end = Int.random(in: start...expected.count, using: &generator)
      let part = Region(
        file: Int(region.file),
        offset: region.offset + UInt64(start),
        byteCount: UInt64(end - start)
      )
      try #require(try model.bytes(part) == Array(expected[start..<end]))
    }
  }

  @Test("Varint entries are read in any range, however they are cut to runs and padded", arguments: varints)
  func varintsAreRead(kind: Kind) throws {
    try withSeed { generator in
      for count in [0, 1, 63, 9000] {
        let values = (0..<count).map { _ in
          generator.next() >> UInt64.random(in: UInt64(64 - kind.width * 8)...63, using: &generator)
        }
        let entries = values.map { value in
          let shift = UInt64(64 - kind.width * 8)
          let extended =
            kind.isSigned ? UInt64(bitPattern: Int64(bitPattern: value << shift) >> Int64(shift)) : value
          let length = WireBytes.varint(extended).count
          return WireBytes.varint(
            extended,
            padding: Int.random(in: 0...min(2, 10 - length), using: &generator)
          )
        }
        let data = runs(entries, kind.field, wireType: 0, &generator)
        let tensor = WireBytes.tensor("w", kind.type.rawValue, [UInt64(count)]) + data
        try checkRead(
          WireBytes.model(graph: WireBytes.field(5, tensor)),
          values.flatMap { WireBytes.littleEndian($0, kind.width) },
          &generator
        )
      }
    }
  }

  @Test("Entries of 4 and 8 bytes are read in any range, however they are cut to runs", arguments: fixed)
  func fixedAreRead(kind: Kind) throws {
    try withSeed { generator in
      let perElement = kind.type == .complex64 || kind.type == .complex128 ? 2 : 1
      for count in [0, 1, 64, 5000] {
        let entries = (0..<count * perElement).map { _ in generator.bytes(kind.width) }
        let data = runs(entries, kind.field, wireType: kind.width == 4 ? 5 : 1, &generator)
        let tensor = WireBytes.tensor("w", kind.type.rawValue, [UInt64(count)]) + data
        try checkRead(
          WireBytes.model(graph: WireBytes.field(5, tensor)),
          entries.flatMap { $0 },
          &generator
        )
      }
    }
  }

  @Test("6-bit floats have an entry each, and are packed four to three bytes")
  func sixBits() throws {
    try withSeed { generator in
      for count in [1, 2, 3, 4, 5, 4097] {
        let codes = (0..<count).map { _ in UInt64.random(in: 0...63, using: &generator) }
        var packed = [UInt8](repeating: 0, count: (count * 6 + 7) / 8)
        for (index, code) in codes.enumerated() {
          for bit in 0..<6 where code >> bit & 1 == 1 {
            packed[(index * 6 + bit) / 8] |= 1 << ((index * 6 + bit) % 8)
          }
        }
        let data = runs(codes.map { WireBytes.varint($0) }, 5, wireType: 0, &generator)
        for type in [ONNXDataType.float6E2M3, .float6E3M2] {
          let tensor = WireBytes.tensor("w", type.rawValue, [UInt64(count)]) + data
          try checkRead(WireBytes.model(graph: WireBytes.field(5, tensor)), packed, &generator)
        }
      }
    }
  }

  @Test(
    "Types that share bytes have a byte per entry",
    arguments: [(ONNXDataType.uint4, 2), (.int4, 2), (.float4E2M1, 2), (.uint2, 4), (.int2, 4)]
  )
  func sharedBytes(type: ONNXDataType, perByte: Int) throws {
    try withSeed { generator in
      for count in [1, 2, 3, 5, 999] {
        let bytes = generator.bytes((count + perByte - 1) / perByte)
        let entries = bytes.map { byte in
          // Signed types may be written as signed bytes.
          let isSigned = (type == .int4 || type == .int2) && Bool.random(using: &generator)
          return WireBytes.varint(isSigned ? UInt64(bitPattern: Int64(Int8(bitPattern: byte))) : UInt64(byte))
        }
        let tensor =
          WireBytes.tensor("w", type.rawValue, [UInt64(count)]) + runs(entries, 5, wireType: 0, &generator)
        try checkRead(WireBytes.model(graph: WireBytes.field(5, tensor)), bytes, &generator)
      }
    }
  }

  /// Entries of `int32_data` and such that mean no element, and what is said of them.
  static let broken: [(ONNXDataType, UInt64, [UInt8], UInt64, PayloadFault.Rule)] = [
    (.uint8, 5, [1, 0x80, 2], 2, .entryOutOfRange(entry: 1, value: 256, expected: "0 to 255")),
    (.int8, 5, [0x80, 1], 1, .entryOutOfRange(entry: 0, value: 128, expected: "-128 to 127")),
    (.float16, 5, [0x80, 0x80, 4], 1, .entryOutOfRange(entry: 0, value: 65_536, expected: "0 to 65535")),
    (.bool, 5, [0, 2], 2, .entryOutOfRange(entry: 1, value: 2, expected: "0 to 1")),
    (.float6E2M3, 5, [64], 1, .entryOutOfRange(entry: 0, value: 64, expected: "0 to 63")),
    (.uint8, 5, [1, 2, 3], 2, .wrongEntryCount(found: 3, expected: 2)),
    (.uint8, 5, [0x81, 0, 3], 3, .wrongEntryCount(found: 2, expected: 3)),
    (.uint8, 5, [1, 0x82], 2, .truncatedVarint(entry: 1)),
    (
      .int64, 7, [1] + [UInt8](repeating: 0xFF, count: 9) + [2], 2,
      .overlongVarint(entry: 1)
    ),
    (.int64, 7, [UInt8](repeating: 0x80, count: 10) + [0], 1, .overlongVarint(entry: 0)),
  ]

  @Test("An entry that is no element is refused by its number", arguments: broken)
  func brokenEntries(
    type: ONNXDataType,
    field: UInt64,
    content: [UInt8],
    count: UInt64,
    rule: PayloadFault.Rule
  ) throws {
    let tensor = WireBytes.tensor("w", type.rawValue, [count]) + WireBytes.field(field, content)
    let file = WireBytes.model(graph: WireBytes.field(5, tensor))
    do {
      var model = try StoredModel(file)
      _ = try model.dense("w")
      Issue.record("it was read")
    } catch let fault as PayloadFault {
      #expect(fault.rule == rule)
      #expect(fault.diagnosis.tensor == "w")
      #expect(fault.field == (field == 5 ? "int32_data" : "int64_data"))
    } catch is ONNXFault {
      // Opening already sees how many bytes there are.
      #expect(content.count < count || content.count > count * 10)
    }
  }
}
