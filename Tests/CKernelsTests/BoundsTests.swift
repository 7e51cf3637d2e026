import CKernels
import Testing

/// Every buffer ends at a guard page, so that a byte too far ends the test run.
@Suite("Kernels stay within their buffers")
struct BoundsTests {
  @Test(
    "Compact reads and writes up to the ends and no further",
    arguments: KernelSet.available,
    Width.allCases
  )
  func compactStaysWithin(set: KernelSet, width: Width) throws {
    let (dense, mask, values) = (try GuardedMemory(), try GuardedMemory(), try GuardedMemory())
    for sample in Sample.all(width) {
      let taken = width.compact(
        set.identifier,
        dense.holding(sample.bytes),
        sample.count,
        mask.last((sample.count + 7) / 8, of: UInt8.self),
        values.last(sample.count * width.size + slack, of: UInt8.self)
      )
      #expect(taken == sample.values.count, "\(sample)")
    }
  }

  @Test(
    "Expand reads and writes up to the ends and no further",
    arguments: KernelSet.available,
    Width.allCases
  )
  func expandStaysWithin(set: KernelSet, width: Width) throws {
    let (dense, mask, values) = (try GuardedMemory(), try GuardedMemory(), try GuardedMemory())
    for sample in Sample.all(width) {
      let packed = width.bytes(of: sample.values) + [UInt8](repeating: 0xee, count: slack)
      let taken = width.expand(
        set.identifier,
        mask.holding(sample.mask),
        values.holding(packed),
        sample.count,
        dense.last(sample.count * width.size, of: UInt8.self)
      )
      #expect(taken == sample.values.count, "\(sample)")
    }
  }

  @Test(
    "Count and scan read and write up to the ends and no further",
    arguments: KernelSet.available,
    ScanType.all
  )
  func scanStaysWithin(set: KernelSet, type: ScanType) throws {
    let (dense, stored, nonzero) = (try GuardedMemory(), try GuardedMemory(), try GuardedMemory())
    for sample in Sample.all(type.width) {
      let elements = dense.holding(sample.bytes)
      let words = (sample.count + 63) / 64
      let found = type.width.scan(
        set.identifier,
        elements,
        sample.count,
        type.value,
        stored.last(words, of: UInt64.self),
        nonzero.last(words, of: UInt64.self)
      )
      #expect(found == sample.elements.contains(where: type.isNonfinite), "\(sample)")
      #expect(type.width.count(set.identifier, elements, sample.count) == sample.values.count, "\(sample)")
    }
  }

  @Test("Kernels of bit sets read and write up to the ends and no further", arguments: KernelSet.available)
  func bitSetsStayWithin(set: KernelSet) throws {
    let (memory, united) = (try GuardedMemory(), try GuardedMemory())
    for sample in BitSample.all {
      let words = memory.holding(sample.words)
      let accumulator = united.holding(sample.words)
      let population = lacuna_population(set.identifier, words, sample.words.count)
      var counts = lacuna_pattern_counts()
      lacuna_patterns(set.identifier, words, sample.words.count, &counts)
      lacuna_unite(set.identifier, words, sample.words.count, accumulator)
      for size in [2, 4, 8, 16, 32] {
        var histogram = [UInt64](repeating: 0, count: size + 1)
        lacuna_group_histogram(set.identifier, words, sample.words.count, UInt32(size), &histogram)
        #expect(histogram.reduce(0, +) == UInt64(sample.words.count * 64 / size), "\(sample)")
      }
      #expect(counts.population == population, "\(sample)")
      #expect(lacuna_population(set.identifier, accumulator, sample.words.count) == population, "\(sample)")
    }
  }
}
