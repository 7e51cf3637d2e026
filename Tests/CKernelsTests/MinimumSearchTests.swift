import CKernels
import Testing

@Suite("Search for scales and minimums")
struct MinimumSearchTests {
  /// What a set finds for groups of 32 numbers: scales, minima, inverses and the numbering minima.
  private static func found(_ set: KernelSet, _ numbers: [Float], offset: Int) -> [[UInt32]] {
    let count = numbers.count / 32
    let canary: Float = -77
    var results = (0..<4).map { _ in [Float](repeating: canary, count: count + 1) }
    let bytes = numbers.flatMap { number in
      (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> UInt32(8 * $0)) }
    }
    withBytes(bytes, offset: offset) { bytes in
      var (scales, minima, inverses, codeMinima) = (results[0], results[1], results[2], results[3])
      scales.withUnsafeMutableBufferPointer { scales in
        minima.withUnsafeMutableBufferPointer { minima in
          inverses.withUnsafeMutableBufferPointer { inverses in
            codeMinima.withUnsafeMutableBufferPointer { codeMinima in
              let fit = lacuna_minimum_fit(
                scales: scales.baseAddress,
                minima: minima.baseAddress,
                inverses: inverses.baseAddress,
                code_minima: codeMinima.baseAddress
              )
              let search = lacuna_minimum_search(top: 15, first_offset: -1, last_trial: 20)
              lacuna_search_minimum(set.identifier, bytes, count, search, fit)
            }
          }
        }
      }
      results = [scales, minima, inverses, codeMinima]
    }
    #expect(results.allSatisfy { $0[count] == canary })
    return results.map { $0.prefix(count).map(\.bitPattern) }
  }

  @Test(
    "A group's result depends neither on the set nor on the groups beside it",
    arguments: KernelSet.available
  )
  func agreement(set: KernelSet) throws {
    for count in [0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 67] {
      var generator = SeededGenerator(seed: UInt64(count))
      let kinds = EncodingTests.Kind.allCases
      let groups = (0..<count).map { kinds[($0 + count) % kinds.count].draw(&generator) }
      let all = Self.found(set, groups.flatMap(\.self), offset: count % 4)
      for (index, group) in groups.enumerated() {
        let one = Self.found(.scalar, group, offset: 0).map { $0[0] }
        try #require(all.map { $0[index] } == one, "group \(index) of \(count)")
      }
    }
  }

  @Test("Groups of one number have no scale, and their minimum is that or 0", arguments: KernelSet.available)
  func constants(set: KernelSet) {
    let numbers = [-2, 0, 3].flatMap { [Float](repeating: $0, count: 32) }
    let found = Self.found(set, numbers, offset: 1).map { $0.map { Float(bitPattern: $0) } }
    #expect(found[1] == [-2, 0, 0])
    #expect(found[0][0] == 0 && found[0][1] == 0 && found[0][2] > 0)
    #expect(found[2][0] == 0 && found[2][1] == 0 && found[2][2] > 0)
  }

  @Test("Groups of evenly spaced numbers get that spacing", arguments: KernelSet.available)
  func exact(set: KernelSet) {
    let numbers = (0..<32).map { Float($0 % 16) * 0.25 - 1 }
    let found = Self.found(set, numbers, offset: 0).map { Float(bitPattern: $0[0]) }
    #expect(found[0] == 0.25 && found[1] == -1 && found[2] == 4 && found[3] == -1)
  }

  @Test("Numbers are read up to the end and no further", arguments: KernelSet.available)
  func bounds(set: KernelSet) throws {
    let memory = try GuardedMemory()
    for count in [1, 5, 33] {
      let numbers = memory.holding([UInt8](repeating: 0x3C, count: 128 * count))
      var results = [Float](repeating: 1, count: 4 * count)
      results.withUnsafeMutableBufferPointer { results in
        guard let start = results.baseAddress else { return }
        let fit = lacuna_minimum_fit(
          scales: start,
          minima: start + count,
          inverses: start + 2 * count,
          code_minima: start + 3 * count
        )
        let search = lacuna_minimum_search(top: 31, first_offset: -0.5, last_trial: 15)
        lacuna_search_minimum(set.identifier, numbers, count, search, fit)
      }
      #expect(results[count] == 0)
    }
  }
}
