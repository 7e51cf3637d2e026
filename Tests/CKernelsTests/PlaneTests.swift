import CKernels
import Testing

/// Counts around the lanes of all vectors, halves and quarters.
private let counts =
  Array(0...20) + [31, 32, 33, 63, 64, 65, 66, 67, 127, 128, 129, 130, 131, 255, 257, 1001, 4099]

private let forms: [(lacuna_symbols, UInt8)] = [
  (LACUNA_SYMBOLS_PAIR, 15), (LACUNA_SYMBOLS_PAIR, 6), (LACUNA_SYMBOLS_J2, 63), (LACUNA_SYMBOLS_J2, 11),
  (LACUNA_SYMBOLS_J4, 15), (LACUNA_SYMBOLS_J4, 1),
]

/// Random bytes of elements whose exponents are mostly near 120, so that windows hold some and not all.
private func elements(_ count: Int, seed: UInt64) -> [UInt8] {
  var generator = SeededGenerator(seed: seed)
  return (0..<count).flatMap { _ -> [UInt8] in
    let bits = UInt16.random(in: 0...UInt16.max, using: &generator)
    if UInt8.random(in: 0...9, using: &generator) == 0 { return [UInt8(bits & 0xFF), UInt8(bits >> 8)] }
    let element = bits & 0x807F | (118 + bits >> 7 & 15) << 7
    return [UInt8(element & 0xFF), UInt8(element >> 8)]
  }
}

private func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
  var generator = SeededGenerator(seed: seed)
  return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
}

@Suite("Planes of elements")
struct PlaneTests {
  @Test(
    "Symbols, rests and escapes give the elements back, and no kernel leaves its bytes",
    arguments: KernelSet.available
  )
  func symbolsRoundTrip(set: KernelSet) throws {
    let memory = try (0..<5).map { _ in try GuardedMemory() }
    for count in counts.filter({ $0 < 2000 }) {
      let source = elements(count, seed: UInt64(count))
      for (form, window) in forms {
        let symbolCount = lacuna_symbol_bytes(form, count)
        let restCount = lacuna_rest_bytes(form, count)
        let elements = memory[0].holding(source)
        let symbols = memory[1].last(symbolCount, of: UInt8.self)
        let rests = memory[2].last(restCount, of: UInt8.self)
        lacuna_split_symbols(set.identifier, form, elements, count, 118, window, symbols, rests)
        let outside = stride(from: 0, to: 2 * count, by: 2).filter { place in
          let exponent = source[place + 1] << 1 | source[place] >> 7
          return exponent &- 118 >= window
        }
        let escapes = memory[3].last(outside.count, of: UInt8.self)
        let found = lacuna_gather_escapes(
          set.identifier,
          form,
          symbols,
          elements,
          count,
          window,
          escapes,
          outside.count
        )
        #expect(found == outside.count, "\(count) elements")
        #expect(
          Array(UnsafeBufferPointer(start: escapes, count: found))
            == outside.map { source[$0 + 1] << 1 | source[$0] >> 7 }
        )
        let restored = memory[4].last(2 * count, of: UInt8.self)
        lacuna_merge_symbols(set.identifier, form, symbols, rests, count, 118, restored)
        let patched = lacuna_scatter_escapes(
          set.identifier,
          form,
          symbols,
          restored,
          count,
          window,
          escapes,
          found
        )
        #expect(patched == found)
        #expect(Array(UnsafeBufferPointer(start: restored, count: 2 * count)) == source, "\(count) elements")
        // Fewer escapes than needed are counted and not read.
        if found > 0 {
          #expect(
            lacuna_scatter_escapes(
              set.identifier,
              form,
              symbols,
              restored,
              count,
              window,
              escapes + 1,
              found - 1
            ) == found
          )
        }
      }
    }
  }

  @Test("All sets make the same planes", arguments: KernelSet.available)
  func setsAgree(set: KernelSet) {
    for count in counts {
      let source = elements(count, seed: UInt64(count) + 7)
      for (form, window) in forms {
        var planes: [[UInt8]] = []
        for each in [KernelSet.scalar, set] {
          var symbols = [UInt8](repeating: 1, count: lacuna_symbol_bytes(form, count))
          var rests = [UInt8](repeating: 2, count: lacuna_rest_bytes(form, count))
          lacuna_split_symbols(each.identifier, form, source, count, 250, window, &symbols, &rests)
          planes.append(symbols + rests)
        }
        #expect(planes[0] == planes[1], "\(count) elements")
      }
    }
  }

  @Test("Halves of 32 bits, rotated elements and parts come back", arguments: KernelSet.available)
  func partsRoundTrip(set: KernelSet) throws {
    let memory = try (0..<4).map { _ in try GuardedMemory() }
    for count in counts.filter({ $0 < 600 }) {
      let wide = memory[0].holding(bytes(8 * count, seed: UInt64(count) + 1))
      let (a, b, c) = (
        memory[1].last(4 * count, of: UInt8.self), memory[2].last(count, of: UInt8.self),
        memory[3].last(count, of: UInt8.self)
      )
      var restored = [UInt8](repeating: 0, count: 4 * count)
      lacuna_split32(set.identifier, wide, count, a, b, c)
      for place in 0..<count {
        #expect(b[place] == wide[4 * place + 1] && c[place] == wide[4 * place])
      }
      lacuna_merge32(set.identifier, a, b, c, count, &restored)
      #expect(restored == Array(UnsafeBufferPointer(start: wide, count: 4 * count)))

      restored = [UInt8](repeating: 0, count: 2 * count)
      lacuna_split_rotated16(set.identifier, wide, count, b, c)
      lacuna_merge_rotated16(set.identifier, b, c, count, &restored)
      #expect(restored == Array(UnsafeBufferPointer(start: wide, count: 2 * count)))

      for bias: UInt16 in [0, 1016, 2047] {
        var rotated = [UInt8](repeating: 0, count: 8 * count)
        restored = rotated
        lacuna_rotate64(set.identifier, wide, count, bias, &rotated)
        lacuna_unrotate64(set.identifier, rotated, count, bias, &restored)
        #expect(restored == Array(UnsafeBufferPointer(start: wide, count: 8 * count)))
      }
    }
    for (stride, lengths) in [
      (2, [1, 1]), (4, [1, 1, 1, 1]), (8, [1, 1, 6]), (18, [1, 1, 16]), (110, [32, 64, 12, 2]), (37, [37]),
    ] {
      for count in [0, 1, 2, 31, 33, 64, 129] {
        let blocks = memory[0].holding(bytes(stride * count, seed: UInt64(stride)))
        let restored = memory[1].last(stride * count, of: UInt8.self)
        var offset = 0
        for length in lengths {
          let plane = memory[2].last(length * count, of: UInt8.self)
          lacuna_gather_part(set.identifier, blocks, count, stride, offset, length, plane)
          lacuna_scatter_part(set.identifier, plane, count, stride, offset, length, restored)
          offset += length
        }
        #expect(
          Array(UnsafeBufferPointer(start: restored, count: stride * count))
            == Array(UnsafeBufferPointer(start: blocks, count: stride * count))
        )
      }
    }
  }

  @Test("Floats that are halves are found, bit for bit", arguments: KernelSet.available)
  func halvesAreFound(set: KernelSet) {
    for upper in stride(from: 0, through: 0xFF00, by: 0x100) {
      let halves = (upper...(upper + 0xFF)).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
      var wide = [UInt8](repeating: 0, count: 1024)
      lacuna_widen_float16(set.identifier, halves, 256, &wide)
      for place in 0..<256 {
        let bits = UInt16(upper + place)
        var expected = Float(Float16(bitPattern: bits)).bitPattern
        // Payloads are kept as they are: nothing becomes quiet.
        if bits & 0x7C00 == 0x7C00 {
          expected = UInt32(bits & 0x8000) << 16 | 0x7F80_0000 | UInt32(bits & 0x3FF) << 13
        }
        let found = (0..<4).reduce(UInt32(0)) { $0 | UInt32(wide[4 * place + $1]) << UInt32(8 * $1) }
        #expect(found == expected, "half \(bits)")
      }
      var narrow = [UInt8](repeating: 0, count: 512)
      #expect(lacuna_narrow_float16(set.identifier, wide, 256, &narrow))
      #expect(narrow == halves)
    }
  }

  @Test("A float that is no half, or no bfloat16, is noticed wherever it is", arguments: KernelSet.available)
  func othersAreNotNarrow(set: KernelSet) {
    let others: [UInt32] = [
      0x3F80_0001, 0x3F80_1000, 0x7F80_0001, 0xFFC0_0001, 0x0000_0001, 0x8000_0001, 0x3300_0001, 0x3280_0001,
    ]
    let notHalves: [UInt32] = [
      0x4780_0000, 0x7F00_0000, 0x3280_0000, 0x0080_0000, 0x3360_0000, 0x4770_0000 | 0x1_0000 >> 4,
    ]
    for count in [1, 17, 1024, 1025, 2600] {
      for place in Set([0, count / 2, count - 1]) {
        for other in others {
          var wide = [UInt8](repeating: 0, count: 4 * count)
          for byte in 0..<4 { wide[4 * place + byte] = UInt8(truncatingIfNeeded: other >> UInt32(8 * byte)) }
          var narrow = [UInt8](repeating: 0, count: 2 * count)
          #expect(!lacuna_narrow_bfloat16(set.identifier, wide, count, &narrow), "\(other)")
          #expect(!lacuna_narrow_float16(set.identifier, wide, count, &narrow), "\(other)")
        }
        for other in notHalves {
          var wide = [UInt8](repeating: 0, count: 4 * count)
          for byte in 0..<4 { wide[4 * place + byte] = UInt8(truncatingIfNeeded: other >> UInt32(8 * byte)) }
          var narrow = [UInt8](repeating: 0, count: 2 * count)
          let isHalf = Float(Float16(Float(bitPattern: other))) == Float(bitPattern: other)
          #expect(lacuna_narrow_float16(set.identifier, wide, count, &narrow) == isHalf, "\(other)")
        }
      }
    }
  }

  @Test("Gaps give a mask back, and none that leaves it is taken")
  func gapsRoundTrip() {
    for count in counts + [255 * 3, 255 * 3 + 1, 5000] {
      for percentage in zeroPercentages {
        var generator = SeededGenerator(seed: UInt64(count + percentage))
        var mask = [UInt8](repeating: 0, count: (count + 7) / 8)
        var set = 0
        for place in 0..<count where Int.random(in: 0..<100, using: &generator) >= percentage {
          mask[place / 8] |= 1 << UInt8(place % 8)
          set += 1
        }
        var gaps = [UInt8](repeating: 0, count: count + 8)
        let written = lacuna_gaps_of_mask(mask, count, &gaps, count)
        #expect(written >= set && written <= set + count / 255)
        var restored = [UInt8](repeating: 0xFF, count: mask.count)
        #expect(lacuna_mask_of_gaps(gaps, written, count, &restored) == set)
        #expect(restored == mask)
        if written > 0 { #expect(lacuna_gaps_of_mask(mask, count, &gaps, written - 1) == -1) }
        gaps[written] = UInt8(min(254, count))
        if set > 0, count < 254 {
          #expect(lacuna_mask_of_gaps(gaps, written + 1, count, &restored) == -1)
        }
      }
    }
    var mask: [UInt8] = [0]
    #expect(lacuna_mask_of_gaps([255, 255], 2, 8, &mask) == -1)
    #expect(lacuna_mask_of_gaps([0, 0, 0], 3, 2, &mask) == -1)
  }

  @Test("Counting counts exponents and bytes")
  func countingCounts() {
    let source = bytes(4003, seed: 5)
    var counts = [UInt32](repeating: 0, count: 256)
    lacuna_count_bytes(source, source.count, &counts)
    for byte in 0..<256 { #expect(Int(counts[byte]) == source.filter { $0 == byte }.count) }
    for width in [2, 4] {
      counts = [UInt32](repeating: 0, count: 256)
      let n = source.count / width
      if width == 2 {
        lacuna_count_exponents16(source, n, &counts)
      } else {
        lacuna_count_exponents32(source, n, &counts)
      }
      var expected = [UInt32](repeating: 0, count: 256)
      for element in 0..<n {
        expected[Int(source[width * element + width - 1] << 1 | source[width * element + width - 2] >> 7)] +=
          1
      }
      #expect(counts == expected)
    }
  }
}
