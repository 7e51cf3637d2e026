import CKernels
import Testing

@Suite("Bit sets")
struct BitSetTests {
  @Test("Population is the number of set bits", arguments: KernelSet.available)
  func populationCounts(set: KernelSet) {
    for sample in BitSample.all {
      let expected = sample.words.reduce(0) { $0 + $1.nonzeroBitCount }
      #expect(lacuna_population(set.identifier, sample.words, sample.words.count) == expected, "\(sample)")
    }
  }

  @Test(
    "Unite adds the bits to those that are there and touches nothing else",
    arguments: KernelSet.available
  )
  func uniteAdds(set: KernelSet) {
    let canary: UInt64 = 0xa5a5_a5a5_a5a5_a5a5
    for sample in BitSample.all {
      let before = BitSample(wordCount: sample.words.count, zeroPercentage: 70, seed: ~sample.seed).words
      var accumulator = before + [canary]
      lacuna_unite(set.identifier, sample.words, sample.words.count, &accumulator)
      #expect(accumulator == zip(before, sample.words).map { $0 | $1 } + [canary], "\(sample)")
    }
  }

  @Test(
    "Patterns adds the groups that have more set bits than the pattern allows",
    arguments: KernelSet.available
  )
  func patternsCount(set: KernelSet) {
    for sample in BitSample.all {
      func groups(of size: Int, over limit: Int) -> UInt64 {
        UInt64(sample.populations(groupSize: size).count { $0 > limit })
      }
      var counts = lacuna_pattern_counts(
        population: 1,
        over_1_of_2: 2,
        over_2_of_4: 3,
        over_4_of_8: 4,
        over_8_of_16: 5,
        over_1_of_4: 6,
        over_2_of_8: 7,
        occupied_4: 8
      )
      lacuna_patterns(set.identifier, sample.words, sample.words.count, &counts)
      #expect(counts.population == 1 + groups(of: 1, over: 0), "\(sample)")
      #expect(counts.over_1_of_2 == 2 + groups(of: 2, over: 1), "\(sample)")
      #expect(counts.over_2_of_4 == 3 + groups(of: 4, over: 2), "\(sample)")
      #expect(counts.over_4_of_8 == 4 + groups(of: 8, over: 4), "\(sample)")
      #expect(counts.over_8_of_16 == 5 + groups(of: 16, over: 8), "\(sample)")
      #expect(counts.over_1_of_4 == 6 + groups(of: 4, over: 1), "\(sample)")
      #expect(counts.over_2_of_8 == 7 + groups(of: 8, over: 2), "\(sample)")
      #expect(counts.occupied_4 == 8 + groups(of: 4, over: 0), "\(sample)")
    }
  }

  @Test(
    "The group histogram adds one for each group where its set bits are counted",
    arguments: KernelSet.available,
    [2, 4, 8, 16, 32]
  )
  func histogramCounts(set: KernelSet, size: Int) {
    for sample in BitSample.all {
      let canary: UInt64 = 0xa5a5_a5a5_a5a5_a5a5
      var expected = (0...size).map { UInt64($0) } + [canary]
      var histogram = expected
      for population in sample.populations(groupSize: size) {
        expected[population] += 1
      }
      lacuna_group_histogram(set.identifier, sample.words, sample.words.count, UInt32(size), &histogram)
      #expect(histogram == expected, "\(sample)")
    }
  }
}
