import ModelIR
import TestSupport
import Testing

@Suite("NMPattern")
struct NMPatternTests {
  /// Every pattern there is.
  static let all = (1...NMPattern.largestGroup).flatMap { group in
    (1...NMPattern.largestGroup).compactMap { NMPattern(kept: $0, group: group) }
  }

  @Test("A pattern keeps at least one of a group, fewer than all, and groups at most 32")
  func limits() {
    for kept in -1...34 {
      for group in -1...34 {
        let isAllowed = kept >= 1 && kept < group && group <= 32
        #expect((NMPattern(kept: kept, group: group) != nil) == isAllowed, "\(kept):\(group)")
      }
    }
    #expect(Self.all.count == 31 * 32 / 2)
  }

  @Test("Extreme numbers make no pattern", arguments: [(Int.max, Int.max), (Int.min, Int.max), (1, Int.max)])
  func extremes(kept: Int, group: Int) {
    #expect(NMPattern(kept: kept, group: group) == nil)
  }

  @Test("A pattern reads what it writes", arguments: all)
  func description(pattern: NMPattern) {
    #expect(pattern.description == "\(pattern.kept):\(pattern.group)")
    #expect(NMPattern(pattern.description) == pattern)
  }

  @Test(
    "Other spellings are refused",
    arguments: [
      "", ":", "2", "2:", ":4", "2:4:8", "2 :4", " 2:4", "2:4\n", "+2:4", "-2:4", "2:-4", "2.0:4", "0:4",
      "4:4",
      "5:4", "1:33", "2/4", "a:b", "0x2:4", "\u{0662}:\u{0664}", "\u{FF12}:\u{FF14}",
      "2:99999999999999999999",
    ]
  )
  func badSpelling(text: String) {
    #expect(NMPattern(text) == nil)
  }

  @Test("An index takes the bits that the last place of a group needs", arguments: all)
  func indexBits(pattern: NMPattern) {
    var bits = 0
    while 1 << bits < pattern.group { bits += 1 }
    #expect(pattern.indexBits == bits)
  }

  @Test("The common patterns are patterns, once each")
  func common() {
    #expect(Set(NMPattern.common).count == NMPattern.common.count)
    #expect(NMPattern.common.allSatisfy { NMPattern($0.description) == $0 })
    #expect(NMPattern.common.contains { $0.kept == 2 && $0.group == 4 })
  }

  @Test("A row keeps what its groups keep, the short last one included", arguments: all)
  func keptPerRow(pattern: NMPattern) {
    for columns in 0...(3 * pattern.group + 1) {
      var kept = 0
      for start in stride(from: 0, to: columns, by: pattern.group) {
        kept += min(pattern.kept, min(pattern.group, columns - start))
      }
      #expect(pattern.keptPerRow(columns: UInt64(columns)) == UInt64(kept), "\(columns) columns")
      let bytes = (kept * pattern.indexBits + 7) / 8
      #expect(pattern.indexBytesPerRow(columns: UInt64(columns)) == UInt64(bytes), "\(columns) columns")
    }
  }

  @Test("The longest rows do not overflow")
  func longestRows() throws {
    try withSeed { generator in
      for pattern in Self.all {
        let lengths: [UInt64] = [.max, .max - 1, 1 << 63, generator.next(), generator.next()]
        for columns in lengths {
          let kept = pattern.keptPerRow(columns: columns)
          try #require(kept < columns)
          let bits = kept.multipliedFullWidth(by: UInt64(pattern.indexBits))
          // The bits are at most five times 2^64, so that the quotient fits.
          let (quotient, remainder) = UInt64(8).dividingFullWidth((bits.high, bits.low))
          let bytes = quotient + (remainder > 0 ? 1 : 0)
          try #require(pattern.indexBytesPerRow(columns: columns) == bytes)
        }
      }
    }
  }
}
