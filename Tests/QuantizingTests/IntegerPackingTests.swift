import Quantizing
import TestSupport
import Testing

@Suite("Packing of integers")
struct IntegerPackingTests {
  static let packings: [IntegerPacking] = (1...8).flatMap { bits in
    IntegerPacking.Arrangement.allCases.compactMap { IntegerPacking(bits: bits, arrangement: $0) }
  }

  static let lengths = [0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 70, 127, 128, 129, 333]

  @Test("A code has 1 to 8 bits")
  func widths() {
    #expect(Self.packings.count == 16)
    for bits in [Int.min, -1, 0, 9, 32, Int.max] {
      #expect(IntegerPacking(bits: bits, arrangement: .dense) == nil)
      #expect(IntegerPacking(bits: bits, arrangement: .padded) == nil)
    }
  }

  @Test(
    "A row takes the words that the library counts",
    arguments: [
      (3, .padded, 70, 7), (3, .dense, 70, 7), (5, .padded, 70, 12), (5, .dense, 70, 11),
      (6, .padded, 70, 14),
      (6, .dense, 70, 14), (7, .padded, 70, 18), (7, .dense, 70, 16), (4, .padded, 9, 2), (4, .dense, 9, 2),
      (8, .padded, 4, 1), (1, .dense, 0, 0), (3, .padded, 0, 0), (1, .dense, UInt64.max, 1 << 59),
      (8, .dense, .max, 1 << 62), (7, .dense, .max, 7 << 59), (7, .padded, .max, 1 << 62),
      (3, .padded, .max, 1_844_674_407_370_955_162),
    ] as [(Int, IntegerPacking.Arrangement, UInt64, UInt64)]
  )
  func wordCounts(bits: Int, arrangement: IntegerPacking.Arrangement, columns: UInt64, words: UInt64) throws {
    let packing = try #require(IntegerPacking(bits: bits, arrangement: arrangement))
    #expect(packing.wordsPerRow(columns: columns) == words)
  }

  @Test("Whole rows are packed bit by bit as described, and come back", arguments: packings)
  func rows(packing: IntegerPacking) throws {
    let naive = NaivePacking(bits: packing.bits, arrangement: packing.arrangement)
    try withSeed { generator in
      for length in Self.lengths {
        let codes = signedCodes(generator.bytes(length), bits: packing.bits)
        let expected = naive.words(codes)
        let columns = 0..<UInt64(length)
        try #require(packing.byteRange(ofColumns: columns) == 0..<UInt64(expected.count))
        var words = [UInt8](repeating: 0xA5, count: expected.count + 2)
        packing.pack([9] + codes, startingAt: 1, columns: columns, into: &words, at: 1)
        try #require(words == [0xA5] + expected + [0xA5])
        var back = [UInt8](repeating: 0x5A, count: length + 2)
        packing.unpack(words, startingAt: 1, columns: columns, into: &back, at: 1)
        try #require(back == [0x5A] + codes + [0x5A])
      }
    }
  }

  @Test("Any run of columns is read from its own words alone", arguments: packings)
  func pieces(packing: IntegerPacking) throws {
    let naive = NaivePacking(bits: packing.bits, arrangement: packing.arrangement)
    try withSeed { generator in
      let codes = signedCodes(generator.bytes(200), bits: packing.bits)
      let row = naive.words(codes)
      for start in 0..<80 {
        for length in Self.lengths where start + length <= codes.count {
          let columns = UInt64(start)..<UInt64(start + length)
          let range = packing.byteRange(ofColumns: columns)
          try #require(range.lowerBound % 4 == 0 && range.upperBound % 4 == 0)
          let words = Array(row[Int(range.lowerBound)..<Int(range.upperBound)])
          var back = [UInt8](repeating: 0x5A, count: length + 2)
          packing.unpack(words, startingAt: 0, columns: columns, into: &back, at: 1)
          try #require(back == [0x5A] + codes[start..<start + length] + [0x5A])
        }
      }
    }
  }

  @Test("A run's bytes are the fewest words that hold its codes", arguments: packings)
  func tightRanges(packing: IntegerPacking) throws {
    let naive = NaivePacking(bits: packing.bits, arrangement: packing.arrangement)
    for start in 0..<70 {
      let first = naive.start(ofColumn: start) / 32 * 4
      try #require(
        packing.byteRange(ofColumns: UInt64(start)..<UInt64(start)) == UInt64(first)..<UInt64(first)
      )
      for last in start..<start + 70 {
        let end = (naive.start(ofColumn: last) + packing.bits + 31) / 32 * 4
        let range = packing.byteRange(ofColumns: UInt64(start)..<UInt64(last + 1))
        try #require(range == UInt64(first)..<UInt64(end))
      }
    }
  }

  @Test("A row can be packed in pieces that start a word", arguments: packings)
  func packedPieces(packing: IntegerPacking) throws {
    let naive = NaivePacking(bits: packing.bits, arrangement: packing.arrangement)
    try withSeed { generator in
      let codes = signedCodes(generator.bytes(333), bits: packing.bits)
      let starts = codes.indices.filter { naive.start(ofColumn: $0) % 32 == 0 }
      try #require(starts.count > 10)
      let expected = naive.words(codes)
      var words = [UInt8](repeating: 0xFF, count: expected.count)
      for (start, end) in zip(starts, starts.dropFirst() + [codes.count]).reversed() {
        let columns = UInt64(start)..<UInt64(end)
        let target = Int(packing.byteRange(ofColumns: columns).lowerBound)
        packing.pack(codes, startingAt: start, columns: columns, into: &words, at: target)
      }
      try #require(words == expected)
    }
  }

  @Test("A run far into a row is read like one at its start", arguments: packings)
  func farColumns(packing: IntegerPacking) throws {
    // A multiple of 32 and of every word's codes, so that the arrangement repeats.
    let far: UInt64 = 32 * 3 * 5 * 7 << 48
    try withSeed { generator in
      let words = generator.bytes(4 * 40)
      let near = packing.byteRange(ofColumns: 3..<90)
      let range = packing.byteRange(ofColumns: far + 3..<far + 90)
      try #require(range.count == near.count)
      let perRow = packing.wordsPerRow(columns: far) * 4
      try #require(range.lowerBound == perRow + near.lowerBound)
      var expected = [UInt8](repeating: 0, count: 87)
      packing.unpack(words, startingAt: 0, columns: 3..<90, into: &expected, at: 0)
      var back = [UInt8](repeating: 0, count: 87)
      packing.unpack(words, startingAt: 0, columns: far + 3..<far + 90, into: &back, at: 0)
      try #require(back == expected)
    }
  }

  @Test("Bits that no code owns are not read", arguments: packings)
  func spareBits(packing: IntegerPacking) throws {
    let naive = NaivePacking(bits: packing.bits, arrangement: packing.arrangement)
    try withSeed { generator in
      let codes = signedCodes(generator.bytes(71), bits: packing.bits)
      var words = naive.words(codes)
      var owned = [Bool](repeating: false, count: words.count * 8)
      for column in codes.indices {
        for bit in 0..<packing.bits { owned[naive.start(ofColumn: column) + bit] = true }
      }
      for bit in owned.indices where !owned[bit] { words[bit / 8] |= 1 << UInt8(bit % 8) }
      var back = [UInt8](repeating: 0, count: codes.count)
      packing.unpack(words, startingAt: 0, columns: 0..<71, into: &back, at: 0)
      try #require(back == codes)
    }
  }

  @Test("A matrix packed along its first axis is each column packed as a row", arguments: packings)
  func firstAxis(packing: IntegerPacking) throws {
    let naive = NaivePacking(bits: packing.bits, arrangement: packing.arrangement)
    try withSeed { generator in
      for (rows, columns) in [(1, 1), (24, 2), (21, 3), (33, 5), (64, 1), (0, 3), (5, 0)] {
        let codes = signedCodes(generator.bytes(rows * columns), bits: packing.bits)
        let lines = (0..<columns).map { column in
          naive.words((0..<rows).map { codes[$0 * columns + column] })
        }
        let wordCount = Int(packing.wordsPerRow(columns: UInt64(rows)))
        let expected = (0..<wordCount).flatMap { word in lines.flatMap { $0[word * 4..<word * 4 + 4] } }
        try #require(packing.packFirstAxis(codes, rows: rows, columns: columns) == expected)
        try #require(packing.unpackFirstAxis(expected, rows: rows, columns: columns) == codes)
      }
    }
  }
}
