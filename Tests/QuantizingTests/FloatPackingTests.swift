import Quantizing
import TestSupport
import Testing

@Suite("Packing of floats")
struct FloatPackingTests {
  /// The bytes of a row, bit by bit.
  static func naive(_ codes: [UInt8], _ packing: FloatPacking) -> [UInt8] {
    let bits = packing.format.bitWidth
    var row = [UInt8](repeating: 0, count: Int(packing.bytesPerRow(columns: UInt64(codes.count))))
    for (column, code) in codes.enumerated() {
      for bit in 0..<bits where code >> UInt8(bit) & 1 == 1 {
        row[(column * bits + bit) / 8] |= 1 << UInt8((column * bits + bit) % 8)
      }
    }
    return row
  }

  static func codes(_ bytes: [UInt8], _ packing: FloatPacking) -> [UInt8] {
    bytes.map { $0 & (1 << UInt8(packing.format.bitWidth) - 1) }
  }

  @Test("Nibbles have the even column in the low half; four codes of six bits share three bytes")
  func examples() {
    var byte: [UInt8] = [0]
    FloatPacking.nibbles.pack([0x3, 0xA], startingAt: 0, columns: 0..<2, into: &byte, at: 0)
    #expect(byte == [0xA3])
    var bytes: [UInt8] = [0, 0, 0]
    FloatPacking.sixBits.pack([0x01, 0x02, 0x03, 0x3F], startingAt: 0, columns: 0..<4, into: &bytes, at: 0)
    #expect(bytes == [0x81, 0x30, 0xFC])
  }

  @Test(
    "A row takes whole units",
    arguments: [
      (.nibbles, 0, 0), (.nibbles, 1, 1), (.nibbles, 64, 32), (.nibbles, .max, 1 << 63), (.sixBits, 0, 0),
      (.sixBits, 1, 3), (.sixBits, 4, 3), (.sixBits, 5, 6), (.sixBits, .max, 3 << 62),
    ] as [(FloatPacking, UInt64, UInt64)]
  )
  func rowSizes(packing: FloatPacking, columns: UInt64, bytes: UInt64) {
    #expect(packing.bytesPerRow(columns: columns) == bytes)
  }

  @Test("Any run of columns is read from its own bytes alone", arguments: FloatPacking.allCases)
  func pieces(packing: FloatPacking) throws {
    try withSeed { generator in
      let codes = Self.codes(generator.bytes(200), packing)
      let row = Self.naive(codes, packing)
      for start in 0..<20 {
        for length in IntegerPackingTests.lengths where start + length <= codes.count {
          let columns = UInt64(start)..<UInt64(start + length)
          let range = packing.byteRange(ofColumns: columns)
          let bytes = [7] + row[Int(range.lowerBound)..<Int(range.upperBound)]
          var back = [UInt8](repeating: 0x5A, count: length + 2)
          packing.unpack(bytes, startingAt: 1, columns: columns, into: &back, at: 1)
          try #require(back == [0x5A] + codes[start..<start + length] + [0x5A])
        }
      }
    }
  }

  @Test("A run is packed bit by bit as described, with zero bits behind it", arguments: FloatPacking.allCases)
  func packing(packing: FloatPacking) throws {
    try withSeed { generator in
      for unit in 0..<6 {
        for length in IntegerPackingTests.lengths {
          let codes = Self.codes(generator.bytes(length), packing)
          let expected = Self.naive(codes, packing)
          let start = UInt64(unit * packing.columnsPerUnit)
          var bytes = [UInt8](repeating: 0xA5, count: expected.count + 2)
          packing.pack(
            [9] + codes,
            startingAt: 1,
            columns: start..<start + UInt64(length),
            into: &bytes,
            at: 1
          )
          try #require(bytes == [0xA5] + expected + [0xA5])
        }
      }
    }
  }

  @Test(
    "Every code has the E4M3 byte of its value, and only those bytes have a code",
    arguments: FloatPacking.allCases
  )
  func e4m3(packing: FloatPacking) throws {
    let codeCount = 1 << packing.format.bitWidth
    for code in 0..<UInt8(codeCount) {
      let byte = packing.e4m3Byte(of: code)
      let value = packing.format.value(ofBits: UInt64(code))
      #expect(isSame(FloatFormat.e4m3.value(ofBits: UInt64(byte)), value))
      #expect(packing.code(ofE4M3: byte) == code)
    }
    #expect((UInt8.min...UInt8.max).count { packing.code(ofE4M3: $0) != nil } == codeCount)
    #expect(packing.code(ofE4M3: 0x7F) == nil)
  }

  @Test(
    "Runs convert to E4M3 and back, up to the first value without a code",
    arguments: FloatPacking.allCases
  )
  func e4m3Runs(packing: FloatPacking) throws {
    try withSeed { generator in
      let codes = Self.codes(generator.bytes(100), packing)
      var bytes = [UInt8](repeating: 0xA5, count: 102)
      packing.convertToE4M3(codes, from: 0, count: 100, into: &bytes, at: 1)
      try #require(bytes == [0xA5] + codes.map { packing.e4m3Byte(of: $0) } + [0xA5])
      var back = [UInt8](repeating: 0x5A, count: 101)
      try #require(packing.convertFromE4M3(bytes, from: 1, count: 100, into: &back, at: 1) == 100)
      try #require(back == [0x5A] + codes)
      bytes[41] = 0x7E
      try #require(packing.convertFromE4M3(bytes, from: 1, count: 100, into: &back, at: 1) == 40)
    }
  }
}
