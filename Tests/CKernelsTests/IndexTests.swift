import CKernels
import Testing

@Suite("Indices of set bits")
struct IndexTests {
  /// A mask, and what its indices are.
  private struct Sample {
    let mask: [UInt8]
    let count: Int
    let first: UInt64
    let length: Int

    /// The numbers of the set bits as varints, byte by byte.
    var bytes: [UInt8] {
      (0..<count).filter { mask[$0 / 8] >> UInt8($0 % 8) & 1 == 1 }.flatMap { bit in
        var (bytes, rest): ([UInt8], UInt64) = ([], first + UInt64(bit))
        while rest >= 0x80 {
          bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
          rest >>= 7
        }
        return bytes + [UInt8(rest)]
      }
    }
  }

  /// Masks of every length of indices, from their first number on and up to their last.
  private static let samples: [Sample] = (1...5).flatMap { length in
    [1, 63, 64, 65, 127, 128, 1000].flatMap { count in
      [0, 5, 50, 95, 100].flatMap { percentage -> [Sample] in
        let (start, end) = (length == 1 ? 0 : UInt64(1) << (7 * (length - 1)), UInt64(1) << (7 * length))
        if UInt64(count) > end - start { return [] }
        var state = UInt64(count * 1000 + percentage * 7 + length)
        let mask = (0..<(count + 7) / 8).map { _ -> UInt8 in
          (0..<8).reduce(0) { byte, bit in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return byte | (Int(state >> 33) % 100 < percentage ? 1 << UInt8(bit) : 0)
          }
        }
        let last = (end - UInt64(count)) / 64 * 64
        return Set([start, last]).map { Sample(mask: mask, count: count, first: $0, length: length) }
      }
    }
  }

  @Test("Indices are the varints of the set bits' numbers, and are matched", arguments: KernelSet.available)
  func encoded(set: KernelSet) {
    for sample in Self.samples {
      let expected = sample.bytes
      var bytes = [UInt8](repeating: 0xA5, count: expected.count + Int(LACUNA_INDEX_SLACK) + 1)
      let count = lacuna_encode_indices(
        set.identifier,
        sample.mask,
        sample.count,
        sample.first,
        UInt32(sample.length),
        &bytes
      )
      #expect(Array(bytes.prefix(count)) == expected, "\(sample)")
      #expect(bytes.last == 0xA5, "\(sample)")
      #expect(matched(expected, sample, set) == expected.count, "\(sample)")
      // What lies behind counts for nothing, and a byte less is not enough.
      #expect(matched(expected + [1, 2, 3], sample, set) == expected.count, "\(sample)")
      if !expected.isEmpty { #expect(matched(expected.dropLast(), sample, set) == nil, "\(sample)") }
    }
  }

  @Test("No bit of the indices can be another, nor one of the mask", arguments: KernelSet.available)
  func broken(set: KernelSet) {
    for sample in Self.samples where sample.count == 127 || sample.count == 64 {
      let expected = sample.bytes
      for place in 0..<(8 * expected.count) {
        var bytes = expected
        bytes[place / 8] ^= 1 << UInt8(place % 8)
        #expect(matched(bytes, sample, set) == nil, "\(sample) bit \(place)")
      }
      for bit in 0..<sample.count {
        var mask = sample.mask
        mask[bit / 8] ^= 1 << UInt8(bit % 8)
        let other = Sample(mask: mask, count: sample.count, first: sample.first, length: sample.length)
        // An index less leaves the bytes of the last ones over.
        #expect(matched(expected, other, set) != expected.count, "\(sample) element \(bit)")
      }
    }
  }

  private func matched(_ bytes: [UInt8], _ sample: Sample, _ set: KernelSet) -> Int? {
    let count = lacuna_match_indices(
      set.identifier,
      bytes,
      bytes.count,
      sample.mask,
      sample.count,
      sample.first,
      UInt32(sample.length)
    )
    // SIZE_MAX is negative here.
    return count < 0 ? nil : count
  }
}
